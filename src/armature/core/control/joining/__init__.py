"""How joints come from where they are onto what a goal asks for, and to rest behind it.

Nothing that knows of time, or of more than one goal.
Begin with join.py.
"""
