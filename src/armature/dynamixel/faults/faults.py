"""Which joints are at fault, which of them are being recovered, and which soon will be at fault."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from armature.core.health import Stage
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.faults.recovery_advice import RecoveryAdvisor
from armature.dynamixel.faults.supervision import BackOffState, Finding, Health, JointWatch
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.status.cause import OBSTRUCTED, OFFLINE, Cause, Reaction, causes_of
from armature.dynamixel.status.remedy import RecoveryStep, Remedy, remedy_of
from armature.dynamixel.status.states import Fault
from armature.dynamixel.tables.roles import Role
from armature.errors import BusError

LIMP = "its torque is off: it was reset, lost power, or another program turned it off"
_EASE = Remedy("reduce the load", RecoveryStep.BY_HAND)
_GUIDE_BACK = Remedy("guide it back into its range before it is to hold", RecoveryStep.BY_HAND)
_DONE = {
    Reaction.HOLD: "the motion ended at rest and every joint with torque holds",
    Reaction.BACK_OFF: "every joint with torque stopped, and it backed off",
    Reaction.STOP: "every joint with torque stopped and holds",
    Reaction.SLOW: "less speed is asked for",
    Reaction.PARK: "the arm stopped and is to park",
    Reaction.TORQUE_OFF: "its torque was turned off, every other joint with torque stopped and holds",
}
# Whatever the policy, what a silent servo does is not known.
_IF_SILENT = "every other joint that answers stopped and holds; whether this one holds is not known"
_NOTHING_TO_DO = "nothing was done, since torque was off"
_RECOVERY_TIME = 3.0  # how long a rebooted servo may stay silent [s]
_UPDATE_PERIOD = 1.0  # the figures of a warning [s]


class Faults:
    """The present fault of each joint; one of mere silence ends by itself, others have to be cleared."""

    def __init__(self, servos: Servos, watches: Mapping[str, JointWatch], policy: FaultPolicy) -> None:
        """Args: the servos, the watch of each joint, and the reactions to what is found."""
        self.by_joint: dict[str, Fault] = {}  # or by the name of a joint's second servo, as all below
        self.warnings: dict[tuple[str, Cause], Fault] = {}
        self.cut_by_policy: set[str] = set()  # joints whose torque a policy has turned off
        self.released: set[str] = set()  # joints whose torque was turned off on request, to guide them by hand
        self.is_slow = False  # whether a warning asks for less speed
        self._back_off = BackOffState()
        self._faulted_before: frozenset[str] = frozenset()  # joints that were at fault before this cycle
        self._servos = servos
        self._axes = servos.axes
        self._watches = watches
        self._policy = policy
        self.recovering: dict[str, float] = {}  # since when, by joint [s]
        self.advisor = RecoveryAdvisor(servos, watches, policy)
        self._retried: set[str] = set()  # joints whose recovery was tried since their fault was noted
        self._updated_at = 0.0  # the figures of the warnings [s]

    def clear(self) -> None:
        """Clear all faults."""
        self.by_joint.clear()
        self.cut_by_policy.clear()
        for joint in tuple(self.released):
            self.end_guiding(joint)
        self._retried.clear()
        self.advisor.failed_recoveries.clear()
        self.suspend()

    def suspend(self) -> None:
        """Suspend supervision while the bus is gone: faults that need clearing stay, those of silence do not."""
        self.by_joint = {joint: fault for joint, fault in self.by_joint.items() if fault.needs_clearing}
        self.warnings.clear()
        self.is_slow = False
        self.recovering.clear()
        for watch in self._watches.values():
            watch.reset()

    def watch(self, joint: str) -> JointWatch:
        """The watch of a joint."""
        return self._watches[joint]

    def begin_guiding(self, joint: str, *, is_limp: bool) -> None:
        """Expect a joint to be guided by hand from now on, limp or compliant."""
        if is_limp:
            self.released.add(joint)
        for axis in self._servos.servos_of(joint):
            self._watches[axis.name].is_guided = True

    def end_guiding(self, joint: str) -> None:
        """Expect a joint to hold again that was guided by hand."""
        self.released.discard(joint)
        for axis in self._servos.servos_of(joint):
            self._watches[axis.name].is_guided = False
            self._watches[axis.name].reset()

    def is_limp_on_purpose(self, axis: Axis) -> bool:
        """Whether a servo's torque was turned off on purpose, while the others hold."""
        return axis.wiring.joint in self.cut_by_policy or axis.wiring.joint in self.released

    def health(self) -> dict[str, Health]:
        """How each servo is doing."""
        return {joint: self._watches[joint].health(axis) for joint, axis in self._axes.items()}

    # What is found

    def update(
        self,
        targets: Mapping[str, float],
        now: float,
        *,
        torque_expected: bool,
        back_off: BackOffState,
        loads: Mapping[str, float],
    ) -> list[Fault]:
        """Find what is wrong with each joint now.

        Args:
            targets: where each joint was sent [rad] or [m]; none where it was not yet.
            now: [s].
            torque_expected: whether a joint without torque is at fault.
            back_off: which joints back off where they do not follow, and which are doing so.
            loads: what joints are known to carry [N·m] or [N].

        Returns:
            Faults that are new.
        """
        new: list[Fault] = []
        self._back_off = back_off
        self._faulted_before = frozenset(self._axes[name].wiring.joint for name in self.by_joint)
        warned: dict[tuple[str, Cause], Finding] = {}
        for name, axis in self._axes.items():
            target = targets.get(axis.wiring.joint, math.nan)
            load = loads.get(axis.wiring.joint, math.nan) / axis.wiring.motors
            for finding in self._findings(axis, target, now, torque_expected, load):
                if finding.cause in OBSTRUCTED and axis.wiring.joint in back_off.active:
                    continue
                if finding.stage < Stage.STOP or self.reaction(axis, finding.cause) is Reaction.SLOW:
                    warned[name, finding.cause] = finding
                elif fault := self.note(axis, finding.cause, finding.detail, now, torque_expected=torque_expected):
                    new.append(fault)
        self._warn(warned, now)
        if self.by_joint:
            self.advisor.update_remedies(self.by_joint, targets, is_blocked=back_off.is_blocked)
        return [replace(fault, remedy=self.by_joint[fault.joint].remedy) for fault in new]

    def reaction(self, axis: Axis, cause: Cause) -> Reaction:
        """What is done now about a cause at a servo."""
        reaction = self._policy.reaction(cause)
        is_fault = (
            reaction is Reaction.BACK_OFF
            and axis.wiring.joint not in self._back_off.allowed - self._faulted_before
        )
        return Reaction.STOP if is_fault else reaction

    def _findings(
        self, axis: Axis, target: float, now: float, torque_expected: bool, load: float
    ) -> Iterator[Finding]:
        joint = axis.name
        if now - self.recovering.get(joint, now) > _RECOVERY_TIME:
            self.end_recovery(joint)
        for cause in causes_of(axis.hardware_error):
            self.end_recovery(joint)
            if self._supersedes(joint, cause):
                had_torque = torque_expected and not self.is_limp_on_purpose(axis)
                yield Finding(cause, Stage.STOP, self._error_detail(axis, cause, had_torque))
        if joint in self.recovering:
            return
        if self._servos.reader.is_missing(axis):
            gone = self._servos.bus.disconnect_reason(axis.wiring.servo_id)
            yield Finding(Cause.DISCONNECTED if gone else Cause.MISSING, Stage.STOP, gone or axis.silence_reason)
            return
        if axis.lost_turns:
            yield Finding(Cause.MULTI_TURN_POSITION_LOST, Stage.STOP, axis.describe_lost_turns())
            return
        if torque_expected and axis.torque is False and not self.is_limp_on_purpose(axis):
            yield Finding(Cause.SILENT_RESET, Stage.STOP, self._describe_limp())
        yield from self._watches[joint].update(axis, target, now, load)

    def _describe_limp(self) -> str:
        """Why a servo is limp that should hold; where few hold, it is they that are strange."""
        holding = [name for name, other in self._servos.axes.items() if other.torque and not other.misses]
        if holding and 2 * len(holding) < len(self._servos.axes):
            hold = "hold" if holding[1:] else "holds"
            return f"its torque is off, while {', '.join(holding)} {hold}: they were not turned on together"
        return LIMP

    def _error_detail(self, axis: Axis, cause: Cause, had_torque: bool) -> str:
        figures = ""
        with suppress(BusError):  # what was read in its turn may be older than the error
            figures = self._figures(axis, cause)
        without = "has cut its torque" if had_torque else "has no torque, as before"
        return f"the servo reports it{figures} and {'keeps its torque' if axis.torque else without}"

    def _figures(self, axis: Axis, cause: Cause) -> str:
        bounds, measure = axis.protection, self._servos.registers.measure
        if cause is Cause.OVERHEATING:
            return f" at {measure(axis, Role.PRESENT_TEMPERATURE):.0f} °C, limit {bounds.temperature:.0f} °C,"
        if cause is Cause.INPUT_VOLTAGE:
            value = measure(axis, Role.PRESENT_VOLTAGE)
            return f" at {value:.1f} V, {bounds.lowest_voltage:.1f} to {bounds.highest_voltage:.1f} V are allowed,"
        return ""

    def _warn(self, found: Mapping[tuple[str, Cause], Finding], now: float) -> None:
        is_due = now - self._updated_at > _UPDATE_PERIOD
        self._updated_at = now if is_due else self._updated_at
        warnings: dict[tuple[str, Cause], Fault] = {}
        for key, finding in found.items():
            present = self.warnings.get(key)
            done = _DONE[Reaction.SLOW] if finding.stage >= Stage.SLOW else "nothing yet"
            if present is None or present.done != done:
                remedy = _GUIDE_BACK if finding.cause is Cause.LIMIT else _EASE
                warnings[key] = Fault(*key, finding.detail, done, remedy, needs_clearing=False, since=now)
            else:
                warnings[key] = replace(present, detail=finding.detail) if is_due else present
        self.warnings = warnings
        self.is_slow = any(finding.stage >= Stage.SLOW for finding in found.values())

    def note(
        self, axis: Axis, cause: Cause, detail: str, now: float, *, torque_expected: bool = True
    ) -> Fault | None:
        """Record a fault, unless one that is as grave is known; returns it if it is new."""
        joint = axis.name
        if not self._supersedes(joint, cause):
            known = self.by_joint[joint]
            if cause is known.cause and cause in OFFLINE:
                self.by_joint[joint] = replace(known, detail=detail)
            return None
        self._retried.discard(joint)
        fault = Fault(
            joint=joint,
            cause=cause,
            detail=detail,
            done=self._reaction_text(axis, cause) if torque_expected else _NOTHING_TO_DO,
            remedy=remedy_of(cause),  # `RecoveryAdvisor` considers the others too
            needs_clearing=cause not in OFFLINE,
            since=now,
        )
        self.by_joint[joint] = fault
        return fault

    def _reaction_text(self, axis: Axis, cause: Cause) -> str:
        return _IF_SILENT if cause in OFFLINE else _DONE[self.reaction(axis, cause)]

    def mark_not_parked(self, why: str) -> str:
        """Add to the faults whose policy is to park that the arm could not; returns the gravest in words."""
        done = f"{_DONE[Reaction.STOP]}; the arm could not park: {why}"
        asked = [fault for fault in self.by_joint.values() if self._policy.reaction(fault.cause) is Reaction.PARK]
        marked = [replace(fault, done=done) for fault in sorted(asked, key=lambda fault: fault.cause.gravity)]
        self.by_joint.update((fault.joint, fault) for fault in marked)
        return str(marked[0]) if marked else ""

    def _supersedes(self, joint: str, cause: Cause) -> bool:
        """Whether a cause replaces the known one: a graver one, or any after a recovery or a silence."""
        fault = self.by_joint.get(joint)
        if fault is None:
            return True
        if fault.cause is cause:
            return False
        return cause.gravity < fault.cause.gravity or fault.cause in OFFLINE or joint in self._retried

    # Recovery

    def begin_recovery(self, joint: str, now: float) -> None:
        """Begin to recover a joint, which may be silent or limp meanwhile without a fault."""
        self.recovering[joint] = now
        self.advisor.failed_recoveries.pop(joint, None)
        self._retried.add(joint)

    def end_recovery(self, joint: str) -> None:
        """End a joint's recovery, whether it succeeded or not."""
        self.recovering.pop(joint, None)

    def resolve(self, joint: str) -> Fault | None:
        """Resolve a joint's fault, and return it."""
        self.end_recovery(joint)
        self.cut_by_policy.discard(self._axes[joint].wiring.joint)
        self._retried.discard(joint)
        self.advisor.failed_recoveries.pop(joint, None)
        self._watches[joint].reset()
        return self.by_joint.pop(joint, None)
