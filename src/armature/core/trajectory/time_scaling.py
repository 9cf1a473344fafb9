"""How fast a path is followed: its own time as a function of time, and the highest rate that it bears."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np

from armature.core.arrays import Array
from armature.core.trajectory import retiming
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import Trajectory

# Where a path is sampled while its rate changes [s], and how often at least.
_SPACING, _FEWEST_SAMPLES = 0.02, 4
# Where a phase's course is known before it is refined by Newton's method [s], and how many such times at most.
_FINE, _MOST_FINE = 0.005, 400
_STEADY = 1e-9
# How often a spline is sampled: once in so many samples, and at least and at most so often.
_SAMPLES, _FEWEST, _MOST = 2_000, 8, 32
# What ways onto a path leave of the limits to changes of rate.
SHARE = 0.2


@dataclass(frozen=True)
class Moment:
    """Where a path is being followed, and how fast."""

    time: float  # the path's own [s]
    rate: float  # its seconds in a second
    slope: float = 0.0  # change of the rate [1/s]


# Many moments: times of the path [s], rates, slopes [1/s]; each of Shape (k,).
Moments = tuple[Array, Array, Array]
# When a phase of a time scaling begins [s], and its row.
Phase = tuple[float, float, float, float, float]


@dataclass(frozen=True, eq=False)
class TimeScaling:
    """The path's own time from a moment on: phases, in each of which the slope of the rate changes evenly.

    Args:
        times: when each phase begins [s], Shape (k,); the last goes on for ever at a constant rate.
        rows: at the beginning of each phase the path's time [s], the rate, its slope [1/s] and the slope's change
            [1/s²], Shape (k, 4).
    """

    times: Array
    rows: Array

    @property
    def since(self) -> float:
        """From when on it is known [s]."""
        return float(self.times[0])

    @property
    def settled(self) -> float:
        """When the rate no longer changes [s]."""
        return float(self.times[-1])

    @property
    def rate(self) -> float:
        """The rate in the end."""
        return float(self.rows[-1, 1])

    @cached_property
    def _begins(self) -> list[float]:
        # bisect is quicker in a list than numpy is in an array this small.
        return cast("list[float]", self.times.tolist())

    def at(self, now: float) -> Moment:
        """Where the path is being followed at a time [s]."""
        index = max(bisect_right(self._begins, now) - 1, 0)
        since = now - self._begins[index]
        time, rate, slope, bend = self.rows[index].tolist()
        if since < 0.0:
            return Moment(time + since * rate, rate)
        path = time + since * (rate + since * (slope / 2.0 + since * bend / 6.0))
        return Moment(path, max(rate + since * (slope + since * bend / 2.0), 0.0), slope + since * bend)

    def many(self, times: Array) -> Moments:
        """Where the path is being followed at many times [s]; before the first phase at a constant rate."""
        index = np.maximum(self.times.searchsorted(times, side="right") - 1, 0)
        since = times - self.times[index]
        time, rate, slope, bend = self.rows[index].T
        if since.min(initial=0.0) < 0.0:
            slope, bend = np.where(since < 0.0, 0.0, slope), np.where(since < 0.0, 0.0, bend)
        path = time + since * (rate + since * (slope / 2.0 + since * bend / 6.0))
        return path, np.maximum(rate + since * (slope + since * bend / 2.0), 0.0), slope + since * bend

    def reaches(self, time: float) -> float:
        """When a time of the path is reached [s]; infinity where it never is."""
        last, rate = float(self.rows[-1, 0]), self.rate
        if time == last and len(self.times) == 1:
            return self.settled
        if time <= last:
            return float(self.times_of(np.array([time]))[0])
        return self.settled + (time - last) / rate if rate > _STEADY else math.inf

    def times_of(self, times: Array) -> Array:
        """When times of the path are reached [s], infinity where they never are; Shape (k,), increasing."""
        if not len(times):
            return times
        first, last = self.rows[0], self.rows[-1]
        begin, end = times.searchsorted(first[0]), times.searchsorted(last[0], side="right")
        return np.concatenate(
            (
                self.since - _over(first[0] - times[:begin], first[1], 0.0),
                self._inside(times[begin:end]),
                self.settled + _over(times[end:] - last[0], last[1], math.inf),
            )
        )

    def _inside(self, times: Array) -> Array:
        """When times of the path are reached while its rate changes [s]: by samples, then by Newton's method."""
        fine, course = self._course
        found: Array = np.interp(times, course, fine)
        for _ in range(2):
            path, rate, _ = self.many(found)
            step = np.where(rate > 1e-3, (times - path) / np.maximum(rate, 1e-3), 0.0)
            found = found + np.minimum(np.maximum(step, -_FINE), _FINE)
        return found

    @cached_property
    def _course(self) -> tuple[Array, Array]:
        """Times until the rate is settled, and the path's then: lines between them are near enough [s]."""
        fine = np.append(self._grid(self.since, self.settled, _FINE, most=_MOST_FINE), self.settled)
        return fine, self.many(fine)[0]

    def _grid(self, begin: float, end: float, spacing: float, fewest: float = 1, most: float = math.inf) -> Array:
        """Begins of phases between two times [s], and times closer together while the rate changes.

        Args:
            begin: [s].
            end: [s].
            spacing: of these times [s].
            fewest: into how many parts they divide the changes at least, whatever the spacing.
            most: and about how many at most.
        """
        begins, ends = np.maximum(self.times[:-1], begin), np.minimum(self.times[1:], end)
        changing = np.where(self.rows[:-1, 2:].any(axis=1), np.maximum(ends - begins, 0.0), 0.0)
        total = float(changing.sum())
        if total:
            spacing = min(max(spacing, total / most), total / fewest)
        counts = np.maximum(np.ceil(changing / spacing).astype(int), ends > begins)
        number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        steps = (ends - begins) / np.maximum(counts, 1)
        grid: Array = np.repeat(begins, counts) + number * np.repeat(steps, counts)
        return grid

    def sample_times(self, begin: float, end: float) -> Array:
        """Times at which a path must be known to follow it while the rate changes [s]."""
        last = min(end, self.settled)
        if last <= begin:
            return np.array([begin, end])
        return np.concatenate(([begin], self._grid(begin, last, _SPACING, _FEWEST_SAMPLES), [last, end]))

    def from_(self, now: float) -> TimeScaling:
        """The same without the phases that are over."""
        first = max(int(self.times.searchsorted(now, side="right")) - 1, 0)
        return TimeScaling(self.times[first:], self.rows[first:])

    def delay(self, delay: float) -> TimeScaling:
        """The same, later by a delay [s]."""
        return replace(self, times=self.times + delay)

    def then(self, begin: float, phases: list[Phase]) -> TimeScaling:
        """The same up to a time [s], then other phases: when each begins, and its row."""
        kept = self.times < begin - _STEADY
        added = np.array(phases)
        return TimeScaling(np.append(self.times[kept], added[:, 0]), np.vstack((self.rows[kept], added[:, 1:])))


def _over(way: Array, rate: float, never: float) -> Array:
    return way / rate if rate > _STEADY else np.full(np.shape(way), never)


def constant(now: float, rate: float) -> TimeScaling:
    """A path followed from its beginning at a constant rate."""
    return TimeScaling(np.array([now]), np.array([[0.0, rate, 0.0, 0.0]]))


def bound_rate(motion: Trajectory, time: float, rate: float, limits: GroupLimits) -> float:
    """The wanted rate, or the highest at which the rest of a path keeps its limits; 1 is always allowed.

    Where the path takes more jerk than the limit by itself, that sets no rate; nor does a client's step, spread
    over some milliseconds.
    """
    if rate <= 1.0:
        return rate
    knots = motion.knots
    ahead = np.append(time, knots[knots > time])
    count = min(max(_SAMPLES // len(ahead), _FEWEST), _MOST)
    shares = np.append(np.arange(count) / count, 1.0 - 1e-9)
    between = (ahead[:-1, None] + np.diff(ahead)[:, None] * shares).ravel()
    _, velocity, acceleration = motion.sample_many(between)
    jerk = np.abs(motion.jerks(between))
    is_step = np.repeat(np.diff(ahead) < retiming.STEP, count + 1)[:, None]
    jerk[(jerk > limits.jerk) | (is_step & (jerk > limits.jerk / rate**3))] = 0.0
    by_velocity = _share(velocity, limits.velocity)
    by_acceleration = math.sqrt(_share(acceleration, limits.acceleration))
    by_jerk = math.pow(_share(jerk, limits.jerk), 1.0 / 3.0)
    return min(rate, max(1.0, min(by_velocity, by_acceleration, by_jerk)))


def _share(values: Array, limit: Array) -> float:
    """How many times the largest of some values fits into a limit."""
    return float((limit / np.maximum(np.abs(values).max(axis=0, initial=0.0), 1e-9)).min())


def sample(motion: Trajectory, moments: Moments) -> tuple[Array, Array, Array]:
    """Positions, velocities and accelerations at moments of a path, each of Shape (k, n).

    With s the path's time and r its rate: velocity = q'(s) r, acceleration = q''(s) r² + q'(s) dr/dt.
    """
    time, rate, slope = moments
    position, velocity, acceleration = motion.sample_many(time)
    rate, slope = rate[:, None], slope[:, None]
    return position, velocity * rate, acceleration * rate**2 + velocity * slope
