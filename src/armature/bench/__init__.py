"""Measures this machine: the figures of docs and README.

Nothing that other rooms import.
Begin with table.py, which names each measure.
"""
