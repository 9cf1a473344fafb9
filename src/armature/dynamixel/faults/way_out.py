"""What leads out of faults: the remedy, the request of it that would succeed now, and what is waited for."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import replace

from armature.dynamixel.faults.persistence import Persistence
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.faults.supervision import JointWatch
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.status.cause import CANNOT_PARK, OFFLINE, Cause
from armature.dynamixel.status.remedy import (
    BRING_BACK,
    LET_DOWN,
    REPLUG_FIRST,
    SUPPORT,
    Remedy,
    Step,
    remedy_of,
)
from armature.dynamixel.status.states import Fault, WayOut

_RECOVERING = WayOut(Remedy("wait, it is being recovered", Step.WAIT), Step.WAIT, "it is being recovered")
# What the page and other programs can ask for; the rest is done by hand.
_REQUESTS = (Step.TORQUE_OFF, Step.DISABLE, Step.CLEAR_FAULTS)
# With these something is in the way of a joint, and of its way to park.
_BLOCKED = (Cause.LIMIT, Cause.BLOCKED, Cause.FOLLOWING_ERROR, Cause.CONTACT)
_LETTING_DOWN = (LET_DOWN, SUPPORT, BRING_BACK)


class WaysOut:
    """They depend on the whole arm: where one joint cannot turn, none can be parked."""

    def __init__(self, servos: Servos, watches: Mapping[str, JointWatch], policy: FaultPolicy) -> None:
        """Args: the servos, who watches each, and the thresholds."""
        self.stuck: dict[str, Remedy] = {}  # what stood in the way of a recovery, by joint
        self._servos = servos
        self._watches = watches
        self.persistence = Persistence(servos, watches, policy)

    def cannot_park(self, faults: Mapping[str, Fault]) -> Fault | None:
        """A fault with which the arm cannot park: a joint would not follow, or does not know where it is."""
        stranded = [fault for fault in faults.values() if fault.cause in CANNOT_PARK]
        limp = [] if self._servos.can_turn else list(faults.values())
        return next(iter(stranded or limp), None)

    def of(self, fault: Fault) -> WayOut:
        """Out of one fault: of what its remedy names, the request that would succeed now; else to wait."""
        why = self.persistence.why(fault, look=False)
        named = next((step for step in fault.remedy.steps if step in _REQUESTS), Step.WAIT)
        axis = self._servos.axes[fault.joint]
        is_vain = bool(why) if named is Step.CLEAR_FAULTS else named is Step.TORQUE_OFF and not axis.torque
        return WayOut(fault.remedy, Step.WAIT if is_vain else named, why)

    def first(self, faults: Mapping[str, Fault], recovering: Container[str]) -> WayOut | None:
        """Out of the fault that has to be seen to first; None where there is none."""
        if not faults:
            return None
        waiting = [fault for fault in faults.values() if fault.joint not in recovering]
        return self.of(min(waiting, key=_turn)) if waiting else _RECOVERING

    def renew(self, faults: dict[str, Fault], targets: Mapping[str, float], *, is_blocked: bool) -> None:
        """Let each fault tell what recovers it now.

        Args:
            faults: by servo.
            targets: where joints were sent [rad] or [m].
            is_blocked: whether a joint came against something and backed off.
        """
        is_blocked |= any(fault.cause in _BLOCKED for fault in faults.values())
        let_down = SUPPORT if is_blocked or self.cannot_park(faults) else LET_DOWN
        for name, fault in faults.items():
            axis = self._servos.axes[name]
            remedy = self._remedy(axis, fault, targets.get(axis.wiring.joint, math.nan), let_down)
            if remedy != fault.remedy:
                faults[name] = replace(fault, remedy=remedy)

    def _remedy(self, axis: Axis, fault: Fault, target: float, let_down: Remedy) -> Remedy:
        usual = self.stuck.get(axis.name) or remedy_of(fault.cause)
        if self._servos.reader.is_missing(axis):
            return usual if fault.cause in OFFLINE else REPLUG_FIRST
        if axis.torque and axis.hardware_error:
            return let_down
        holds_beyond = axis.torque and math.isfinite(target) and self._watches[axis.name].beyond(target)
        return BRING_BACK if fault.cause is Cause.LIMIT and holds_beyond else usual


def _turn(fault: Fault) -> tuple[bool, bool, int]:
    """Whose remedy comes first: what is silent has to be heard, and an arm that is let down is cleared once."""
    is_silent = fault.remedy.steps[-1:] == (Step.WAIT,)
    return not is_silent, fault.remedy not in _LETTING_DOWN, fault.cause.gravity
