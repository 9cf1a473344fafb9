"""What is watched of each joint over time: its distance from the set-point, its limits, its heat, its answers."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from armature.core.health import ConditionTimer, MeanSquare, Stage, ThermalModel
from armature.core.model.arm import Friction, Limit
from armature.dynamixel.faults.obstruction import Obstruction
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.pair import describe_mismatch
from armature.dynamixel.servo.torque import REST_MARGIN
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.wiring.servo import ServoWiring
from armature.errors import apart, bounds

# A servo that gives so much of its stall torque for so long soon ends that by its overload protection, and lets
# its joint fall; e-Manual, "Shutdown(63)", has no figures, the emulator takes 80 % for 1.5 s.
STRAINED = 0.75
STRAINED_TIME = 0.4  # [s]
_ANSWERS = 100  # over about how many of them the share of the missing ones is taken
_FULL_LOAD = 100.0  # [%]
# Two servos of one joint are read in one cycle, but not at one instant; a disturbed encoder is no broken coupling.
_MISMATCH_TIME = 0.05  # [s]
_NONE = Friction()


@dataclass(frozen=True)
class Finding:
    """One thing that is found of one joint."""

    cause: Cause
    stage: Stage
    detail: str  # with the value and the bound


@dataclass(frozen=True)
class BackOffState:
    """Joints that may back off where they do not follow; any other that does not is at fault."""

    allowed: frozenset[str] = frozenset()
    active: frozenset[str] = frozenset()  # that are backing off now
    is_blocked: bool = False  # whether one came against something that may be there yet


@dataclass(frozen=True)
class Health:
    """How a servo is doing."""

    load: float  # root mean square, as a share of the stall torque
    missed: float  # share of the last answers that did not come
    seconds_left: (
        float  # until its temperature asks for a stop, if the load lasts [s]; NaN where that is not known
    )
    excess: float = math.nan  # largest torque beyond its known load until now [N·m] or [N]


class JointWatch:
    """Watches one joint."""

    def __init__(
        self,
        limit: Limit,
        following_error: float,
        policy: FaultPolicy,
        *,
        contact: float = 0.0,
        grips: bool = False,
        friction: Friction = _NONE,
    ) -> None:
        """Watch from now on.

        Args:
            limit: the joint's limit.
            following_error: its bound [rad] or [m], 0 for off.
            policy: the thresholds.
            contact: bound of the torque beyond the known load [N·m] or [N], 0 for off.
            grips: whether it is a finger, whose load is its purpose: that is warned of and no more.
            friction: of the joint.
        """
        self.is_guided = False  # whether a hand guides it: it has no set-point to follow, and feels the hand
        self._load_ends_at = Stage.WARN if grips else Stage.STOP
        self._limit = limit
        self._bound = following_error or math.inf
        self._contact = contact or math.inf
        self._friction = friction
        self._excess = math.nan
        self._policy = policy
        self._obstruction = Obstruction(limit.span, grips)
        self._margin = policy.limit_margin * limit.span
        self._thermal = ThermalModel()
        self.reset()

    def reset(self) -> None:
        """Start over, as after a recovery."""
        self._not_following_for, self._in_contact_for, self._strained_for = (
            ConditionTimer(),
            ConditionTimer(),
            ConditionTimer(),
        )
        self._mismatch_for = ConditionTimer()
        self._obstruction.reset()
        self._load = MeanSquare(self._policy.load_time)
        self._missed = 0.0
        self._stages = {Cause.TEMPERATURE: Stage.NORMAL, Cause.LOAD: Stage.NORMAL}

    def health(self, axis: Axis) -> Health:
        """How the servo is doing."""
        bound = axis.protection.temperature + self._policy.temperature.stop
        left = self._thermal.time_to(bound, axis.temperature, self._load.root)
        return Health(self._load.root, self._missed, left, self._excess)

    def update(self, axis: Axis, target: float, now: float, load: float = math.nan) -> Iterator[Finding]:
        """Find what is wrong in this cycle, the gravest first.

        Args:
            axis: as it was read in this cycle.
            target: where it was sent [rad] or [m]; NaN where it was not yet.
            now: [s].
            load: what the joint is known to carry [N·m] or [N].
        """
        self._missed += ((axis.misses > 0) - self._missed) / _ANSWERS
        share = load_of(axis)
        self._load.add(share, now)
        if self.is_guided:
            yield from self._check_guided(axis)
        elif axis.torque and not axis.misses:
            yield from self._check_limits(axis)
            stall = axis.wiring.model.stall_torque * axis.wiring.reduction
            friction = self._friction.at(axis.velocity) / (stall * axis.wiring.motors)
            if detail := self._obstruction.update(target, axis.position, share, now, load / stall, friction):
                yield Finding(Cause.BLOCKED, Stage.STOP, detail)
            yield from self._check_following(axis, target, now)
            yield from self._check_contact(axis, load, now)
        yield from self._check_heat_and_load(axis, share, now)
        if self._missed > self._policy.missed_share:
            yield Finding(Cause.COMMUNICATION, Stage.STOP, self.describe_missing())
        if axis.wiring.is_second:
            yield from self._check_pair(axis, now)

    def describe_missing(self) -> str:
        """How many answers are missing, in words."""
        bound = self._policy.missed_share
        return f"{self._missed:.0%} of the last {_ANSWERS} answers are missing, {bound:.0%} may be"

    def describe_limit_violation(self, position: float) -> str:
        """How a position [rad] or [m] is beyond the limit, in words; empty where it is not."""
        return self._describe_outside(position, self._margin)

    def _describe_outside(self, position: float, margin: float) -> str:
        lower, upper = self._limit.lower, self._limit.upper
        if lower - margin <= position <= upper + margin:
            return ""
        at = apart(position, lower if position < lower else upper)
        return f"it is at {at}, its limits are {bounds(lower, upper, position)}"

    def _check_guided(self, axis: Axis) -> Iterator[Finding]:
        """Where it could not be enabled."""
        if axis.misses:
            return
        if detail := self._describe_outside(axis.position, REST_MARGIN * self._limit.span):
            yield Finding(Cause.LIMIT, Stage.WARN, detail)

    def _check_limits(self, axis: Axis) -> Iterator[Finding]:
        if detail := self.describe_limit_violation(axis.position):
            yield Finding(Cause.LIMIT, Stage.STOP, detail)

    def _check_following(self, axis: Axis, target: float, now: float) -> Iterator[Finding]:
        error = abs(axis.position - target)
        if self._not_following_for.update(error > self._bound, now) >= self._policy.following_time:
            detail = f"it is {apart(error, self._bound)} from its set-point, {self._bound:.4f} is allowed"
            yield Finding(Cause.FOLLOWING_ERROR, Stage.STOP, detail)

    def _check_contact(self, axis: Axis, load: float, now: float) -> Iterator[Finding]:
        excess = abs(axis.effort - load)
        self._excess = excess if math.isnan(self._excess) else max(self._excess, excess)
        if self._in_contact_for.update(excess > self._contact, now) >= self._policy.contact_time:
            detail = f"it gives {axis.effort:.2f}, its load explains {load:.2f}, {self._contact:g} more is allowed"
            yield Finding(Cause.CONTACT, Stage.STOP, detail)

    def _check_pair(self, axis: Axis, now: float) -> Iterator[Finding]:
        """Whether a joint's second servo sees it elsewhere than the first one does."""
        detail = describe_mismatch(axis, self._policy.encoder_mismatch)
        if self._mismatch_for.update(bool(detail), now) >= _MISMATCH_TIME:
            yield Finding(Cause.ENCODER_MISMATCH, Stage.STOP, detail)

    def _check_heat_and_load(self, axis: Axis, share: float, now: float) -> Iterator[Finding]:
        limit, policy = axis.protection.temperature, self._policy
        stage = self._advance(Cause.TEMPERATURE, axis.temperature - limit)
        if stage and not math.isnan(axis.temperature - limit):  # of a servo that was silent it has yet to be read
            at = f"{axis.temperature:.0f} °C, the servo's limit is {limit:.0f} °C"
            yield Finding(Cause.TEMPERATURE, stage, at + self._time_left(stage, axis))
        stage = self._advance(Cause.LOAD, self._load.root)
        # Its own overload protection is near, whatever the mean is yet.
        is_strained = self._strained_for.update(abs(share) >= STRAINED, now) >= STRAINED_TIME
        stage = min(Stage.STOP if is_strained else stage, self._load_ends_at)
        if stage:
            at = f"{self._load.root:.0%} of the stall torque, {policy.load.stop:.0%} is the bound"
            if is_strained:
                bound = f"{STRAINED:.0%} is the bound"
                at = f"{abs(share):.0%} of the stall torque for {STRAINED_TIME:g} s, {bound}"
            yield Finding(Cause.LOAD, stage, at + self._time_left(stage, axis))

    def _advance(self, cause: Cause, value: float) -> Stage:
        thresholds = self._policy.temperature if cause is Cause.TEMPERATURE else self._policy.load
        self._stages[cause] = thresholds.stage(value, self._stages[cause])
        return self._stages[cause]

    def _time_left(self, stage: Stage, axis: Axis) -> str:
        left = self.health(axis).seconds_left
        if stage is Stage.STOP or math.isnan(left):
            return ""
        return "; it can go on like this" + ("" if math.isinf(left) else f" for {left:.0f} s")


def load_of(axis: Axis) -> float:
    """What the motor carries, as a share of its stall torque; NaN where it was not read."""
    if math.isnan(axis.current):
        return axis.load / _FULL_LOAD
    return axis.current / axis.wiring.model.stall_current


def build_watches(
    servos: Iterable[ServoWiring],
    limits: Mapping[str, Limit],
    bounds: Mapping[str, float],
    fingers: Container[str],
    policy: FaultPolicy,
    contacts: Mapping[str, float],
    frictions: Mapping[str, Friction],
) -> dict[str, JointWatch]:
    """A watch for each servo; a joint without a bound of its following error, or of contact, is not held to it."""
    return {
        servo.name: JointWatch(
            limits[servo.joint],
            bounds.get(servo.joint, 0.0),
            policy,
            contact=contacts.get(servo.joint, 0.0),
            grips=servo.joint in fingers,
            friction=frictions[servo.joint],
        )
        for servo in servos
    }
