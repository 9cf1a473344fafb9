"""Stretches of a motion at its pace, in real time: what is handed over to whoever commands the servos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from armature.core.trajectory import retiming, time_scaling
from armature.core.trajectory.spline import Array
from armature.core.trajectory.time_scaling import Pace
from armature.core.trajectory.trajectory import State, Trajectory

_CLOSEST = 1e-6  # times closer than a microsecond would make degenerate splines


@dataclass(frozen=True, eq=False)
class Piece:
    """What the joints shall do from a moment on, ending at rest."""

    start: float  # [s], in the clock of whoever called
    trajectory: Trajectory  # quintic, its times beginning at 0

    def setpoint(self, now: float) -> State:
        """The state at a time [s]."""
        return self.trajectory.sample(now - self.start)


def sampled(motion: Trajectory, start: float, at: Pace, end: float) -> Piece:
    """A piece of a motion at its pace until a time [s], where it is at rest."""
    times = _looks(motion, at, start, end)
    path, rate, slope = at.many(times)
    rate[-1] = slope[-1] = 0.0
    states = time_scaling.followed(motion, (path, rate, slope))
    return Piece(start, retiming.quintic(motion.joints, times - start, states))


def real(motion: Trajectory, at: Pace, begin: float, end: float) -> Trajectory:
    """A motion between two times at its pace, in real time from 0 on."""
    times = _looks(motion, at, begin, end)
    return retiming.quintic(motion.joints, times - begin, time_scaling.followed(motion, at.many(times)))


def _looks(motion: Trajectory, at: Pace, begin: float, end: float) -> Array:
    """Times from one to another between which a motion is a spline, near enough [s]."""
    if end - begin < _CLOSEST:
        return np.array([begin])
    inside = motion.knots[(motion.knots > at.at(begin).time) & (motion.knots < at.at(end).time)]
    looks = np.sort(np.concatenate((at.looks(begin, end), at.reached(inside))))
    looks = looks[(looks > begin + _CLOSEST) & (looks < end - _CLOSEST)]
    return np.concatenate(([begin], looks[np.diff(looks, prepend=-np.inf) > _CLOSEST], [end]))
