"""The process of the emulator, and its plant in Gazebo.

Nothing that a servo does.
Begin with __main__.py.
"""
