"""Advice on faults: the remedy, the request of it that would succeed now, and what it waits for."""

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
    CHECK_BUS,
    LET_DOWN,
    REPLUG_FIRST,
    SUPPORT,
    RecoveryStep,
    Remedy,
    remedy_of,
)
from armature.dynamixel.status.states import BEING_RECOVERED, Fault, RecoveryAdvice

_RECOVERING = RecoveryAdvice(
    Remedy(f"wait, {BEING_RECOVERED}", RecoveryStep.WAIT), RecoveryStep.WAIT, BEING_RECOVERED
)
# What the page and other programs can ask for; the rest is done by hand.
_REQUESTS = (RecoveryStep.TORQUE_OFF, RecoveryStep.DISABLE, RecoveryStep.CLEAR_FAULTS)
# With these something is in the way of a joint, and of its way to park.
_BLOCKED = (Cause.LIMIT, Cause.BLOCKED, Cause.FOLLOWING_ERROR, Cause.CONTACT)
_LETTING_DOWN = (LET_DOWN, SUPPORT, BRING_BACK)


class RecoveryAdvisor:
    """Advises on faults by the state of the whole arm: where one joint cannot turn, none can be parked."""

    def __init__(self, servos: Servos, watches: Mapping[str, JointWatch], policy: FaultPolicy) -> None:
        """Args: the servos, who watches each, and the thresholds."""
        self.failed_recoveries: dict[str, Remedy] = {}  # remedies of recoveries that failed, by joint
        self._servos = servos
        self._watches = watches
        self.persistence = Persistence(servos, watches, policy)

    def find_parking_blocker(self, faults: Mapping[str, Fault]) -> Fault | None:
        """The fault that keeps the arm from parking: a joint would not follow, or its position is unknown."""
        stranded = [fault for fault in faults.values() if fault.cause in CANNOT_PARK]
        limp = [] if self._servos.all_joints_have_torque else list(faults.values())
        return next(iter(stranded or limp), None)

    def is_arm_limp(self, faults: Mapping[str, Fault]) -> bool:
        """Whether every servo of several has lost its torque, which is not the matter of one of them."""
        limp = [fault for fault in faults.values() if fault.cause is Cause.SILENT_RESET]
        return len(limp) == len(self._servos.axes) > 1

    def is_bus_silent(self, faults: Mapping[str, Fault]) -> bool:
        """Whether none of several servos answers, which the cable of one does not explain."""
        axes = self._servos.axes
        return len(axes) > 1 and all(
            name in faults and faults[name].cause is Cause.MISSING and not axis.foreign_model
            for name, axis in axes.items()
        )

    def advise(self, fault: Fault, recovering: Container[str] = ()) -> RecoveryAdvice:
        """Advice on one fault: of what its remedy names, the request that would succeed now; else to wait."""
        if fault.joint in recovering:
            return _RECOVERING
        why = self.persistence.describe(fault, reread=False)
        named = next((step for step in fault.remedy.steps if step in _REQUESTS), RecoveryStep.WAIT)
        axis = self._servos.axes[fault.joint]
        is_vain = (
            bool(why)
            if named is RecoveryStep.CLEAR_FAULTS
            else named is RecoveryStep.TORQUE_OFF and not axis.torque
        )
        return RecoveryAdvice(fault.remedy, RecoveryStep.WAIT if is_vain else named, why)

    def advise_most_urgent(self, faults: Mapping[str, Fault], recovering: Container[str]) -> RecoveryAdvice | None:
        """Advice on the fault that has to be recovered first; None where there is none."""
        if not faults:
            return None
        waiting = [fault for fault in faults.values() if fault.joint not in recovering]
        return self.advise(min(waiting, key=_urgency)) if waiting else _RECOVERING

    def update_remedies(self, faults: dict[str, Fault], targets: Mapping[str, float], *, is_blocked: bool) -> None:
        """Bring the remedy of each fault up to date.

        Args:
            faults: by servo.
            targets: where joints were sent [rad] or [m].
            is_blocked: whether a joint came against something and backed off.
        """
        is_blocked |= any(fault.cause in _BLOCKED for fault in faults.values())
        let_down = SUPPORT if is_blocked or self.find_parking_blocker(faults) else LET_DOWN
        for name, fault in faults.items():
            axis = self._servos.axes[name]
            if fault.cause is Cause.MISSING and self.is_bus_silent(faults):
                faults[name] = replace(fault, remedy=CHECK_BUS)
                continue
            remedy = self._remedy(axis, fault, targets.get(axis.wiring.joint, math.nan), let_down)
            if remedy != fault.remedy:
                faults[name] = replace(fault, remedy=remedy)

    def _remedy(self, axis: Axis, fault: Fault, target: float, let_down: Remedy) -> Remedy:
        usual = self.failed_recoveries.get(axis.name) or remedy_of(fault.cause)
        if self._servos.reader.is_missing(axis):
            return usual if fault.cause in OFFLINE else REPLUG_FIRST
        if axis.torque and axis.hardware_error:
            return let_down
        holds_beyond = (
            axis.torque and math.isfinite(target) and self._watches[axis.name].describe_limit_violation(target)
        )
        return BRING_BACK if fault.cause is Cause.LIMIT and holds_beyond else usual


def _urgency(fault: Fault) -> tuple[bool, bool, int]:
    """Sort key: a silent servo has to answer first, and an arm that is let down is cleared once."""
    is_silent = fault.remedy.steps[-1:] == (RecoveryStep.WAIT,)
    return not is_silent, fault.remedy not in _LETTING_DOWN, fault.cause.gravity
