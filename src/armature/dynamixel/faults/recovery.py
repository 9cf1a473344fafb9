"""The way back of a joint that was at fault: per cause, per joint, and not while the cause persists."""

from __future__ import annotations

from armature.core.health import Stage
from armature.dynamixel.faults.faults import LIMP, Faults
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.motion.setpoints import Setpoints
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.pair import apart
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.status.cause import NOT_FOLLOWING, Cause, causes_of
from armature.dynamixel.status.remedy import LET_DOWN, RESTORE_TURNS, SUPPORT, Remedy, Step
from armature.dynamixel.status.states import Fault
from armature.dynamixel.tables.control_table import VOLTAGE_UNIT
from armature.errors import BusError, CommandRefused

_REMOVE = Remedy("remove the cause, then ask again", Step.BY_HAND, Step.WAIT, Step.CLEAR_FAULTS)


class Recovery:
    """Reboots what has latched an error, restores what was reset, takes back what was silent; nothing jumps."""

    def __init__(self, servos: Servos, setpoints: Setpoints, faults: Faults, policy: FaultPolicy) -> None:
        """Args: the servos, what they are asked to do, what is wrong with them, and the thresholds."""
        self._servos = servos
        self._axes = servos.axes
        self._registers = servos.registers
        self._setpoints = setpoints
        self._faults = faults
        self._policy = policy

    def begin(self, now: float) -> str:
        """Begin to recover every joint at fault whose cause is gone; it goes on with the cycles.

        Returns:
            What is being done, and what is not yet.

        Raises:
            CommandRefused: every cause persists, with the values and the bounds.
            BusError: a servo did not take its reboot.
        """
        faults = list(self._faults.by_joint.values())
        persisting = {fault.joint: why for fault in faults if (why := self._persists(fault))}
        begun = [fault for fault in faults if fault.joint not in persisting]
        if not begun:
            raise CommandRefused("clear_faults", "; ".join(persisting.values()), self._way_on())
        for fault in begun:
            self._begin(self._axes[fault.joint], now)
        return "; ".join([f"recovering {', '.join(fault.joint for fault in begun)}", *persisting.values()])

    def reboot(self, joint: str, now: float) -> str:
        """Start one servo anew, then restore it, with torque where the others have theirs.

        Returns:
            What is being done.

        Raises:
            CommandRefused: no such joint, or it does not answer, or holds a load that it would let fall, or the
                cause of its fault persists.
            BusError: the servo did not take it.
        """
        axis = self._axes.get(joint)
        if axis is None:
            raise CommandRefused("reboot", f"there is no joint {joint}", f"joints are {', '.join(self._axes)}")
        partner = axis.partner
        fault = self._faults.by_joint.get(joint)
        if self._servos.reader.is_missing(axis):
            remedy = Remedy("check cable and power", Step.BY_HAND, Step.WAIT)
            raise CommandRefused("reboot", f"{joint} does not answer", remedy)
        if axis.torque:
            why = f"{joint} holds what hangs on it, and would let it fall"
            step = Step.DISABLE if self._faults.advice.stranded(self._faults.by_joint) is None else Step.TORQUE_OFF
            raise CommandRefused(
                "reboot", why, Remedy("park the arm, or turn torque off, first", step, Step.REBOOT)
            )
        if partner is not None and partner.torque:
            why = f"{partner.name} holds the joint, and both get their torque together"
            remedy = Remedy("call clear_faults, which takes it back beside the other", Step.CLEAR_FAULTS)
            raise CommandRefused("reboot", why, remedy)
        self._require_turns_kept("reboot", axis)
        if (
            fault is not None
            and fault.cause is not Cause.MULTI_TURN_POSITION_LOST
            and (why := self._persists(fault))
        ):
            raise CommandRefused("reboot", why, _REMOVE)
        self._restart(axis)
        self._faults.recover(joint, now)
        return f"rebooting {joint}"

    def _begin(self, axis: Axis, now: float) -> None:
        if axis.hardware_error:
            self._restart(axis)
        self._faults.recover(axis.name, now)

    def _restart(self, axis: Axis) -> None:
        self._registers.reboot(axis)
        axis.hardware_error = 0
        axis.torque = False
        # It is silent for some tenths of a second; a probe finds it again.
        self._servos.reader.expect_silence(axis)

    # What still stands in the way

    def _way_on(self) -> Remedy:
        """What to do where every cause persists: an arm that is to be let down is not let down by waiting."""
        if not any(axis.torque and axis.hardware_error for axis in self._axes.values() if not axis.misses):
            return _REMOVE
        if self._faults.advice.stranded(self._faults.by_joint) is None:
            return Remedy("disable first, which parks it, then ask again", *LET_DOWN.steps)
        return SUPPORT

    def foresee(self, fault: Fault) -> str:
        """How a cause persists, by what was read last, in words; empty where it does not."""
        return self._persists(fault, look=False)

    def _persists(self, fault: Fault, *, look: bool = True) -> str:
        """How a cause persists, in words; empty where it does not.

        Args:
            fault: with the cause.
            look: whether temperature and voltage are read anew.
        """
        axis = self._axes[fault.joint]
        if self._servos.reader.is_missing(axis):
            why = self._servos.bus.why_gone(axis.wiring.servo_id) or axis.silence
            return f"{fault.joint}: {why}; check cable and power"
        found = [fault.cause, *causes_of(axis.hardware_error)]
        whys = [self._persisting(axis, cause, look=look) for cause in found]
        if axis.torque and axis.hardware_error:
            whys.append("it keeps its torque and its reboot would let it fall")
        elif axis.hardware_error:
            whys.append(self._forgets(axis))
        return next((f"{fault.joint}: {why}" for why in whys if why), "")

    def _forgets(self, axis: Axis) -> str:
        """What a servo would lose by starting anew, in words; empty where nothing."""
        return axis.what_a_start_loses(axis.own.homing_offset)

    def _require_turns_kept(self, request: str, axis: Axis) -> None:
        if why := self._forgets(axis):
            raise CommandRefused(request, f"{axis.name}: {why}", "then ask again")

    def _persisting(self, axis: Axis, cause: Cause, *, look: bool) -> str:
        watch = self._faults.watch(axis.name)
        health = watch.health(axis)
        if cause in (Cause.OVERHEATING, Cause.TEMPERATURE):
            return self._hot(axis, look=look)
        if cause is Cause.INPUT_VOLTAGE:
            return self._badly_powered(axis, look=look)
        if cause is Cause.MULTI_TURN_POSITION_LOST and axis.lost_turns:
            return f"{axis.what_was_lost()}; {RESTORE_TURNS}"
        if cause is Cause.ENCODER_MISMATCH:
            return apart(axis, self._policy.encoder_mismatch)
        if cause is Cause.LIMIT:
            return "it was not read just now" if axis.misses else watch.beyond(axis.position)
        if cause is Cause.COMMUNICATION and health.missed > self._policy.missed_share:
            return watch.missed()
        light = self._policy.load.release(Stage.STOP)
        if cause is Cause.LOAD and health.load >= light:
            return f"still {health.load:.0%} of the stall torque; take load away until it is below {light:.0%}"
        return ""

    def _hot(self, axis: Axis, *, look: bool) -> str:
        limit = axis.own.temperature
        cool = limit + self._policy.temperature.stop - self._policy.temperature.hysteresis
        if look:
            axis.temperature = float(self._registers.read(axis, "Present Temperature"))
        if axis.temperature < cool:
            return ""
        return f"still {axis.temperature:.0f} °C, limit {limit:.0f} °C; let it cool below {cool:.0f} °C"

    def _badly_powered(self, axis: Axis, *, look: bool) -> str:
        bounds = axis.own
        if look:
            axis.voltage = self._registers.read(axis, "Present Input Voltage") * VOLTAGE_UNIT
        if axis.voltage < bounds.lowest_voltage:
            return f"still {axis.voltage:.1f} V, minimum {bounds.lowest_voltage:.1f} V"
        if axis.voltage > bounds.highest_voltage:
            return f"still {axis.voltage:.1f} V, maximum {bounds.highest_voltage:.1f} V"
        return ""

    # With the cycles

    def go_on(self, now: float, *, torque_expected: bool) -> list[str]:
        """Finish what can be finished; returns what has happened."""
        news = [self._restore(axis) for axis in self._faults.to_restore()]
        return news + [self._rejoin(axis, now, torque_expected) for axis in self._faults.to_rejoin()]

    def _rejoin(self, axis: Axis, now: float, torque_expected: bool) -> str:
        """Take back a servo that was silent, as it is: holding with its own goal, or limp."""
        joint = axis.name
        try:
            must_hold = torque_expected and not self._faults.may_be_limp(axis)
            reset = LIMP if must_hold and not axis.torque else self._difference(axis)
            if reset:
                self._faults.note(axis, Cause.SILENT_RESET, reset, now, torque_expected=torque_expected)
                return str(self._faults.by_joint[joint])
            if axis.torque:
                self._setpoints.hold(self._servos.hold_of(axis.wiring.joint))
        except BusError as error:
            return f"{joint}: {error}"  # the next cycle tries again
        if not self._faults.may_return(joint, now):
            often = f"it was silent more than {self._policy.returns:g} times within a minute, and is there again"
            self._faults.note(axis, Cause.COMMUNICATION, often, now, torque_expected=torque_expected)
            return str(self._faults.by_joint[joint])
        self._faults.end(joint)
        return f"{joint}: recovered: it answers"

    def _difference(self, axis: Axis) -> str:
        try:
            return self._servos.preparation.difference(axis)
        except CommandRefused as error:
            return str(error)

    def _restore(self, axis: Axis) -> str:
        """Give a servo its RAM again, and its torque where the others have theirs."""
        joint = axis.name
        try:
            self._servos.preparation.restore(axis)
            if axis.lost_turns:
                raise CommandRefused("recovery", axis.what_was_lost(), "see its fault")
            if not axis.torque and any(other.torque for other in self._axes.values()):
                self._servos.switch.on(self._limp_together(axis))
                self._faults.hold(axis.wiring.joint)
                self._setpoints.hold(self._servos.hold_of(axis.wiring.joint))
            elif axis.torque and self._cause(joint) in NOT_FOLLOWING:
                self._setpoints.hold(self._servos.hold_of(axis.wiring.joint))
        except (BusError, CommandRefused) as error:
            self._faults.stop_recovery(joint)
            if isinstance(error, CommandRefused):
                self._faults.advice.stuck[joint] = Remedy.of(error.remedy, Step.CLEAR_FAULTS)
            return f"{joint}: recovery failed: {error}"
        self._faults.end(joint)
        self._faults.forgive(joint)
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
