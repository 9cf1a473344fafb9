"""Bytes, registers and faults of Dynamixel servos, and the loop that talks to them.

No ROS, no thread, no clock; time comes in, and the port alone waits.
Begin with loop/loop.py for what can be asked, loop/cycle.py for what goes on by itself, status/ for the words.
"""
