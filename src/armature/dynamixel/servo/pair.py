"""A joint that two servos turn: both get the same goal, each in its own direction, and both are supervised.

A servo's own Secondary(Shadow) ID would mirror goals too, but a servo does not answer for its shadow: an overload
of the second motor would go unseen.
"""

from __future__ import annotations

from armature.dynamixel.servo.axis import Axis
from armature.errors import named


def link(first: Axis, second: Axis) -> None:
    """Link the two servos of a joint to each other."""
    first.partner, second.partner = second, first


def goal_of_second(axis: Axis, position: float) -> int:
    """Goal Position [tick] of a joint's second servo for a joint position [rad] or [m]."""
    lowest, highest = axis.wiring.reach
    return min(max(axis.wiring.to_ticks(position) + axis.goal_offset, lowest), highest)


def set_goal_offset(second: Axis, position: float, ticks: int) -> None:
    """Let a second servo hold at its own goal [tick] while the joint holds at a position [rad] or [m].

    Two encoders on one shaft never agree to a tick, and a joint sags under its load. With its own place as its
    goal the second servo comes on without a jump, and keeps that distance from then on.
    """
    second.goal_offset = ticks - second.wiring.to_ticks(position)


def mismatch(one: Axis, other: Axis) -> float:
    """How far apart two servos see their joint, as an angle of the servos [rad]; NaN where one was not read."""
    return abs(one.position - other.position) * one.wiring.reduction


def describe_mismatch(axis: Axis, bound: float) -> str:
    """How a servo and its partner disagree by more than a bound [rad], in words; empty where they do not."""
    partner = axis.partner
    if partner is None or not mismatch(axis, partner) > bound:
        return ""
    return (
        f"it sees the joint at {axis.position:.4f}, {named(partner.name)} sees it at {partner.position:.4f}: "
        f"{mismatch(axis, partner):.4f} rad of a servo apart, {bound:g} is allowed"
    )
