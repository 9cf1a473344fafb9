"""The bus loop, which has all the other parts, and the link to its ROS half.

No ROS, no process and no clock; nodes/bus_process/ has them.
Begin with loop.py: it has a cycle, of which parts.py is what it is made of.
"""
