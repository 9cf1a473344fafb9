"""Servos that answer bytes: firmware, motors, physics, and faults on purpose.

No ROS, and nothing that the host side knows but tables, packets and wiring.
Begin with bus/bus.py.
"""
