"""The wiring file: which servo turns which joint, and how.

Nothing that is read from a servo.
Begin with arm.py.
"""
