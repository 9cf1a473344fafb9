"""A joint that two servos turn: both get the same goal, each in its own direction, and both are supervised.

A servo's own Secondary(Shadow) ID would mirror goals too, but a servo does not answer for its shadow: an overload
of the second motor would go unseen.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping

from armature.core.health import Lasting, Stage
from armature.core.model.arm import Limit
from armature.dynamixel.faults.cause import Cause
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.faults.supervision import Finding, JointWatch
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.wiring.servo import ServoWiring

# Both are read in one cycle, but not at one instant; a disturbed encoder is no broken coupling [s].
_LASTING = 0.05


def couple(first: Axis, second: Axis) -> None:
    """Let two servos know of each other."""
    first.partner, second.partner = second, first


def goal_of_second(axis: Axis, position: float) -> int:
    """Goal Position [tick] of a joint's second servo for a joint position [rad] or [m]."""
    lowest, highest = axis.wiring.reach
    return min(max(axis.wiring.to_ticks(position) + axis.bias, lowest), highest)


def hold_apart(second: Axis, position: float, ticks: int) -> None:
    """Let a second servo hold at its own goal [tick] while the joint holds at a position [rad] or [m].

    Two encoders on one shaft never agree to a tick, and a joint sags under its load. With its own place as its
    goal the second servo comes on without a jump, and keeps that distance from then on.
    """
    second.bias = ticks - second.wiring.to_ticks(position)


def disagreement(one: Axis, other: Axis) -> float:
    """How far apart two servos see their joint, as an angle of the servos [rad]; NaN where one was not read."""
    return abs(one.position - other.position) * one.wiring.reduction


def watches(
    servos: Iterable[ServoWiring],
    limits: Mapping[str, Limit],
    bounds: Mapping[str, float],
    fingers: Container[str],
    policy: FaultPolicy,
    contacts: Mapping[str, float],
) -> dict[str, JointWatch]:
    """A watch for each servo; a joint without a bound of its following error, or of contact, is not held to it."""
    return {
        servo.name: (PairWatch if servo.is_second else JointWatch)(
            limits[servo.joint],
            bounds.get(servo.joint, 0.0),
            policy,
            contact=contacts.get(servo.joint, 0.0),
            grips=servo.joint in fingers,
        )
        for servo in servos
    }


class PairWatch(JointWatch):
    """Watches a joint's second servo, and whether both see the joint at the same place."""

    def forget(self) -> None:
        """Begin anew, after a recovery."""
        super().forget()
        self._apart_for = Lasting()

    def look(self, axis: Axis, target: float, now: float, load: float = math.nan) -> Iterator[Finding]:
        """What is found in this cycle; see JointWatch.look."""
        yield from super().look(axis, target, now, load)
        detail = self.apart(axis)
        if self._apart_for.look(bool(detail), now) >= _LASTING:
            yield Finding(Cause.DISAGREEMENT, Stage.STOP, detail)

    def apart(self, axis: Axis) -> str:
        """How the two servos disagree, in words; empty where they do not."""
        return apart(axis, self._policy.disagreement)


def apart(axis: Axis, bound: float) -> str:
    """How a servo and its partner disagree by more than a bound [rad], in words; empty where they do not."""
    partner = axis.partner
    if partner is None or not disagreement(axis, partner) > bound:
        return ""
    return (
        f"it sees the joint at {axis.position:.4f}, {partner.name} sees it at {partner.position:.4f}: "
        f"{disagreement(axis, partner):.4f} rad of a servo apart, {bound:g} is allowed"
    )
