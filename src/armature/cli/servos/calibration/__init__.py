"""What a person sees and does while an arm is calibrated: tables, a view of the arm, the test of directions.

Nothing that writes to a servo.
Begin with table.py.
"""
