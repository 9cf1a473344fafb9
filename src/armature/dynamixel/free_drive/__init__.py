"""Joints that are guided by hand while the others hold.

Nothing of other motions.
Begin with free_drive.py.
"""
