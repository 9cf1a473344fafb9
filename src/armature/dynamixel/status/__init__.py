"""The vocabulary of an arm's state: causes, modes, faults, steps and remedies.

No rule of when a fault is found or ends, which is in faults/, and nothing of the project but roles and commands.
Begin with cause.py.
"""
