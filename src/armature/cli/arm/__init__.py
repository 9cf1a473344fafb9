"""Commands to a running graph by ROS: enable, disable, move, free, record; report of what was recorded.

Nothing that starts a process.
Begin with client.py.
"""
