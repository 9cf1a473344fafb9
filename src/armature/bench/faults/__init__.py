"""The fault matrix: causes, contacts and pairs of faults on virtual time.

No clock of the machine.
Begin with matrix.py.
"""
