"""Servo families: each model's registers by role, with addresses, sizes, units and ratings.

No bus and no servo that exists, and no name of a register outside a family's package.
Begin with roles.py; registry.py lists the families, one package each.
"""
