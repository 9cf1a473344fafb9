"""Measures this machine: the figures of docs/measured.md.

Nothing that other rooms import.
Begin with table.py, which names each measure.
"""
