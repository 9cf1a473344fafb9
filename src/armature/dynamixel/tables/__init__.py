"""Registers of the servo models: addresses, sizes, units, ratings.

No bus and no servo that exists.
Begin with control_table.py.
"""
