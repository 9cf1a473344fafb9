"""Parts of the arm that always touch, as hulls of neighbours do: no motion could avoid it."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.collision import Clearances, Pair
from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.arm import ArmModel

_SAMPLES = 300
# MoveIt's Setup Assistant takes the same share for "always in collision".
_SHARE = 0.95
# What is nearer counts as touching, as it does for goals (`checks.margin`) [m]: shells of neighbours leave a gap.
_NEAR = 0.005


def find_touching(arm: ArmModel) -> tuple[Pair, ...]:
    """Pairs of links, or a link and the floor, that touch in nearly all positions; the same for the same arm."""
    joints = tuple(joint.name for joint in arm.driven)
    if not joints:
        return ()
    clearances = Clearances(Mechanics(arm, joints), _NEAR)
    count: Counter[Pair] = Counter()
    for position in _positions(arm):
        count.update(clearances.at(position).keys())
    return tuple(sorted(pair for pair, times in count.items() if times >= _SHARE * _SAMPLES))


def _positions(arm: ArmModel) -> Array:
    """Random ones within the limits, of a joint of many turns within one turn. Shape (m, n)."""
    limits = [arm.limit(joint.name) for joint in arm.driven]
    lower = np.array([max(limit.lower, -math.pi) if math.isinf(limit.lower) else limit.lower for limit in limits])
    upper = np.array([min(limit.upper, math.pi) if math.isinf(limit.upper) else limit.upper for limit in limits])
    positions: Array = np.random.default_rng(0).uniform(lower, upper, (_SAMPLES, len(limits)))
    return positions
