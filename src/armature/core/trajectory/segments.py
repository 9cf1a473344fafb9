"""Set-point segments: stretches of a motion in real time, for the process that commands the servos."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, NewType, TypeVar

import numpy as np

from armature.core.arrays import Array
from armature.core.trajectory import retiming, time_scaling
from armature.core.trajectory.time_scaling import TimeScaling
from armature.core.trajectory.trajectory import State, Trajectory

RosTime = NewType("RosTime", float)
"""Seconds of the clock that stamps messages, on which the controllers live."""
LoopTime = NewType("LoopTime", float)
"""Seconds of the monotonic clock on which the bus loop lives."""

Clock = TypeVar("Clock", bound=float, covariant=True)
Other = TypeVar("Other", bound=float)

_CLOSEST = 1e-6  # times closer than a microsecond would make degenerate splines
# Where a segment would have more of the path's knots than these, it has one in so long [s]: between exact states
# splines are near enough.
_MANY, _DENSE = 60, 0.01
_STILL = 1e-6  # a segment whose joints go and are as slow stands [rad] or [m], [rad/s] or [m/s]


@dataclass(frozen=True, eq=False)
class Segment(Generic[Clock]):
    """What some joints shall do from a moment on, ending at rest: the controller sends it, the loop follows it."""

    serial: int  # counts up over all writers; 0 until it is sent
    session: str  # of enabling, which it belongs to
    begin: Clock  # [s]
    trajectory: Trajectory  # its times count from there
    loads: Array | None = None  # of the joints at its points [N·m] or [N], NaN where not known, Shape (m, n)
    effort_limits: Mapping[str, float] = field(default_factory=dict)  # of grippers' joints [N·m] or [N]; 0: none
    backs_off: bool = False  # whether set-points go back to joints that do not follow: the loop's own, never sent

    def begin_at(self, begin: Other) -> Segment[Other]:
        """The same segment from a time [s] on, which may be another clock's."""
        return Segment(
            self.serial, self.session, begin, self.trajectory, self.loads, self.effort_limits, self.backs_off
        )

    @property
    def end(self) -> float:
        """When it has come to rest [s]."""
        return self.begin + self.trajectory.duration

    @cached_property
    def moves(self) -> bool:
        """Whether it goes anywhere: a goal that waits for its stamp is commanded by segments that stand."""
        motion = self.trajectory
        rows = [motion.positions, *([] if motion.start is None else [motion.start.position])]
        places = np.vstack(rows)
        fastest = 0.0 if motion.velocities is None else float(np.abs(motion.velocities).max())
        return max(float(np.ptp(places, axis=0).max()), fastest) > _STILL

    def setpoint(self, now: float) -> State:
        """The state at a time [s]."""
        return self.trajectory.sample(now - self.begin)

    def loads_at(self, now: float) -> Array:
        """Loads of the joints at a time [N·m] or [N], NaN where they are not known, Shape (n,)."""
        if self.loads is None:
            return np.full(len(self.trajectory.joints), np.nan)
        times, at = self.trajectory.times, now - self.begin
        after = min(max(int(times.searchsorted(at)), 1), len(times) - 1)
        before = max(after - 1, 0)
        length = float(times[after] - times[before])
        share = min(max((at - float(times[before])) / length, 0.0), 1.0) if length > 0.0 else 0.0
        loads: Array = (1.0 - share) * self.loads[before] + share * self.loads[after]
        return loads


@dataclass(frozen=True, eq=False)
class ScaledMotion:
    """A motion and how fast it is followed: what the joints do over real time."""

    motion: Trajectory
    scaling: TimeScaling

    @cached_property
    def end(self) -> float:
        """When it comes to rest [s]."""
        reached = self.scaling.reaches(self.motion.duration)
        return min(reached, self.scaling.settled) if self.scaling.rate == 0.0 else reached

    @property
    def is_over(self) -> bool:
        """Whether it ends at its last point, and not before it."""
        return self.scaling.reaches(self.motion.duration) < math.inf

    @cached_property
    def reach(self) -> float:
        """The time of the path at which it comes to rest [s]."""
        return min(self.scaling.at(self.end).time, self.motion.duration)

    def setpoint(self, now: float) -> State:
        """The state at a time [s]."""
        position, velocity, acceleration = time_scaling.sample(self.motion, self.scaling.many(np.array([now])))
        return State(position[0], velocity[0], acceleration[0])

    def scaled(self, scaling: TimeScaling) -> ScaledMotion:
        """The same motion, followed otherwise."""
        return ScaledMotion(self.motion, scaling)

    def segment(self, begin: float, end: float) -> Segment[RosTime]:
        """What is done from a time to another [s], where it is at rest."""
        times = self._knots(begin, end, is_thinned=True)
        path, rate, slope = self.scaling.many(times)
        rate[-1] = slope[-1] = 0.0
        states = time_scaling.sample(self.motion, (path, rate, slope))
        return Segment(0, "", RosTime(begin), retiming.quintic(self.motion.joints, times - begin, states))

    def cut(self, begin: float, end: float) -> Trajectory:
        """What is done between two times [s], in real time from 0 on."""
        times = self._knots(begin, end)
        states = time_scaling.sample(self.motion, self.scaling.many(times))
        return retiming.quintic(self.motion.joints, times - begin, states)

    def _knots(self, begin: float, end: float, *, is_thinned: bool = False) -> Array:
        """Times from one to another between which it is a spline, near enough [s]."""
        if end - begin < _CLOSEST:
            return np.array([begin])
        knots, scaling = self.motion.knots, self.scaling
        inside = knots[(knots > scaling.at(begin).time) & (knots < scaling.at(end).time)]
        if is_thinned and len(inside) > _MANY:
            inside = inside[np.diff(np.floor(inside / _DENSE), prepend=-1.0) != 0.0]
        samples = np.sort(np.concatenate((scaling.sample_times(begin, end), scaling.times_of(inside))))
        samples = samples[(samples > begin + _CLOSEST) & (samples < end - _CLOSEST)]
        return np.concatenate(([begin], samples[np.diff(samples, prepend=-np.inf) > _CLOSEST], [end]))
