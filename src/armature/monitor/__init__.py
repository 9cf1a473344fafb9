"""The web monitor: a Flask application over a small gateway.

No ROS: it knows the robot through gateway.py only.
Begin with app.py.
"""
