"""The web monitor: a Flask application over a small gateway.

No ROS; whatever it knows of the robot comes through gateway.py.
Begin with app.py.
"""
