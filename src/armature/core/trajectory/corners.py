"""Straight lines between points in time, with their corners blended within limits of acceleration and jerk.

A corner, where the velocity changes by d, becomes an acceleration d · k(t) around it. The kernel k is symmetric:
it rises evenly for a ramp r, stays, and falls, in a time T in all; its integral is 1. So the lines are left from
T / 2 before the corner to T / 2 after it, by T / 8 · |d| at most, and nothing goes beyond the points. Corners so
close that their blends overlap add up; with points every h and T = 2 h that is the cubic B-spline of the points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from armature.core.arrays import Array
from armature.core.trajectory import retiming
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.ruckig_motion import settle_near
from armature.core.trajectory.trajectory import Trajectory

Indices = npt.NDArray[np.intp]

# How far blends that overlap may leave the lines.
_NEAR = {"rad": 0.005, "m": 0.0005}
_SHORTEST = 0.005  # ramp of an acceleration [s]: less is nothing to a servo
_SAME = 1e-9  # a smaller change of velocity is no corner [rad/s] or [m/s]
_BRIEF = 1e-3  # a jerk that lasts for less is looked at over this time [s]
_CLOSEST = 2e-5  # knots that are closer are one: rounding would add more than that does [s]
_FINEST = 0.002  # where there are very many knots, they need not be closer [s]
_DENSE, _DENSEST = 0.06, 0.025  # points that are so near are dense; they need not be so near [s]
# Blends that together take more than the limits are made so many times as long, so often.
_LONGER, _MOST = 1.3, 24
_FULL = 1.0 + 1e-3  # of a limit, with what knots that are one add
_GOES_ON = 10.0  # for which lines that end among their corners go on [s]
_ROUNDS, _SETTLED = 60, 1e-7  # in which corners at rest find their times, and how near [s]


def blend_corners(lines: Trajectory, limits: GroupLimits, *, from_rest: bool) -> Trajectory | None:
    """Lines followed within limits of acceleration and jerk, to rest at the last point.

    Args:
        lines: two points of positions alone, or more. The first line goes on before its first point, unless it
            is left from rest there. The last point is reached half a blend after its time; in its time, where
            there is but one line, from rest.
        limits: of its joints; positions and velocities are not looked at.
        from_rest: whether the joints rest at the first point.

    Returns:
        The motion, quintic; None where the lines leave no room for their corners.
    """
    near = np.array([_NEAR[unit] for unit in limits.units])
    lines = _thin(lines, near)
    times = _rest_corners(lines.times, lines.positions, limits) if from_rest else lines.times
    if times is None:
        return None
    bent = _Bent.of(times, lines.positions, lines.times[[0, -1]], from_rest=from_rest)
    ramp, length, is_dense = bent.blends(limits)
    if len(times) > 2 and length[-1] + length[-2] > 2.0 * (times[-1] - times[-2]):
        return _end_among_points(lines, limits, from_rest=from_rest)
    for _ in range(_MOST):
        course = bent.course(ramp, length)
        if (from_rest and bent.is_early(length)) or (np.abs(course.off[course.count > 1]) > near).any():
            return None
        beyond = course.beyond(limits)
        if not beyond.any():
            return course.trajectory(lines.joints)
        widened = bent.around(beyond, course.times, length)
        if is_dense[widened].any():  # they share evenly
            widened |= is_dense
        length = np.where(widened, length * _LONGER, length)
        ramp = np.where(widened, length / 2.0, ramp)
    return None


def _thin(lines: Trajectory, near: Array) -> Trajectory:
    """Lines without most of their points, where those are very dense and near the lines between the others."""
    spacing = float(np.diff(lines.times).mean())
    if spacing >= _DENSEST:
        return lines
    kept = np.append(np.arange(0, len(lines.times) - 1, math.ceil(_DENSEST / spacing)), len(lines.times) - 1)
    fewer = Trajectory(lines.joints, lines.times[kept], lines.positions[kept])
    off = np.abs(fewer.sample_many(lines.times)[0] - lines.positions)
    return fewer if (off <= near / 2.0).all() else lines


def _end_among_points(lines: Trajectory, limits: GroupLimits, *, from_rest: bool) -> Trajectory | None:
    """Lines that end among corners: they go on as they end, and are left for the last point."""
    end, last = lines.duration, lines.positions[-1]
    velocity = (last - lines.positions[-2]) / (end - lines.times[-2])
    position = np.vstack((lines.positions, last + velocity * _GOES_ON))
    longer = Trajectory(lines.joints, np.append(lines.times, end + _GOES_ON), position)
    course = blend_corners(longer, limits, from_rest=from_rest)
    return None if course is None else settle_near(course, end, last, limits)


def _rest_corners(times: Array, positions: Array, limits: GroupLimits) -> Array | None:
    """Times of the corners where the first line is left from rest in time; a lone line is ended in time too."""
    found = times.astype(float)
    is_lone = len(times) == 2
    for _ in range(_ROUNDS):
        line = float(found[1] - found[0])
        if line <= 0.0:
            return None
        _, length = _blends((positions[1:2] - positions[:1]) / line, limits)
        half = float(length[0]) / 2.0
        begin, end = times[0] + half, times[1] - (half if is_lone else 0.0)
        is_settled = max(abs(begin - found[0]), abs(end - found[1])) <= _SETTLED
        found[0], found[1] = begin, end
        if is_settled:
            return found if end > begin else None
    return None


def _blends(changes: Array, limits: GroupLimits) -> tuple[Array, Array]:
    """Ramps and lengths [s] of the shortest blends for changes of velocity of Shape (m, n)."""
    sizes = np.abs(changes)
    ramp = np.minimum(limits.acceleration / limits.jerk, np.sqrt(sizes / limits.jerk)).max(axis=1)
    ramp = np.maximum(ramp, _SHORTEST)
    rest = np.maximum(sizes / limits.acceleration, sizes / (ramp[:, None] * limits.jerk)).max(axis=1)
    return ramp, ramp + np.maximum(rest, ramp)


@dataclass(frozen=True, eq=False)
class _Course:
    """Lines with blended corners at the knots between which the jerk is constant; rows of Shape (k, n)."""

    times: Array  # [s], Shape (k,)
    position: Array  # [rad] or [m]
    velocity: Array
    acceleration: Array
    off: Array  # from the lines, where those do not begin and end [rad] or [m]
    count: Indices  # of the blends that go on, Shape (k,)

    def beyond(self, limits: GroupLimits) -> npt.NDArray[np.bool_]:
        """Knots at which an acceleration, or before or behind which a jerk is beyond its limit, Shape (k,)."""
        change = np.abs(np.diff(self.acceleration, axis=0))
        is_beyond = np.abs(self.acceleration) > limits.acceleration * _FULL
        is_sharp = change > limits.jerk * np.maximum(np.diff(self.times), _BRIEF)[:, None] * _FULL
        is_beyond[1:] |= is_sharp
        is_beyond[:-1] |= is_sharp
        found: npt.NDArray[np.bool_] = np.any(is_beyond, axis=1)
        return found

    def trajectory(self, joints: tuple[str, ...]) -> Trajectory:
        """It as a motion; with fewer knots, where there are so many that they are too much for segments."""
        kept = np.arange(len(self.times))
        if np.diff(self.times).mean() < _FINEST:
            cells = np.floor(self.times / _FINEST)
            kept = np.flatnonzero(np.append(True, np.diff(cells) > 0.0))
            kept[-1:] = len(self.times) - 1
        rows = self.position[kept], self.velocity[kept], self.acceleration[kept]
        return retiming.quintic(joints, self.times[kept], rows)


@dataclass(frozen=True, eq=False)
class _Bent:
    """Lines and their corners: the last point always is one, the first where they begin at rest there."""

    span: Array  # from when until when at least they are followed [s], Shape (2,)
    times: Array  # of the corners [s], Shape (m,)
    positions: Array  # of the corners [rad] or [m], Shape (m, n)
    velocities: Array  # of the lines before each corner, and behind the last, Shape (m + 1, n)
    changes: Array  # of the velocity at the corners, Shape (m, n)

    @staticmethod
    def of(times: Array, positions: Array, span: Array, *, from_rest: bool) -> _Bent:
        between = np.diff(positions, axis=0) / np.diff(times)[:, None]
        still = np.zeros_like(between[:1])
        velocities = np.concatenate((still if from_rest else between[:1], between, still))
        return _Bent(np.minimum(span, [0.0, np.inf]), times, positions, velocities, np.diff(velocities, axis=0))

    def blends(self, limits: GroupLimits) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
        """Ramps and lengths [s] of the blends to begin with, and which are of dense points, Shape (m,)."""
        ramp, length = _blends(self.changes, limits)
        spacing = np.diff(self.times)
        around = np.maximum(np.append(spacing[:1], spacing), np.append(spacing, spacing[-1:]))
        # Where points are dense, corners share with their neighbours what they take.
        is_dense = (np.abs(self.changes) <= limits.acceleration * around[:, None]).all(axis=1)
        is_dense &= (length > 2.0 * around) | (around <= _DENSE)
        is_dense[[0, -1]] = False
        length = np.where(is_dense, np.maximum(2.0 * around, 2.0 * _SHORTEST), length)
        return np.where(is_dense, length / 2.0, ramp), length, is_dense

    def is_early(self, length: Array) -> bool:
        """Whether a blend would have begun before the lines do."""
        return bool((self.times - length / 2.0 < self.span[0] - _CLOSEST).any())

    def course(self, ramp: Array, length: Array) -> _Course:
        """The lines with corners blended over such ramps and lengths [s], Shape (m,)."""
        bends = np.flatnonzero((np.abs(self.changes) > _SAME).any(axis=1))
        at, half, slope = self.times[bends], length[bends] / 2.0, ramp[bends]
        times = self._knots(at, half, slope)
        index = self.times.searchsorted(times, side="right")
        before = np.maximum(index - 1, 0)
        velocity = self.velocities[index]
        position = self.positions[before] + velocity * (times - self.times[before])[:, None]
        blend, knot = _pairs(times.searchsorted(at - half, "right"), times.searchsorted(at + half, "left"))
        added = _kernel(times[knot] - at[blend], half[blend], slope[blend])
        changes = self.changes[bends][blend]
        is_inner = ((bends > 0) & (bends < len(self.times) - 1))[blend]
        sums = np.zeros((4, *position.shape))
        for total, weight in zip(sums, (*added, added[0] * is_inner), strict=True):
            np.add.at(total, knot, weight[:, None] * changes)
        velocity, acceleration = velocity + sums[1], sums[2]
        velocity[-1] = acceleration[-1] = 0.0
        if not self.velocities[0].any():  # it is left from rest
            velocity[0] = acceleration[0] = 0.0
        count = np.bincount(knot, minlength=len(times))
        return _Course(times, position + sums[0], velocity, acceleration, sums[3], count)

    def _knots(self, at: Array, half: Array, slope: Array) -> Array:
        """Times at which the jerk steps, from the beginning, which is no later than time 0, to rest [s]."""
        edges = (at - half, at - half + slope, at + half - slope, at + half)
        steps = np.unique(np.maximum(np.concatenate((*edges, self.times, self.span)), self.span[0]))
        kept: Array = steps[np.append(True, np.diff(steps) > _CLOSEST)]
        return kept

    def around(self, beyond: npt.NDArray[np.bool_], times: Array, length: Array) -> npt.NDArray[np.bool_]:
        """Which corners have knots in their blends that are beyond a limit, Shape (m,)."""
        passed = np.append(0, np.cumsum(beyond))
        first = times.searchsorted(self.times - length / 2.0 - _CLOSEST)
        last = times.searchsorted(self.times + length / 2.0 + _CLOSEST, side="right")
        found: npt.NDArray[np.bool_] = passed[last] > passed[first]
        return found


def _pairs(first: Indices, last: Indices) -> tuple[Indices, Indices]:
    """Each blend with each of its knots, of which it has those from a first to a last, which is excluded."""
    counts = np.maximum(last - first, 0)
    blend = np.repeat(np.arange(len(counts)), counts)
    knot = np.arange(counts.sum()) + np.repeat(first - np.cumsum(counts) + counts, counts)
    return blend, knot


def _kernel(since: Array, half: Array, ramp: Array) -> tuple[Array, Array, Array]:
    """What a blend adds to the lines for a change of velocity of 1: position, velocity, acceleration.

    Args:
        since: the corner, less than half a blend before or behind it [s], Shape (k,).
        half: of the blends' lengths [s], Shape (k,).
        ramp: [s], Shape (k,).
    """
    inside = half - np.abs(since)  # the blend's nearer end
    rising, level = np.minimum(inside, ramp), np.maximum(inside - ramp, 0.0)
    whole = ramp * (2.0 * half - ramp)
    off = (rising**3 / 6.0 + level * rising**2 / 2.0 + rising * level**2 / 2.0) / whole
    speed = (rising**2 / 2.0 + rising * level) / whole
    return off, np.where(since < 0.0, speed, -speed), rising / whole
