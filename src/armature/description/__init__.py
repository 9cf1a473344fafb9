"""What is needed to read a robot's description: the folder, the packages and the files that it names.

Files may be read here, and programs asked; no ROS, no bus. What a description means is the matter of `core.model`.
Begin with packages.py, which finds what `package://` and `$(find …)` name.
"""
