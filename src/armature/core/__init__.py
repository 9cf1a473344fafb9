"""Pure rules of the arm: no ROS, port, clock, thread or file (see README.md)."""
