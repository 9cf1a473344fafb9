"""The vocabulary of an arm's state: causes, modes, faults, steps and remedies.

No rule of when a fault is found or ends; that is faults/. Nothing of the project is imported.
Begin with cause.py.
"""
