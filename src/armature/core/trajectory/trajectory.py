"""A joint trajectory and its splines: what the joints do over time."""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from armature.core.arrays import Array
from armature.core.trajectory import spline
from armature.errors import GoalRefused


@dataclass(frozen=True, eq=False)
class State:
    """Where the joints are and how they move; each field has Shape (n,)."""

    position: Array  # [rad] or [m]
    velocity: Array  # [rad/s] or [m/s]
    acceleration: Array  # [rad/s²] or [m/s²]

    @staticmethod
    def at_rest(position: npt.ArrayLike) -> State:
        """The state of joints that stand still [rad] or [m]."""
        held = np.array(position, dtype=float)
        return State(held, np.zeros_like(held), np.zeros_like(held))

    def of(self, columns: Sequence[int]) -> State:
        """The state of some of the joints."""
        return State(self.position[columns], self.velocity[columns], self.acceleration[columns])

    @property
    def is_resting(self) -> bool:
        """Whether nothing moves."""
        return not self.velocity.any() and not self.acceleration.any()


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Points in time, joined by splines: linear, cubic with velocities, quintic with accelerations too.

    These are the rules of ros2_controllers' joint_trajectory_controller ("Trajectory Representation").

    Args:
        joints: names, in the order of the columns.
        times: from the start of the trajectory [s], strictly increasing, Shape (m,).
        positions: [rad] or [m], Shape (m, n).
        velocities: [rad/s] or [m/s], Shape (m, n), or None.
        accelerations: [rad/s²] or [m/s²], Shape (m, n), or None.
        start: the state at time 0, joined to the first point; see `starting_from`.

    Raises:
        GoalRefused: no points, wrong lengths, a number that is not finite, times that do not increase.
    """

    joints: tuple[str, ...]
    times: Array
    positions: Array
    velocities: Array | None = None
    accelerations: Array | None = None
    start: State | None = None

    def __post_init__(self) -> None:
        _set(self, "joints", tuple(self.joints))
        _set(self, "times", check_times(self.times))
        for name in ("positions", "velocities", "accelerations"):
            rows = getattr(self, name)
            if rows is not None:
                _set(self, name, check_rows(rows, name, len(self.times), self.joints))
        if self.accelerations is not None and self.velocities is None:
            raise GoalRefused("velocities", None, "accelerations need velocities beside them")
        if self.start is not None and self.times[0] <= 0.0:
            raise GoalRefused("points[0].time_from_start", float(self.times[0]), "it must be > 0 s")

    @staticmethod
    def from_rows(
        joints: Sequence[str],
        times: Sequence[float],
        positions: Sequence[Sequence[float]],
        velocities: Sequence[Sequence[float]] | None = None,
        accelerations: Sequence[Sequence[float]] | None = None,
    ) -> Trajectory:
        """A trajectory of numbers as they come in a message, one row a point; raises as the class does."""
        rows = (times, positions, velocities, accelerations)
        return Trajectory(tuple(joints), *(cast("Any", row) for row in rows))

    @staticmethod
    def of_computed(
        joints: tuple[str, ...], times: Array, positions: Array, velocities: Array, accelerations: Array
    ) -> Trajectory:
        """A quintic one of points that were computed from checked ones: they are not checked again.

        A controller makes some hundred of these in a second; what is sent on is checked by its receiver.
        """
        made = object.__new__(Trajectory)
        for name, value in zip(_FIELDS, (joints, times, positions, velocities, accelerations, None), strict=True):
            _set(made, name, value)
        return made

    @staticmethod
    def at_rest(joints: tuple[str, ...], position: Array) -> Trajectory:
        """Joints that stay at a position [rad] or [m], Shape (n,)."""
        rows = np.array(position, dtype=float)[None]
        return Trajectory(joints, np.zeros(1), rows, np.zeros_like(rows), np.zeros_like(rows))

    @property
    def duration(self) -> float:
        """Time of the last point [s]."""
        return float(self.times[-1])

    @cached_property
    def knots(self) -> Array:
        """Times at which one spline ends and the next begins, from the first to the last [s]."""
        return self.times if self.start is None else np.concatenate((np.zeros(1), self.times))

    @cached_property
    def _knot_list(self) -> list[float]:
        # bisect is quicker in a list than numpy is in an array this small.
        return cast("list[float]", self.knots.tolist())

    @cached_property
    def _coefficients(self) -> Array:
        return _splines(self)

    @property
    def is_quintic(self) -> bool:
        """Whether position, velocity and acceleration are continuous at every point."""
        return self.accelerations is not None

    @property
    def points(self) -> tuple[Array, Array, Array]:
        """Positions, velocities and accelerations of the points, 0 where they were not given."""
        zero = np.zeros_like(self.positions)
        velocities = zero if self.velocities is None else self.velocities
        return self.positions, velocities, zero if self.accelerations is None else self.accelerations

    def sample(self, time: float) -> State:
        """The state at a time [s]; before the first point that point, from the end on at rest at the last."""
        knots = self._knot_list
        if time >= knots[-1]:
            return State.at_rest(self.positions[-1])
        index = max(bisect_right(knots, time) - 1, 0)
        values = spline.evaluate(self._coefficients[index], max(time - knots[index], 0.0))
        return State(values[0], values[1], values[2])

    def sample_many(self, times: Array) -> tuple[Array, Array, Array]:
        """Positions, velocities and accelerations at many times [s], each of Shape (k, n)."""
        knots = self.knots
        if len(knots) == 1:
            still = np.zeros((len(times), len(self.joints)))
            return still + self.positions[-1], still, still.copy()
        index = np.minimum(np.maximum(knots.searchsorted(times, side="right") - 1, 0), len(knots) - 2)
        local = np.maximum(times - knots[index], 0.0)
        position, velocity, acceleration = spline.evaluate_many(self._coefficients[index], local)
        ended = times >= knots[-1]
        position[ended], velocity[ended], acceleration[ended] = self.positions[-1], 0.0, 0.0
        return position, velocity, acceleration

    def jerks(self, times: Array) -> Array:
        """Third derivatives at many times from the first knot to the last [s], Shape (k, n)."""
        knots = self.knots
        index = np.clip(knots.searchsorted(times, side="right") - 1, 0, max(len(knots) - 2, 0))
        return spline.jerks(self._coefficients[index], times - knots[index])

    def hull(self) -> tuple[Array, Array]:
        """Values that enclose the positions and velocities of each segment (see `spline.hull`)."""
        return self._hull

    @cached_property
    def _hull(self) -> tuple[Array, Array]:
        return spline.hull(self._coefficients, np.diff(self.knots))

    def acceleration_hull(self) -> Array:
        """Values that enclose the accelerations of each segment (see `spline.acceleration_hull`)."""
        return spline.acceleration_hull(self._coefficients, np.diff(self.knots))

    def starting_from(self, state: State) -> Trajectory:
        """The same trajectory, begun in a state at time 0; points at or before time 0 give way to it.

        Raises:
            GoalRefused: no point lies after time 0.
        """
        ahead = lie_ahead(self.times)
        return dataclasses.replace(
            self,
            times=self.times[ahead],
            positions=self.positions[ahead],
            velocities=None if self.velocities is None else self.velocities[ahead],
            accelerations=None if self.accelerations is None else self.accelerations[ahead],
            start=state,
        )

    def shift(self, delay: float) -> Trajectory:
        """The same trajectory, later by a delay [s]."""
        return dataclasses.replace(self, times=self.times + delay)

    def reorder(self, joints: Sequence[str]) -> Trajectory:
        """The same trajectory with its columns in another order of the same joints."""
        columns = [self.joints.index(joint) for joint in joints]
        return dataclasses.replace(
            self,
            joints=tuple(joints),
            positions=self.positions[:, columns],
            velocities=None if self.velocities is None else self.velocities[:, columns],
            accelerations=None if self.accelerations is None else self.accelerations[:, columns],
        )


_FIELDS = tuple(field.name for field in dataclasses.fields(Trajectory))


def _set(trajectory: Trajectory, name: str, value: object) -> None:
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    object.__setattr__(trajectory, name, value)


def lie_ahead(times: Array) -> npt.NDArray[np.bool_]:
    """Which points lie after time 0.

    Raises:
        GoalRefused: none does.
    """
    ahead: npt.NDArray[np.bool_] = times > 0.0
    if not ahead.any():
        raise GoalRefused("points[-1].time_from_start", float(times[-1]), "it must be > 0 s")
    return ahead


def check_times(values: npt.ArrayLike) -> Array:
    """Times of points [s].

    Raises:
        GoalRefused: there are none, or they are not finite and increasing.
    """
    times = np.array(values, dtype=float)
    if times.ndim != 1 or not len(times):
        raise GoalRefused("points", None, "a trajectory needs at least one point")
    if not np.isfinite(times).all():
        index = int(np.argmin(np.isfinite(times)))
        raise GoalRefused(_time_of(index), float(times[index]), "a finite number of seconds is needed")
    stuck = np.flatnonzero(np.diff(times) <= 0.0)
    if len(stuck):
        index = int(stuck[0]) + 1
        allowed = f"it must be more than {times[index - 1]:.12g} s, the one before"
        raise GoalRefused(_time_of(index), float(times[index]), allowed)
    return times


def _time_of(index: int) -> str:
    return f"points[{index}].time_from_start"


def check_rows(rows: Sequence[npt.ArrayLike] | Array, name: str, count: int, joints: tuple[str, ...]) -> Array:
    """Rows of numbers, one a point, one number a joint; Shape (count, n).

    Raises:
        GoalRefused: their number or length is wrong, or one is not finite.
    """
    if len(rows) != count:
        raise GoalRefused(name, len(rows), f"one row is needed for each of {count} points")
    is_table = isinstance(rows, np.ndarray) and rows.shape == (count, len(joints))
    for index, row in enumerate(() if is_table else rows):
        if len(np.atleast_1d(row)) != len(joints):
            allowed = f"{len(joints)} numbers are needed, for {', '.join(joints)}"
            raise GoalRefused(f"points[{index}].{name}", np.size(row), allowed)
    values: Array = np.array(rows, dtype=float)
    if not np.isfinite(values).all():
        point, column = np.argwhere(~np.isfinite(values))[0]
        where = f"points[{point}].{name} of {joints[column]}"
        raise GoalRefused(where, float(values[point, column]), "a finite number is needed")
    return values


def _splines(trajectory: Trajectory) -> Array:
    """Coefficients between the knots, Shape (segments, 6, n); a lone point has one segment at rest."""
    p, v, a = trajectory.positions, trajectory.velocities, trajectory.accelerations
    start = trajectory.start
    if start is not None:
        p = np.vstack((start.position, p))
        v = None if v is None else np.vstack((start.velocity, v))
        a = None if a is None else np.vstack((start.acceleration, a))
    if len(p) == 1:
        return spline.linear(np.ones(1), p, p)
    length = np.diff(trajectory.knots)
    if v is None:
        return spline.linear(length, p[:-1], p[1:])
    if a is None:
        return spline.cubic(length, p[:-1], v[:-1], p[1:], v[1:])
    return spline.quintic(length, p[:-1], v[:-1], a[:-1], p[1:], v[1:], a[1:])
