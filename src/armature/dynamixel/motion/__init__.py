"""What the joints are asked to do over time: set-points, and what becomes of them before they are goals.

Nothing that reads or writes a servo.
Begin with setpoints.py.
"""
