"""The wiring file: which servo turns which joint, and how.

Nothing that a servo has told.
Begin with arm.py.
"""
