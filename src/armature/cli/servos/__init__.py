"""Commands that speak to servos while no graph runs: check, scan, setup, calibrate.

Nothing that needs ROS.
Begin with check.py.
"""
