"""The command line: `armature`.

Nothing that a program other than a person's terminal needs.
Begin with commands.py: a module for each command.
"""
