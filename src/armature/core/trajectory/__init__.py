"""Joint trajectories over time, and what is made of them: stops, cuts, other speeds.

Nothing that knows where the arm is, or what a client has asked for.
Begin with trajectory.py.
"""
