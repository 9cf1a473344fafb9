"""The ROS half's end of the link to the bus process: finds or starts it, sends requests, receives reports.

Nothing that the bus process itself imports.
Begin with connection.py.
"""
