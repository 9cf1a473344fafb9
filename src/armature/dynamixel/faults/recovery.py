"""The recovery of a joint that was at fault: per cause, per joint, and not while the cause persists."""

from __future__ import annotations

from armature.core.recovery_commands import CLEAR, ENABLE
from armature.dynamixel.faults.faults import LIMP, Faults
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.motion.setpoints import Setpoints
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.status.cause import NOT_FOLLOWING, Cause
from armature.dynamixel.status.remedy import LET_DOWN, SUPPORT, RecoveryStep, Remedy
from armature.errors import BusError, CommandRefused, listed, named

_RETURNS_WITHIN = 60.0  # [s]
_REMOVE = Remedy(
    f"remove the cause, then run {CLEAR}", RecoveryStep.BY_HAND, RecoveryStep.WAIT, RecoveryStep.CLEAR_FAULTS
)


class Recovery:
    """Reboots servos with a latched error, restores those that were reset, rejoins silent ones; nothing jumps."""

    def __init__(self, servos: Servos, setpoints: Setpoints, faults: Faults, policy: FaultPolicy) -> None:
        """Args: the servos, their set-points, their faults, and the thresholds."""
        self._servos = servos
        self._axes = servos.axes
        self._registers = servos.registers
        self._setpoints = setpoints
        self._faults = faults
        self._policy = policy
        self._persistence = faults.advisor.persistence
        self._returns: dict[str, list[float]] = {}  # when each joint came back by itself [s]

    def begin(self, now: float) -> str:
        """Begin to recover every joint at fault whose cause is gone; the next cycles continue it.

        Returns:
            What is being done, and what is not yet.

        Raises:
            CommandRefused: every cause persists, with the values and the bounds.
            BusError: a servo did not take its reboot.
        """
        faults = list(self._faults.by_joint.values())
        persisting = {
            fault.joint: why for fault in faults if (why := self._persistence.describe(fault, reread=True))
        }
        begun = [fault for fault in faults if fault.joint not in persisting]
        if not begun:
            raise CommandRefused("clear_faults", "; ".join(persisting.values()), self._remedy())
        for fault in begun:
            self._begin(self._axes[fault.joint], now)
        return "; ".join([f"recovering {', '.join(fault.joint for fault in begun)}", *persisting.values()])

    def reboot(self, joint: str, now: float) -> str:
        """Reboot one servo, then restore it, with torque where the others have theirs.

        Returns:
            What is being done.

        Raises:
            CommandRefused: no such joint, or it does not answer, or holds a load that it would let fall, or the
                cause of its fault persists.
            BusError: the servo did not take it.
        """
        axis = self._axes.get(joint)
        if axis is None:
            raise CommandRefused("reboot", f"there is no joint {joint}", listed("joints", self._axes))
        partner = axis.partner
        fault = self._faults.by_joint.get(joint)
        if self._servos.reader.is_missing(axis):
            remedy = Remedy("check cable and power", RecoveryStep.BY_HAND, RecoveryStep.WAIT)
            raise CommandRefused("reboot", f"{joint} does not answer", remedy)
        if axis.torque:
            why = f"{named(joint)} holds what hangs on it, and would let it fall"
            step = (
                RecoveryStep.DISABLE
                if self._faults.advisor.find_parking_blocker(self._faults.by_joint) is None
                else RecoveryStep.TORQUE_OFF
            )
            raise CommandRefused("reboot", why, Remedy.of(step, RecoveryStep.REBOOT))
        if partner is not None and partner.torque:
            why = f"{partner.name} holds the joint, and both get their torque together"
            raise CommandRefused("reboot", why, Remedy.of(RecoveryStep.CLEAR_FAULTS))
        self._require_turns("reboot", axis)
        if (
            fault is not None
            and fault.cause is not Cause.MULTI_TURN_POSITION_LOST
            and (why := self._persistence.describe(fault, reread=True))
        ):
            raise CommandRefused("reboot", why, _REMOVE)
        self._restart(axis)
        self._faults.begin_recovery(joint, now)
        return f"rebooting {joint}"

    def _begin(self, axis: Axis, now: float) -> None:
        if axis.hardware_error:
            self._restart(axis)
        self._faults.begin_recovery(axis.name, now)

    def _restart(self, axis: Axis) -> None:
        self._registers.reboot(axis)
        axis.hardware_error = 0
        axis.torque = False
        # It is silent for some tenths of a second; a probe finds it again.
        self._servos.reader.mark_missing(axis)

    # What keeps a servo from recovery

    def _remedy(self) -> Remedy:
        """What to do where every cause persists; an arm that has to be let down needs more than waiting."""
        if not any(axis.torque and axis.hardware_error for axis in self._axes.values() if not axis.misses):
            return _REMOVE
        if self._faults.advisor.find_parking_blocker(self._faults.by_joint) is None:
            return LET_DOWN
        return SUPPORT

    def _require_turns(self, request: str, axis: Axis) -> None:
        if why := axis.why_not_restart():
            raise CommandRefused(request, f"{axis.name}: {why}", Remedy("then ask again", RecoveryStep.BY_HAND))

    # With the cycles

    def update(self, now: float, *, torque_expected: bool) -> list[str]:
        """Finish what can be finished; returns messages of what has happened."""
        messages = [self._restore(axis) for axis in self._to_restore()]
        return messages + [self._rejoin(axis, now, torque_expected) for axis in self._to_rejoin()]

    def _to_restore(self) -> list[Axis]:
        """Servos whose recovery can be finished: they answer."""
        return [self._axes[servo] for servo in self._faults.recovering if not self._axes[servo].misses]

    def _to_rejoin(self) -> list[Axis]:
        """Servos that only were silent, and answer again."""
        silent = [servo for servo, fault in self._faults.by_joint.items() if not fault.needs_clearing]
        well = [self._axes[servo] for servo in silent if servo not in self._faults.recovering]
        return [axis for axis in well if not axis.misses]

    def _may_return(self, servo: str, now: float) -> bool:
        """Whether a servo that was silent may rejoin by itself once more; a loose plug has to be fixed."""
        recent = [at for at in self._returns.get(servo, []) if now - at < _RETURNS_WITHIN]
        self._returns[servo] = [*recent, now]
        return len(recent) < self._policy.returns

    def _rejoin(self, axis: Axis, now: float, torque_expected: bool) -> str:
        """Rejoin a servo that was silent, as it is: holding with its own goal, or limp."""
        joint = axis.name
        try:
            must_hold = torque_expected and not self._faults.is_limp_on_purpose(axis)
            reset = LIMP if must_hold and not axis.torque else self._difference(axis)
            if reset:
                self._faults.note(axis, Cause.SILENT_RESET, reset, now, torque_expected=torque_expected)
                return str(self._faults.by_joint[joint])
            if axis.torque:
                self._setpoints.hold(self._servos.adopt_setpoint(axis.wiring.joint))
        except BusError as error:
            return f"{joint}: {error}"  # the next cycle tries again
        if not self._may_return(joint, now):
            often = (
                f"it stopped answering more than {self._policy.returns:g} times within a minute, and answers again"
            )
            self._faults.note(axis, Cause.COMMUNICATION, often, now, torque_expected=torque_expected)
            return str(self._faults.by_joint[joint])
        self._faults.resolve(joint)
        return f"{joint}: recovered: it answers again"

    def _difference(self, axis: Axis) -> str:
        try:
            return self._servos.preparation.describe_difference(axis)
        except CommandRefused as error:
            return str(error)

    def _restore(self, axis: Axis) -> str:
        """Give a servo its RAM again, and its torque where the others have theirs."""
        joint = axis.name
        try:
            self._servos.preparation.restore(axis)
            if axis.lost_turns:
                raise CommandRefused("recovery", axis.describe_lost_turns(), "see its fault")
            if not axis.torque and any(other.torque for other in self._axes.values()):
                self._servos.switch.on(self._limp_together(axis))
                self._faults.end_guiding(axis.wiring.joint)
                self._setpoints.hold(self._servos.adopt_setpoint(axis.wiring.joint))
            elif axis.torque and self._cause(joint) in NOT_FOLLOWING:
                self._setpoints.hold(self._servos.adopt_setpoint(axis.wiring.joint))
        except (BusError, CommandRefused) as error:
            self._faults.end_recovery(joint)
            if isinstance(error, CommandRefused):
                self._faults.advisor.failed_recoveries[joint] = _then_clear(error.remedy)
            return f"{joint}: recovery failed: {error}"
        self._faults.resolve(joint)
        self._returns.pop(joint, None)  # it was recovered on request: its earlier returns do not count any more
        return f"{joint}: recovered"

    def _limp_together(self, axis: Axis) -> list[Axis]:
        """A limp servo, with the other one of its joint if that is limp and well."""
        other = axis.partner
        if other is None or other.torque or self._cause(other.name) is not None:
            return [axis]
        return [axis, other]

    def _cause(self, joint: str) -> Cause | None:
        fault = self._faults.by_joint.get(joint)
        return fault.cause if fault is not None else None


def _then_clear(remedy: str) -> Remedy:
    """What a recovery was refused with, and to clear again in place of enabling."""
    if ENABLE in remedy:
        return Remedy(remedy.replace(ENABLE, CLEAR), RecoveryStep.BY_HAND, RecoveryStep.CLEAR_FAULTS)
    return Remedy.of(remedy, RecoveryStep.CLEAR_FAULTS)
