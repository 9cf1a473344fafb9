"""Faults by name, which can be injected and taken away while the emulator runs.

Nothing that a servo does by itself.
Begin with fault.py, then catalogue.py.
"""
