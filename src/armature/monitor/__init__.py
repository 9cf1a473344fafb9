"""The web monitor: a Flask application over a small gateway."""
