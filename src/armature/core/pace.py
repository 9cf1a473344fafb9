"""How fast a path is followed: its own time as a function of time, and a rate that changes within limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import ruckig

from armature.core.limits import GroupLimits
from armature.core.spline import Array
from armature.core.trajectory import Trajectory

# Where rates are looked at while they change [s].
_SPACING = 0.02
# Bounds of a change where no joint moves, so that none sets one [1/s²], [1/s³].
_HARDEST = 50.0
_JERKIEST = 2_000.0
# A change that breaks a limit is tried again this much gentler, up to a duration [s] that no path needs.
_GENTLER = 1.25
_LONGEST = 30.0
# How far along the path its velocity is looked at before the change is known [s].
_OUTLOOK = 0.3
_STEADY = 1e-9
# Where a spline is looked at between its ends [share].
_SHARES = np.arange(1, 8) / 8.0
# What a change of rate may add to an acceleration or jerk that the path itself has all of.
SHARE = 0.2
# How far a rate that was rising may go beyond what is asked for, where the limits allow.
_OVERSHOOT = 1.1


@dataclass(frozen=True)
class Moment:
    """Where a path is being followed, and how fast."""

    time: float  # the path's own [s]
    rate: float  # its seconds in a second
    slope: float = 0.0  # change of the rate [1/s]


@dataclass(frozen=True, eq=False)
class Pace:
    """The path's own time from a moment on."""

    since: float  # [s]
    begin: Moment
    rate: float  # after the change
    change: ruckig.Trajectory | None = None

    @property
    def settled(self) -> float:
        """When the rate no longer changes [s]."""
        return self.since + (0.0 if self.change is None else self.change.duration)

    def at(self, now: float) -> Moment:
        """Where the path is being followed at a time [s]."""
        ahead = now - self.since
        if ahead < 0.0:
            return Moment(self.begin.time + ahead * self.begin.rate, self.begin.rate)
        if self.change is None:
            return Moment(self.begin.time + ahead * self.rate, self.rate)
        within = min(ahead, self.change.duration)
        (time,), (rate,), (slope,) = self.change.at_time(within)
        if ahead < self.change.duration:
            return Moment(time, max(rate, 0.0), slope)
        return Moment(time + (ahead - within) * self.rate, self.rate)

    def reaches(self, time: float) -> float:
        """When a time of the path is reached [s]; infinity where it never is."""
        last = self.at(self.settled)
        if time > last.time:
            return self.settled + (time - last.time) / self.rate if self.rate > _STEADY else math.inf
        if self.change is None:
            return self.since - (self.begin.time - time) / self.rate if self.rate > _STEADY else self.since
        return float(np.interp(time, *self._course))

    @cached_property
    def _course(self) -> tuple[Array, Array]:
        """The path's times while the rate changes, and when they are reached [s]; asked for knot by knot."""
        fine = np.linspace(self.since, self.settled, 2 + math.ceil((self.settled - self.since) / 1e-3))
        return np.array([self.at(now).time for now in fine]), fine

    def looks(self, begin: float, end: float) -> Array:
        """Times at which a path must be known to follow it while the rate changes [s]."""
        last = min(end, self.settled)
        if last <= begin:
            return np.array([begin, end])
        count = max(math.ceil((last - begin) / _SPACING), 4)
        return np.append(np.linspace(begin, last, count + 1), end)


def steady(now: float, rate: float) -> Pace:
    """A path followed from its beginning at a constant rate."""
    return Pace(now, Moment(0.0, rate), rate)


def changed(motion: Trajectory, begin: Moment, now: float, rate: float, limits: GroupLimits) -> Pace:
    """Come to another rate as soon as the limits of the joints allow.

    Args:
        motion: the path; quintic.
        begin: where it is being followed now.
        now: [s].
        rate: wanted; 0 is a stop on the path.
        limits: the change adds no more acceleration and jerk to a joint than these.
    """
    if abs(begin.rate - rate) < _STEADY and abs(begin.slope) < _STEADY:
        return Pace(now, Moment(begin.time, rate), rate)
    speed = _fastest(motion, np.linspace(begin.time, begin.time + _OUTLOOK * max(begin.rate, rate), 9))
    hardest = min(_HARDEST, float((limits.acceleration / speed).min()))
    jerkiest = min(_JERKIEST, float((limits.jerk / speed).min()))
    jerk_needed = _catching(motion, begin, rate, limits)
    while True:
        jerk = max(jerkiest, 1.01 * jerk_needed)
        pace = Pace(now, begin, rate, _profile(begin, rate, max(hardest, abs(begin.slope)), jerk))
        is_gentlest = jerkiest < jerk_needed or pace.settled - now > _LONGEST
        if is_gentlest or _is_within(motion, pace, jerk, limits):
            return pace
        hardest, jerkiest = hardest / _GENTLER, jerkiest / _GENTLER**2


def allowed(motion: Trajectory, time: float, rate: float, limits: GroupLimits) -> float:
    """The wanted rate, or the highest at which the rest of a path keeps its limits; 1 is always allowed."""
    if rate <= 1.0:
        return rate
    knots = motion.knots
    ahead = np.append(time, knots[knots > time])
    between = np.append((ahead[:-1, None] + np.diff(ahead)[:, None] * _SHARES).ravel(), ahead)
    _, velocity, acceleration = motion.sample_many(between)
    tiny = 1e-9
    by_velocity = (limits.velocity / np.maximum(np.abs(velocity).max(axis=0), tiny)).min()
    by_acceleration = np.sqrt(limits.acceleration / np.maximum(np.abs(acceleration).max(axis=0), tiny)).min()
    return float(min(rate, max(1.0, min(by_velocity, by_acceleration))))


def followed(motion: Trajectory, moments: list[Moment]) -> tuple[Array, Array, Array]:
    """Positions, velocities and accelerations at moments of a path, each of Shape (k, n).

    With s the path's time and r its rate: velocity = q'(s) r, acceleration = q''(s) r² + q'(s) dr/dt.
    """
    rate = np.array([[moment.rate] for moment in moments])
    slope = np.array([[moment.slope] for moment in moments])
    position, velocity, acceleration = motion.sample_many(np.array([moment.time for moment in moments]))
    return position, velocity * rate, acceleration * rate**2 + velocity * slope


def _catching(motion: Trajectory, begin: Moment, rate: float, limits: GroupLimits) -> float:
    """The jerk [1/s³] that a rate needs which is changing already.

    One that falls must be caught before it is below 0, since a path is not followed backwards; one that rises,
    before the path is followed faster than the limits of the joints allow.
    """
    if begin.slope < 0.0:
        return begin.slope**2 / (2.0 * max(begin.rate, _STEADY))
    highest = allowed(motion, begin.time, _OVERSHOOT * max(1.0, begin.rate, rate), limits)
    return min(begin.slope**2 / (2.0 * max(highest - begin.rate, _STEADY)), _JERKIEST)


def _fastest(motion: Trajectory, times: Array) -> Array:
    """Largest velocity of each joint at times of a path, never quite 0; Shape (n,)."""
    _, velocity, _ = motion.sample_many(times)
    fastest: Array = np.maximum(np.abs(velocity).max(axis=0), 1e-6)
    return fastest


def _is_within(motion: Trajectory, pace: Pace, jerk: float, limits: GroupLimits) -> bool:
    """Whether a change of rate keeps the limits.

    Where the motion itself takes nearly all of an acceleration or a jerk, or more, the change may add a
    `SHARE` of it.
    """
    looks = pace.looks(pace.since, pace.settled)[:-1]
    moments = [pace.at(now) for now in looks]
    times = np.array([moment.time for moment in moments])
    _, velocity, own = motion.sample_many(times)
    _, _, acceleration = followed(motion, moments)
    highest = max(moment.rate for moment in moments)
    most = np.maximum(limits.acceleration, np.abs(own).max(axis=0) * highest**2 + limits.acceleration * SHARE)
    own_jerk = _steepest(own, times) * highest**3
    jerkiest = np.maximum(limits.jerk, own_jerk + limits.jerk * SHARE)
    is_smooth = (_steepest(acceleration, looks) <= jerkiest * 1.01).all()
    is_smooth &= (jerk * np.abs(velocity).max(axis=0) <= limits.jerk * 1.01).all()
    return bool((np.abs(acceleration) <= most * 1.01).all() and is_smooth)


def _steepest(values: Array, times: Array) -> Array:
    """Largest slope of each column between two times, Shape (n,)."""
    steepest: Array = np.abs(np.diff(values, axis=0) / np.maximum(np.diff(times), 1e-6)[:, None]).max(axis=0)
    return steepest


def _profile(begin: Moment, rate: float, hardest: float, jerkiest: float) -> ruckig.Trajectory:
    question = ruckig.InputParameter(1)
    question.control_interface = ruckig.ControlInterface.Velocity
    question.current_position, question.current_velocity = [begin.time], [begin.rate]
    question.current_acceleration = [begin.slope]
    question.target_velocity, question.target_acceleration = [rate], [0.0]
    question.max_acceleration, question.max_jerk = [hardest], [jerkiest]
    answer = ruckig.Trajectory(1)
    ruckig.Ruckig(1).calculate(question, answer)
    return answer
