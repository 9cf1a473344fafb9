"""Servos that answer bytes: their registers, physics and faults; README.md says what is not modelled."""
