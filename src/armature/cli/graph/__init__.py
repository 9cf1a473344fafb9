"""Commands that start, end and look at the graph.

Nothing that speaks to a servo.
Begin with up.py.
"""
