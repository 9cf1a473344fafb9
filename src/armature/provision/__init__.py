"""Prepares a bare machine to run Armature.

Standard library only: it runs before anything is installed.
Begin with plan.py.
"""
