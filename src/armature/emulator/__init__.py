"""Servos that answer bytes: their registers, physics and faults."""
