"""Dynamixel X, and MX with the firmware "(2.0)": what the SDK's files and the manual say of them.

Nothing of another family.
Begin with family.py.
"""
