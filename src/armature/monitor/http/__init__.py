"""Connections, requests and threads of the HTTP server.

Nothing of the robot.
Begin with server.py.
"""
