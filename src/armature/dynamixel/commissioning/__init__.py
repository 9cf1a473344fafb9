"""New servos and arms before they run: inspected, set up and calibrated.

Nothing that turns torque on.
Begin with commissioning.py.
"""
