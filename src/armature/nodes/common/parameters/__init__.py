"""ROS parameters of the nodes: given on command lines and in files, read into dataclasses, declared.

Nothing of one node alone, and no other way to declare a parameter.
Begin with parameters.py.
"""
