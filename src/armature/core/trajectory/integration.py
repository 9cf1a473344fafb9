"""Goals without positions: velocities or accelerations, integrated from where the joints are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from armature.core.arrays import Array
from armature.core.trajectory.trajectory import State, Trajectory, check_rows, check_times, lie_ahead
from armature.errors import GoalRefused


@dataclass(frozen=True, eq=False)
class Rates:
    """Velocities, accelerations or both in time; positions follow from the state in which they begin.

    The rule is joint_trajectory_controller's, under allow_integration_in_goal_trajectories: Heun's method, from
    point to point; velocities give cubics, accelerations quintics.

    Args:
        joints: names, in the order of the columns.
        times: from the start of the trajectory [s], strictly increasing, Shape (m,).
        velocities: [rad/s] or [m/s], Shape (m, n), or None.
        accelerations: [rad/s²] or [m/s²], Shape (m, n), or None.

    Raises:
        GoalRefused: neither of the two, or malformed as a `Trajectory` may be.
    """

    joints: tuple[str, ...]
    times: Array
    velocities: Array | None = None
    accelerations: Array | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "times", check_times(self.times))
        if self.velocities is None and self.accelerations is None:
            raise GoalRefused("points", None, "positions, velocities or accelerations are needed")
        for name in ("velocities", "accelerations"):
            if (rows := getattr(self, name)) is not None:
                object.__setattr__(self, name, check_rows(rows, name, len(self.times), self.joints))

    @staticmethod
    def from_rows(
        joints: Sequence[str],
        times: Sequence[float],
        velocities: Sequence[Sequence[float]] | None = None,
        accelerations: Sequence[Sequence[float]] | None = None,
    ) -> Rates:
        """Rates of numbers as they come in a message, one row a point; raises as the class does."""
        return Rates(tuple(joints), *(cast("Any", row) for row in (times, velocities, accelerations)))

    @property
    def duration(self) -> float:
        """Time of the last point [s]."""
        return float(self.times[-1])

    def shift(self, delay: float) -> Rates:
        """The same rates, later by a delay [s]."""
        return replace(self, times=self.times + delay)

    def reorder(self, joints: Sequence[str]) -> Rates:
        """The same rates with their columns in another order of the same joints."""
        columns = [self.joints.index(joint) for joint in joints]
        given = {name: rows[:, columns] for name, rows in self._rows.items() if rows is not None}
        return replace(self, joints=tuple(joints), **given)

    def starting_from(self, state: State) -> Trajectory:
        """The trajectory that they give from a state at time 0; points at or before time 0 give way to it.

        Raises:
            GoalRefused: no point lies after time 0.
        """
        ahead = lie_ahead(self.times)
        length = np.diff(self.times[ahead], prepend=0.0)
        accelerations = None if self.accelerations is None else self.accelerations[ahead]
        if self.velocities is not None:
            velocities = self.velocities[ahead]
        else:
            velocities = _integrated(state.velocity, state.acceleration, cast("Array", accelerations), length)
        positions = _integrated(state.position, state.velocity, velocities, length)
        return Trajectory(self.joints, self.times[ahead], positions, velocities, accelerations, state)

    @property
    def _rows(self) -> dict[str, Array | None]:
        return {"velocities": self.velocities, "accelerations": self.accelerations}


def _integrated(value: Array, slope: Array, slopes: Array, length: Array) -> Array:
    """Values at the points by Heun's method: each interval has the mean of the slopes at its ends."""
    means = (np.vstack((slope, slopes[:-1])) + slopes) / 2.0
    return value + np.cumsum(means * length[:, None], axis=0)
