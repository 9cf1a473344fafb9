"""The rules of an arm as mathematics: its model, trajectories, control, kinematics and planning.

Nothing that waits, reads a clock, opens a file or a port, or knows ROS.
Begin with trajectory/trajectory.py, then control/group.py.
"""
