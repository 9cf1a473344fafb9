"""Whole motions planned and checked before they start: moves, lines, arcs.

Nothing that reacts to what is measured; that is control/.
Begin with moves.py.
"""
