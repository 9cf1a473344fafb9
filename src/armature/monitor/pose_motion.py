"""How long a move to a pose takes, so that it is gentle and within the limits."""

from __future__ import annotations

import math
from collections.abc import Mapping

from armature.core.model import ArmModel

# A quintic from rest to rest peaks at 15/8 · Δ/T and at 10/√3 · Δ/T² (its derivatives' extrema).
_PEAK_VELOCITY = 15.0 / 8.0
_PEAK_ACCELERATION = 10.0 / math.sqrt(3.0)
_SHORTEST = 1.0  # [s]


def duration(
    arm: ArmModel,
    start: Mapping[str, float],
    goal: Mapping[str, float],
    speed: float = 0.5,
    acceleration: float = 2.0,
) -> float:
    """Time for a quintic move from rest to rest [s], the same for all joints.

    Args:
        arm: limits of the joints.
        start: present set-points [rad] or [m] by joint.
        goal: where to move; every joint of it must stand in start.
        speed: largest velocity as a fraction of each joint's limit.
        acceleration: largest acceleration [rad/s²] or [m/s²].
    """
    times = [_SHORTEST]
    for name, target in goal.items():
        distance = abs(target - start[name])
        times.append(_PEAK_VELOCITY * distance / (speed * arm.limit(name).velocity))
        times.append(math.sqrt(_PEAK_ACCELERATION * distance / acceleration))
    return max(times)
