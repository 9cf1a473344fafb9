"""Random moves of an arm, and how far they go to their limits."""

from __future__ import annotations

import numpy as np

from armature.core.kinematics.rotations import from_rotation_vector
from armature.core.planning.tool_ways import Waypoint
from armature.errors import GoalRefused

from ..arms import free_place

BESIDE = "tool0/base_link"
KINDS = ("joints", "poses", "line", "corners", "arc")


def random_move(arm, kind, draw):
    """A move of one kind from anywhere; None where it is refused."""
    start = free_place(arm, draw)
    try:
        if kind == "joints":
            rows = [free_place(arm, draw) for _ in range(draw.integers(1, 6))]
            return arm.planner.joints(start, [dict(zip(arm.joints, row, strict=True)) for row in rows])
        if kind == "poses":
            end = arm.place(free_place(arm, draw))
            return arm.planner.poses(start, [Waypoint("base_link", end.translation, end.rotation)])
        points = _points(arm, draw, {"line": 1, "arc": 2}.get(kind) or draw.integers(2, 5))
        return (arm.planner.arc if kind == "arc" else arm.planner.line)(start, points)
    except GoalRefused:
        return None


def _points(arm, draw, count):
    """Places beside where the move begins, each with the same right to be turned."""
    ways = draw.normal(size=(count, 3)) * draw.uniform(0.01, 0.06, (count, 1))
    is_turned = len(arm.joints) >= 6 and draw.random() < 0.5
    return [
        Waypoint(BESIDE, tuple(place), from_rotation_vector(0.3 * draw.normal(size=3)) if is_turned else None)
        for place in np.cumsum(ways, axis=0)
    ]


def shares(motion, limits):
    """Its highest velocity, acceleration and jerk as shares of the limits, between all of its points."""
    inside = np.linspace(0.0, 1.0 - 1e-9, 9)
    times = (motion.times[:-1, None] + np.diff(motion.times)[:, None] * inside).ravel()
    _, velocity, acceleration = motion.sample_many(times)
    return tuple(
        float((np.abs(values) / bound).max())
        for values, bound in (
            (velocity, limits.velocity),
            (acceleration, limits.acceleration),
            (motion.jerks(times), limits.jerk),
        )
    )
