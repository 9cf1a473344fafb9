"""The processes of the graph, one package each; common/ is what they share.

No rule of the arm's own: parameters become objects, and callbacks are a few lines.
Begin with common/topics.py, then any __main__.py.
"""
