"""Packets, the port, and requests with their answers: Dynamixel Protocol 2.0.

No register, and nothing of an arm.
Begin with base.py, what the loop asks of a bus.
"""
