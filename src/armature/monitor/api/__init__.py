"""The routes, and who may use them.

No socket and no thread.
Begin with commands.py.
"""
