"""Faults of joints: how they are detected, the reactions to them, and the recovery.

No request of a client; that is loop/.
Begin with policy.py, then faults.py.
"""
