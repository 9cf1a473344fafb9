"""Whether the servos can hold what the tool is to carry, where the arm is."""

from __future__ import annotations

import numpy as np

from armature.core.arrays import Array
from armature.core.payload import Payload
from armature.core.planning.goal_checks import GoalChecks
from armature.errors import CommandRefused, apart, named

_ROUNDING = 1e-9  # [N·m]


def require_held(checks: GoalChecks, payload: Payload, position: Array) -> None:
    """Refuse what the servos cannot hold, unless each joint carries less than with the present payload.

    Args:
        checks: of the arm, with the present payload.
        payload: that it is to carry.
        position: of the joints [rad] or [m], Shape (n,).

    Raises:
        CommandRefused: with the first joint that would carry too much.
    """
    mechanics, torques = checks.mechanics, checks.torques
    before, held = (mechanics.payload, mechanics.payload_at), _held(checks, position)
    mechanics.set_payload(payload.mass, payload.at)
    try:
        needed = _held(checks, position)
    finally:
        mechanics.set_payload(*before)
    given = checks.settings.torque_share * torques.available(needed, np.zeros_like(needed))
    rows = zip(mechanics.joints, np.abs(needed), np.abs(held), given, strict=True)
    for joint, torque, present, most in rows:
        if torque > max(most, present + _ROUNDING):
            would, shall = apart(torque, most, ".3f"), f"{most:.3f}"
            why = f"{named(joint)} would carry {would} N·m here, its servo shall give {shall} N·m"
            raise CommandRefused(str(payload), why, "carry less, or reach less far first")


def _held(checks: GoalChecks, position: Array) -> Array:
    weights: Array = checks.torques.loads(position[None])[0]
    return weights
