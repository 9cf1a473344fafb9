"""Set-points of the joints over time, and how goals are derived from them.

Nothing that reads or writes a servo.
Begin with setpoints.py.
"""
