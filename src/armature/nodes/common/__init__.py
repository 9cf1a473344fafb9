"""What the processes share: topics, parameters, conversions, how a node runs.

Nothing of one process alone.
Begin with topics.py.
"""
