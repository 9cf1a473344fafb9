"""The bus cycle beside the wire, the stock SDK and LeRobot, and how punctual the loop is.

No graph.
Begin with cycle.py.
"""
