"""The process that serves the page: the gateway between ROS and the web.

No route and no socket; that is armature.monitor.
Begin with node.py.
"""
