"""The servos of an arm as they are read and written: states, torque, watchdog, preparation.

No judgement of faults; that is faults/.
Begin with servos.py, then axis.py.
"""
