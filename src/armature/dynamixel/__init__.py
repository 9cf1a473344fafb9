"""Bytes and registers of Dynamixel servos, and the loop that talks to them."""
