"""The bus loop, which has all the other parts, and the link to its ROS half.

No ROS, no process and no clock; nodes/bus_process/ has them.
Begin with cycle.py.
"""
