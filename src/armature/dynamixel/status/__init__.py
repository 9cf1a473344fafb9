"""The words in which an arm tells how it is: causes, modes, faults, steps and remedies.

No rule of when a fault is found or ends; that is faults/. Nothing of the project is imported.
Begin with cause.py.
"""
