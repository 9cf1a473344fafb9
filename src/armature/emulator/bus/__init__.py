"""The wire, who answers on it, and its far end as a serial device.

Nothing of what a servo does with a register.
Begin with bus.py.
"""
