"""Armature: a robot arm of Dynamixel servos as a graph of small ROS 2 services."""

__version__ = "0.1.0"
