"""What is recorded and when: the last seconds, a session, what is wanted.

No file format; that is bag/.
Begin with recorder.py.
"""
