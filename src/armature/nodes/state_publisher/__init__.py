"""The process that publishes the robot's description and its frames.

No kinematics of its own.
Begin with node.py.
"""
