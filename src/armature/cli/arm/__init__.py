"""Commands to the arm of a running graph: move, free-drive, record.

Nothing that starts a process.
Begin with move.py.
"""
