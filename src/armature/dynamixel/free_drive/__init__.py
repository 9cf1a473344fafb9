"""Joints that a hand guides while the others hold.

Nothing of other motions.
Begin with free_drive.py.
"""
