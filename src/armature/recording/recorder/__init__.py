"""When messages are recorded: the last seconds, a session, the marker of an active recording.

No file format; that is bag/.
Begin with recorder.py.
"""
