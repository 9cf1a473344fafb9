"""A joint that stands and cannot hold is lowered, before its servo's overload protection lets it fall."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from armature.core.health import ConditionTimer
from armature.core.model.arm import Limit
from armature.core.trajectory.stopping import Dynamics
from armature.dynamixel.faults.supervision import STRAINED, STRAINED_TIME, load_of
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import RecoveryStep, Remedy
from armature.dynamixel.status.states import Fault

_LIGHTEN = Remedy("take load away", RecoveryStep.BY_HAND)
_LOWERED = "it is being lowered, since its servo would soon let it fall"
# It is lowered at this share of its velocity limit, until it gives less than this share of its stall torque.
_LOWERING, _EASED = 0.5, 0.6


@dataclass
class Lowering:
    """Of one joint."""

    axis: Axis
    limit: Limit
    dynamics: Dynamics
    warning: Fault | None = None  # while it is being lowered
    _strained: ConditionTimer = field(default_factory=ConditionTimer)  # that it gives more than it can for long
    _speed: float = math.nan  # [rad/s] or [m/s]; NaN while it is not lowered

    def is_due(self, now: float, *, is_held: bool, is_at_rest: bool) -> bool:
        """Whether the joint has to be lowered in this cycle.

        Args:
            now: [s].
            is_held: whether its servo is to hold it.
            is_at_rest: whether it was sent nowhere else for a while.
        """
        load = abs(load_of(self.axis))
        bound = STRAINED if math.isnan(self._speed) else _EASED
        lasted = self._strained.update(is_held and load >= bound, now)
        if math.isnan(lasted):
            self.warning, self._speed = None, math.nan
        if not (is_at_rest and lasted >= STRAINED_TIME):
            return False
        self.warning = self.warning or self._describe(load, now)
        return True

    def _describe(self, load: float, now: float) -> Fault:
        at = f"{load:.0%} of the stall torque, {STRAINED:.0%} is the bound"
        joint = self.axis.wiring.joint
        return Fault(joint, Cause.LOAD, at, _LOWERED, _LIGHTEN, needs_clearing=False, since=now)

    def step(self, passed: float) -> float:
        """How far its set-point goes in this cycle, after so much time [s]: [rad] or [m]."""
        speed = 0.0 if math.isnan(self._speed) else self._speed
        faster = speed + self.dynamics.acceleration * passed
        self._speed = min(faster, _LOWERING * self.limit.velocity)
        return -math.copysign(1.0, load_of(self.axis)) * self._speed * passed
