"""Press-and-hold motions that keep clear: as fast as the whole of them, with their stop, is free."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.collision import Clearances, Passage
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import Trajectory

# Speeds that are tried between none and all: the share is found to 1/16.
_HALVINGS = 4
# No joint turns farther between two samples [rad], nor are samples farther apart [s].
_TURN = 0.035
_PERIOD = 0.05


class CollisionScaling:
    """Finds what a motion would collide with, and slows it down until it is free.

    Args:
        clearances: of the arm, reaching as far as the margin at least; None where collisions are not checked.
        limits: of the group.
        keep: distance to keep from the position limits [rad], Shape (n,).
        margin: to be kept between parts [m].
    """

    def __init__(self, clearances: Clearances | None, limits: GroupLimits, keep: Array, margin: float) -> None:
        self._clearances = clearances
        self._limits = limits
        self._keep = keep
        self._margin = margin

    def scale(self, build: Callable[[float], Trajectory]) -> tuple[Trajectory, str]:
        """The fastest of some motions that is free.

        Args:
            build: makes the motion at a share of its speed; at 0 it is the stop, the last resort.

        Returns:
            The motion, and why it is slower than asked for, in words; empty where it is not.
        """
        motion = build(1.0)
        reason = self.find_obstacle(motion)
        if not reason:
            return motion, ""
        free, low, high = build(0.0), 0.0, 1.0
        for _ in range(_HALVINGS):
            share = (low + high) / 2.0
            motion = build(share)
            if self.find_obstacle(motion):
                high = share
            else:
                free, low = motion, share
        return free, f"slowed to {low:.0%}: {reason}"

    def find_obstacle(self, motion: Trajectory) -> str:
        """What a motion would collide with, in words; a violation that exists already may shrink, not grow."""
        count = _sample_count(motion)
        position, _, _ = motion.sample_many(np.linspace(0.0, motion.duration, count + 1))
        return self._at_limit(position) or self._at_part(position)

    def _at_limit(self, position: Array) -> str:
        lower = np.minimum(self._limits.lower + self._keep, position[0]) - 1e-6
        upper = np.maximum(self._limits.upper - self._keep, position[0]) + 1e-6
        outside = np.flatnonzero(((position < lower) | (position > upper)).any(axis=0))
        return f"{self._limits.joints[outside[0]]} comes to its limit" if len(outside) else ""

    def _at_part(self, position: Array) -> str:
        if self._clearances is None:
            return ""
        passage = Passage(self._clearances, position[0], self._margin)
        found = (passage.find_collision(row) for row in position[1:])
        blocked = next(filter(None, found), None) or passage.find_approach()
        return "" if blocked is None else f"{blocked[0][0]} comes near {blocked[0][1]}"


def _sample_count(motion: Trajectory) -> int:
    _, velocity = motion.hull()
    way = (np.abs(velocity).max(axis=1) * np.diff(motion.knots)[:, None]).sum(axis=0).max()
    return max(int(np.ceil(way / _TURN)), int(np.ceil(motion.duration / _PERIOD)), 1)
