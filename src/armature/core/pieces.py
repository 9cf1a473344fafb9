"""Stretches of a motion at its pace, in real time: what is handed over to whoever commands the servos."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from armature.core import pace, retiming
from armature.core.pace import Moment, Pace
from armature.core.trajectory import State, Trajectory

_CLOSEST = 1e-6  # times closer than a microsecond would make degenerate splines


@dataclass(frozen=True, eq=False)
class Piece:
    """What the joints shall do from a moment on, ending at rest."""

    start: float  # [s], in the clock of whoever called
    trajectory: Trajectory  # quintic, its times beginning at 0

    def setpoint(self, now: float) -> State:
        """The state at a time [s]."""
        return self.trajectory.sample(now - self.start)


def sampled(motion: Trajectory, start: float, parts: list[tuple[Pace, float]]) -> Piece:
    """A piece of a motion at one pace until a time [s], then at the next, ending at rest."""
    times, moments = _looked_at(motion, parts, start)
    moments[-1] = replace(moments[-1], rate=0.0, slope=0.0)
    states = pace.followed(motion, moments)
    return Piece(start, retiming.quintic(motion.joints, np.array(times) - start, states))


def real(motion: Trajectory, at: Pace, begin: float, end: float) -> Trajectory:
    """A motion between two times at its pace, in real time from 0 on."""
    times, moments = _looked_at(motion, [(at, end)], begin)
    return retiming.quintic(motion.joints, np.array(times) - begin, pace.followed(motion, moments))


def _looked_at(
    motion: Trajectory, parts: list[tuple[Pace, float]], begin: float
) -> tuple[list[float], list[Moment]]:
    """Times from one on between which a motion is a spline, near enough [s], and where on its path it is."""
    times: list[float] = []
    moments: list[Moment] = []
    for part, end in parts:
        for now in _looks(motion, part, begin, end):
            if not times or now - times[-1] > _CLOSEST:
                times.append(now)
                moments.append(part.at(now))
        begin = end
    return times, moments


def _looks(motion: Trajectory, at: Pace, begin: float, end: float) -> list[float]:
    first, last = at.at(begin).time, at.at(end).time
    inside = motion.knots[(motion.knots > first) & (motion.knots < last)]
    looks = [*at.looks(begin, end), *(at.reaches(float(knot)) for knot in inside)]
    return sorted(time for time in looks if begin <= time <= end)
