"""The process that owns the serial port: the bus loop on monotonic time.

No rclpy.
Begin with process.py.
"""
