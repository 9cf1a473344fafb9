"""What can be wrong with a joint, how that is noticed, what is done about it, and the way back.

No request of a client; that is loop/.
Begin with policy.py, then faults.py.
"""
