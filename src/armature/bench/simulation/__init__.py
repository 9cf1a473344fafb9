"""An arm with its emulator in one process, on virtual time.

No figure of its own.
Begin with virtual.py.
"""
