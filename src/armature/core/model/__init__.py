"""The arm as its files describe it: joints, poses, numbers with units.

Nothing that moves, and no file: text comes in.
Begin with arm.py.
"""
