"""Commands to a running graph: enable, disable, move, gripper, stop, free, record; report of what was recorded.

Nothing that starts a process, and no client of its own: that is armature.client.
Begin with services.py: the commands that are one request.
"""
