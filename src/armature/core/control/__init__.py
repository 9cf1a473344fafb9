"""Goals, jogs and stops of a group of joints: a controller without ROS.

Nothing of the arm's shape; that is kinematics/ and planning/.
Begin with group_state.py, then group.py (what it may be asked) and tracker.py.
"""
