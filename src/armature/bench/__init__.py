"""Measures this machine: the figures of the README's table."""
