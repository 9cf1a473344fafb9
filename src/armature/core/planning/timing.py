"""The quickest way along a path within the velocity, acceleration and jerk limits of the joints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import ruckig

from armature.core.arrays import Array
from armature.core.planning.paths import subdivide
from armature.core.steps import Steps
from armature.core.trajectory import retiming
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import GoalRefused

_SAMPLES = 60  # along a section
_SPACING = 0.02  # of the points of a motion [s]
_LEAST = 4  # pieces of a section
# Nearer points of a motion are one: rounding in so short a piece would be a jerk of its own [s].
_CLOSEST = 1e-4
# Of acceleration and jerk, what the bends of a section may take at full speed, at first.
_FOR_BENDS = 0.6
# Then each section is made as quick as its own joints allow, in so many rounds, by so much in each at most.
_ROUNDS = 4
_QUICKER = 0.75
_TINY = 1e-9
_HALVINGS = 40
_WITHIN = np.array([0.0, 0.25, 0.5, 0.75, 1.0 - _TINY])  # of a piece between two points: where it is measured


@dataclass(frozen=True)
class _Section:
    """A part of a path, and bounds of the speed along it that keep every joint within its limits."""

    begin: float  # along the path
    length: float
    speed: float  # [1/s] of the path's unit
    acceleration: float
    jerk: float
    most: float = math.inf  # speed that was asked for

    def slowed(self, factor: float) -> _Section:
        """The same, taking so many times as long."""
        return replace(
            self,
            speed=min(self.speed / factor, self.most),
            acceleration=self.acceleration / factor**2,
            jerk=self.jerk / factor**3,
        )


def time_path(
    path: Trajectory, limits: GroupLimits, knots: Sequence[float], speed: float = math.inf
) -> Steps[Trajectory]:
    """Follow a path from rest to rest.

    In each section the speed is ruckig's quickest profile between bounds that hold all over that section. So
    straight ways are as quick as they can be; in a bend, its tightest place sets the speed.

    Args:
        path: of the joints over its length.
        limits: of the joints.
        knots: along the path, where one section ends and the next begins, from 0 to its end.
        speed: along the path, which is not exceeded, and held where the limits allow it [1/s] of the path's unit.

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
    sections = [replace(section, speed=min(section.speed, speed), most=speed) for section in sections]
    found, least = [], 0.0 if math.isinf(speed) else 1.0
    for _ in range(_ROUNDS):
        motion, ends = yield from _motion(path, limits, sections)
        excess = _excesses(motion, limits)
        found.append(retiming.stretch(motion, max(float(excess.max()), least)))
        of_sections = _by_section(motion, ends, excess)
        if np.abs(of_sections - 1.0).max() < 1e-3:
            break
        sections = [
            section.slowed(max(factor, _QUICKER)) for section, factor in zip(sections, of_sections, strict=True)
        ]
    return min(found, key=lambda motion: motion.duration)


def stretch_to(motion: Trajectory, min_duration: float) -> Trajectory:
    """A quintic motion, slowed down so far that it takes a time [s] at least."""
    return retiming.stretch(motion, max(min_duration / motion.duration, 1.0))


def _section(path: Trajectory, limits: GroupLimits, begin: float, end: float) -> _Section:
    inner = path.knots[(path.knots > begin) & (path.knots < end - _TINY)]
    at = np.concatenate((np.linspace(begin, end - _TINY, _SAMPLES), inner, inner - _TINY))
    _, first, second = path.sample_many(at)
    bends = _bound(limits.acceleration * _FOR_BENDS, second)
    jolts = _bound(limits.jerk * _FOR_BENDS, path.jerks(at))
    speed = min(_bound(limits.velocity, first), math.sqrt(bends), jolts ** (1.0 / 3.0))
    share = 1.0 - _FOR_BENDS * min(1.0, max(speed**2 / bends, speed**3 / jolts))
    acceleration, jerk = _bound(limits.acceleration, first) * share, _bound(limits.jerk, first) * share
    return _Section(begin, end - begin, speed, acceleration, jerk)


def _bound(limit: Array, derivative: Array) -> float:
    largest = np.abs(derivative).max(axis=0)
    return float((limit[largest > _TINY] / largest[largest > _TINY]).min(initial=math.inf))


def _motion(
    path: Trajectory, limits: GroupLimits, sections: Sequence[_Section]
) -> Steps[tuple[Trajectory, Array]]:
    """The motion, and when each of its sections ends [s]."""
    times, rows, ends = [np.zeros(1)], [np.zeros((1, 3))], [0.0]
    for section, speeds in zip(sections, _speeds(sections), strict=True):
        profile = _profile(section, *speeds)
        inside = _times(profile)
        sampled = np.array([profile.at_time(time) for time in inside])[:, :, 0]
        times.append(ends[-1] + inside)
        rows.append(sampled + np.array([section.begin, 0.0, 0.0]))
        ends.append(ends[-1] + profile.duration)
        yield
    every = np.concatenate(times)
    kept = are_apart(every)
    return along(path, limits.joints, every[kept], np.vstack(rows)[kept], is_whole=True), np.array(ends[1:])


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
    """Where the jerk steps, and enough between [s]; the beginning is the end of the section before.

    A quintic over a step of jerk would swing beyond it by a quarter.
    """
    duration = float(profile.duration)
    steps = np.cumsum(profile.profiles[0][0].t)
    knots = np.unique(np.concatenate(([0.0], steps[steps < duration], [duration])))
    return subdivide(knots, min(_SPACING, max(duration / _LEAST, _CLOSEST)))[1:]


def are_apart(times: Array) -> Array:
    """Which times to keep so that no two are too close [s]: the first, the last, and those between."""
    kept, last = np.zeros(len(times), dtype=bool), -math.inf
    for index, time in enumerate(times.tolist()):
        if index == len(times) - 1 or (time - last > _CLOSEST and times[-1] - time > _CLOSEST):
            kept[index], last = True, time
    kept[0] = True
    return kept


def along(
    path: Trajectory, joints: tuple[str, ...], times: Array, rows: Array, *, is_whole: bool = False
) -> Trajectory:
    """The joints along a path as a speed profile says.

    Args:
        path: of the joints over its length.
        joints: names.
        times: of the points [s], Shape (m,).
        rows: at each of them the place along the path, the speed and the acceleration, Shape (m, 3).
        is_whole: from rest at its beginning to rest at its end.
    """
    place, rate, slope = rows.T[:, :, None]
    position, first, second = path.sample_many(np.clip(place[:, 0], 0.0, path.duration * (1.0 - _TINY)))
    velocity, acceleration = first * rate, second * rate**2 + first * slope
    if is_whole:
        position[-1], velocity[[0, -1]], acceleration[[0, -1]] = path.positions[-1], 0.0, 0.0
    return retiming.quintic(joints, times, (position, velocity, acceleration))


def _still(path: Trajectory) -> tuple[Array, Array, Array]:
    rows = np.repeat(path.positions[:1], 2, axis=0)
    return rows, np.zeros_like(rows), np.zeros_like(rows)


def excess(motion: Trajectory, limits: GroupLimits) -> float:
    """How many times as long a quintic motion must take to keep the limits."""
    return float(_excesses(motion, limits).max())


def _excesses(motion: Trajectory, limits: GroupLimits) -> Array:
    """The same for each piece between two points, Shape (m - 1,)."""
    span = np.diff(motion.times)
    times = (motion.times[:-1, None] + span[:, None] * _WITHIN).ravel()
    _, velocity, acceleration = motion.sample_many(times)
    shares = (
        np.abs(velocity) / limits.velocity,
        np.sqrt(np.abs(acceleration) / limits.acceleration),
        np.cbrt(_peaks(motion.jerks(times)) / limits.jerk).repeat(len(_WITHIN), axis=0),
    )
    of_pieces: Array = np.max(shares, axis=(0, 2)).reshape(len(span), -1).max(axis=1)
    return of_pieces


def _peaks(jerks: Array) -> Array:
    """The highest jerk of each piece, which is a quadratic, Shape (m - 1, n); of samples as _WITHIN says."""
    begin, _, middle, _, end = jerks.reshape(-1, len(_WITHIN), jerks.shape[1]).transpose(1, 0, 2)
    bend, slope = 2.0 * (begin + end - 2.0 * middle), 4.0 * middle - 3.0 * begin - end
    flat = np.where(np.abs(bend) > _TINY, bend, np.inf)
    at = np.clip(-slope / (2.0 * flat), 0.0, 1.0)
    vertex = begin + at * (slope + at * bend)
    peaks: Array = np.max(np.abs((begin, vertex, end)), axis=0)
    return peaks


def _by_section(motion: Trajectory, ends: Array, excess: Array) -> Array:
    """The largest of the pieces of each section; 1 where it has none."""
    middles = (motion.times[:-1] + motion.times[1:]) / 2.0
    index = np.minimum(ends.searchsorted(middles), len(ends) - 1)
    largest = np.zeros(len(ends))
    np.maximum.at(largest, index, excess)
    of_sections: Array = np.where(largest > 0.0, largest, 1.0)
    return of_sections
