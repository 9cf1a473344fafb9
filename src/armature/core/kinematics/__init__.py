"""What follows from the arm's shape: frames, torques, collisions, joints that bring the tool to a pose.

No plans over time but the twist that a tool follows.
Begin with mechanics.py, the arm in MuJoCo.
"""
