"""What the servos turn: plants, their power supply, and worlds for Gazebo.

Nothing of registers.
Begin with plant.py.
"""
