"""Measures this machine: the figures of docs and README.

Nothing that other rooms import.
Begin with figure.py, then any module of a sub-package: each has a measure().
"""
