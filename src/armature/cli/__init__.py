"""The command line: `armature`.

Nothing that a program other than a person's terminal needs.
Begin with main.py.
"""
