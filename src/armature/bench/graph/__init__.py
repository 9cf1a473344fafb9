"""The whole graph at work: latency, processor time, memory, STOP beside a crowd.

Nothing on virtual time.
Begin with usage.py.
"""
