"""New servos and arms before they run: what is looked at, set up and calibrated.

Nothing that turns torque on.
Begin with commissioning.py.
"""
