"""The ROS half of the servo interface: the graph's door to the servos.

Nothing that speaks to a servo; its bus process does.
Begin with node.py.
"""
