"""What a person sees and does while an arm is calibrated: tables, the page with its 3D view, the tests by hand.

Nothing that writes to a servo.
Begin with table.py.
"""
