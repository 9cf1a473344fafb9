"""Checks of the accelerations that a goal asks for, before it starts."""

from __future__ import annotations

import math

import numpy as np

from armature.core.arrays import Array
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import GoalRefused, apart

# Accelerations are means over about a servo's own lag, as torques are judged by (`goal_checks`): splines through a
# planner's points swing beyond its acceleration between two of them, briefly and without an effect [s].
_LAG = 0.1
# What remains of that in the mean: time-optimal ways (MoveIt's default, full acceleration and then full
# deceleration) with points every 0.1 s come to 10 % [share].
_SLACK = 0.15
# Within that time a change of velocity and one back cancel in the mean: so shorter parts of it are looked at for
# the same change [s].
_PARTS = _LAG * np.array([1.0, 0.5, 0.2])
_SAMPLES = np.linspace(0.0, 1.0, 9)  # within each spline, and no closer than this [s]
_CLOSEST = 0.004


def check_accelerations(motion: Trajectory, limits: GroupLimits) -> None:
    """Refuse a motion that asks for more acceleration than a joint shall have.

    Args:
        motion: begun at the present set-point; other columns than those of the limits are not checked.
        limits: of the joints that are.

    Raises:
        GoalRefused: with joint, time, value, bound and what would work.
    """
    if len(motion.knots) == 1:
        return
    columns = [motion.joints.index(joint) for joint in limits.joints]
    beyond = np.abs(motion.acceleration_hull()[:, :, columns]) > limits.acceleration
    doubtful = np.flatnonzero(beyond.any(axis=(1, 2)))
    if not len(doubtful):
        return
    lengths = np.diff(motion.knots)[doubtful, None]
    times = (motion.knots[doubtful, None] + lengths * _SAMPLES).ravel()
    times = times[np.diff(np.floor(times / _CLOSEST), prepend=-1.0) != 0.0]
    changes = np.stack([_change(motion, times, part)[:, columns] for part in _PARTS])
    most = np.abs(changes).argmax(axis=0)
    _check(times, np.take_along_axis(changes, most[None], axis=0)[0] / _LAG, limits)


def _change(motion: Trajectory, times: Array, part: float) -> Array:
    """Changes of velocity within a part of the lag, around times."""
    before, after = (motion.sample_many(times + shift)[1] for shift in (-part / 2.0, part / 2.0))
    return after - before


def _check(times: Array, acceleration: Array, limits: GroupLimits) -> None:
    share = np.abs(acceleration) / limits.acceleration
    if (share <= 1.0 + _SLACK).all():
        return
    row, column = np.unravel_index(np.argmax(share), share.shape)
    told = apart(limits.acceleration[column], abs(acceleration[row, column]), "g")
    raise GoalRefused(
        f"acceleration of {limits.joints[column]} at {times[row]:.3f} s",
        float(acceleration[row, column]),
        limits.explain(
            f"its limit is {told} {limits.units[column]}/s² (mean over {_LAG:g} s); take at "
            f"least {math.sqrt(share[row, column]):.2f} times as long there"
        ),
    )
