"""One servo: its registers, firmware, control law, motor and heat.

Nothing of other servos or of the wire.
Begin with servo.py.
"""
