"""The process that records.

No file format; that is armature.recording.
Begin with node.py.
"""
