"""Bags as files: written, recovered, read.

Nothing of what is worth recording.
Begin with bag.py.
"""
