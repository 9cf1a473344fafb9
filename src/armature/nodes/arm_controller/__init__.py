"""The controllers of arm and gripper as nodes: goals, jogs, twists, moves.

Nothing that holds without ROS; that is core/control/.
Begin with group_node.py.
"""
