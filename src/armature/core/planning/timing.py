"""The quickest way along a path within the velocity, acceleration and jerk limits of the joints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import ruckig

from armature.core.arrays import Array
from armature.core.steps import Steps
from armature.core.trajectory import retiming
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import GoalRefused

_SAMPLES = 60  # along a section
_SPACING = 0.02  # of the points of a motion [s]
_CLOSEST = 1e-3  # two points of it [s]
# Of acceleration and jerk, what the bends of a section may take at full speed.
_FOR_BENDS = 0.6
# What is measured between the points of a motion may exceed a limit by so much [share].
_SLACK = 1.02
_TINY = 1e-9
_HALVINGS = 40


@dataclass(frozen=True)
class _Section:
    """A part of a path, and bounds of the speed along it that keep every joint within its limits."""

    begin: float  # along the path
    length: float
    speed: float  # [1/s] of the path's unit
    acceleration: float
    jerk: float


def time_path(path: Trajectory, limits: GroupLimits, knots: Sequence[float]) -> Steps[Trajectory]:
    """Follow a path from rest to rest.

    In each section the speed is ruckig's quickest profile between bounds that hold all over that section. So
    straight ways are as quick as they can be; in a bend, its tightest place sets the speed.

    Args:
        path: of the joints over its length.
        limits: of the joints.
        knots: along the path, where one section ends and the next begins, from 0 to its end.

    Returns:
        The motion, quintic.

    Raises:
        GoalRefused: the path cannot be timed.
    """
    sections = []
    for begin, end in pairwise(knots):
        sections.append(_section(path, limits, begin, end))
        yield
    if not any(math.isfinite(section.speed) for section in sections):
        return retiming.quintic(limits.joints, np.array([0.0, _SPACING]), _still(path))
    motion = yield from _motion(path, limits, sections)
    # Where the bends did not need all that was left for them, the whole can be quicker.
    excess = _excess(motion, limits)
    return _scale(motion, excess if excess > _SLACK else min(excess * _SLACK, 1.0))


def stretch_to(motion: Trajectory, min_duration: float) -> Trajectory:
    """A quintic motion, slowed down so far that it takes a time [s] at least."""
    return _scale(motion, max(min_duration / motion.duration, 1.0))


def _scale(motion: Trajectory, factor: float) -> Trajectory:
    """A quintic motion that takes so many times as long."""
    position, velocity, acceleration = motion.points
    states = (position, velocity / factor, acceleration / factor**2)
    return retiming.quintic(motion.joints, motion.times * factor, states)


def _section(path: Trajectory, limits: GroupLimits, begin: float, end: float) -> _Section:
    at = np.linspace(begin + _TINY, end - _TINY, _SAMPLES)
    _, first, second = path.sample_many(at)
    third = np.diff(second, axis=0) / np.diff(at)[:, None]
    bends = _bound(limits.acceleration * _FOR_BENDS, second)
    jolts = _bound(limits.jerk * _FOR_BENDS, third)
    speed = min(_bound(limits.velocity, first), math.sqrt(bends), jolts ** (1.0 / 3.0))
    share = 1.0 - _FOR_BENDS * min(1.0, max(speed**2 / bends, speed**3 / jolts))
    acceleration, jerk = _bound(limits.acceleration, first) * share, _bound(limits.jerk, first) * share
    return _Section(begin, end - begin, speed, acceleration, jerk)


def _bound(limit: Array, derivative: Array) -> float:
    largest = np.abs(derivative).max(axis=0)
    return float((limit[largest > _TINY] / largest[largest > _TINY]).min(initial=math.inf))


def _motion(path: Trajectory, limits: GroupLimits, sections: Sequence[_Section]) -> Steps[Trajectory]:
    times, rows = [np.zeros(1)], [np.zeros((1, 3))]
    for section, speeds in zip(sections, _speeds(sections), strict=True):
        profile = _profile(section, *speeds)
        inside = _times(profile)
        sampled = np.array([profile.at_time(time) for time in inside])[:, :, 0]
        times.append(times[-1][-1] + inside)
        rows.append(sampled + np.array([section.begin, 0.0, 0.0]))
        yield
    return _along(path, limits.joints, np.concatenate(times), np.vstack(rows))


def _speeds(sections: Sequence[_Section]) -> list[tuple[float, float]]:
    """Speeds at both ends of each section: as high as its bounds and its length let them be."""
    ends = [0.0, *(min(a.speed, b.speed) for a, b in pairwise(sections)), 0.0]
    for index, section in enumerate(sections):
        ends[index + 1] = min(ends[index + 1], _reachable(section, ends[index]))
    for index, section in reversed(list(enumerate(sections))):
        ends[index] = min(ends[index], _reachable(section, ends[index + 1]))
    return list(pairwise(ends))


def _reachable(section: _Section, begin: float) -> float:
    """The highest speed that can be reached within a section's length."""
    low, high = begin, max(section.speed, begin)
    if _distance(section, begin, high) <= section.length:
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if _distance(section, begin, middle) <= section.length:
            low = middle
        else:
            high = middle
    return low


def _distance(section: _Section, begin: float, end: float) -> float:
    """What a change of speed takes, its acceleration beginning and ending at 0 (a ramp of three jerks)."""
    change, most = end - begin, section.acceleration
    if change <= most**2 / section.jerk:
        time = 2.0 * math.sqrt(change / section.jerk)
    else:
        time = change / most + most / section.jerk
    return (begin + end) / 2.0 * time


def _profile(section: _Section, begin: float, end: float) -> ruckig.Trajectory:
    asked = ruckig.InputParameter(1)
    asked.current_position, asked.target_position = [0.0], [section.length]
    asked.current_velocity, asked.target_velocity = [begin], [end]
    # Rounding must not leave an end just above the bound.
    asked.max_velocity = [max(section.speed, begin, end)]
    asked.max_acceleration, asked.max_jerk = [section.acceleration], [section.jerk]
    found = ruckig.Trajectory(1)
    try:
        ruckig.Ruckig(1).calculate(asked, found)
    except (ruckig.RuckigError, ValueError) as error:  # its binding does not know all of its results
        raise GoalRefused(
            "path", round(section.length, 6), "it cannot be timed; leave out the point there"
        ) from error
    return found


def _times(profile: ruckig.Trajectory) -> Array:
    """Where the jerk steps, and enough between [s]; the beginning is the end of the section before."""
    duration = float(profile.duration)
    steps = np.cumsum(profile.profiles[0][0].t)
    even = np.linspace(0.0, duration, max(math.ceil(duration / _SPACING), 4) + 1)
    times = np.unique(np.concatenate((even, steps[steps < duration])))
    kept = times[np.append(True, np.diff(times) > _CLOSEST)][1:]
    return np.append(kept[kept < duration - _CLOSEST], duration)


def _along(path: Trajectory, joints: tuple[str, ...], times: Array, rows: Array) -> Trajectory:
    place, rate, slope = rows.T[:, :, None]
    position, first, second = path.sample_many(np.clip(place[:, 0], 0.0, path.duration * (1.0 - _TINY)))
    velocity, acceleration = first * rate, second * rate**2 + first * slope
    position[-1], velocity[[0, -1]], acceleration[[0, -1]] = path.positions[-1], 0.0, 0.0
    return retiming.quintic(joints, times, (position, velocity, acceleration))


def _still(path: Trajectory) -> tuple[Array, Array, Array]:
    rows = np.repeat(path.positions[:1], 2, axis=0)
    return rows, np.zeros_like(rows), np.zeros_like(rows)


def _excess(motion: Trajectory, limits: GroupLimits) -> float:
    """How many times as long the motion must take to keep the limits."""
    times = np.linspace(0.0, motion.duration * (1.0 - _TINY), 4 * len(motion.times))
    _, velocity, acceleration = motion.sample_many(times)
    jerk = np.diff(acceleration, axis=0) / (times[1] - times[0])
    shares = (
        float((np.abs(velocity) / limits.velocity).max()),
        math.sqrt(float((np.abs(acceleration) / limits.acceleration).max())),
        float((np.abs(jerk) / limits.jerk).max()) ** (1.0 / 3.0),
    )
    return float(max(shares))
