"""Commands that change what a running graph knows of its arm: what the tool carries, and named poses.

Nothing that moves the arm.
Begin with payload.py.
"""
