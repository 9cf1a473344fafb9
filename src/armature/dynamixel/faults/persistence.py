"""Whether the cause of a joint's fault persists, and so keeps it from recovery."""

from __future__ import annotations

from collections.abc import Mapping

from armature.core.health import Stage
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.faults.supervision import JointWatch
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.eeprom import PROTECTION_ROLES, Protection
from armature.dynamixel.servo.pair import describe_mismatch
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.status.cause import Cause, causes_of
from armature.dynamixel.status.remedy import RESTORE_TURNS
from armature.dynamixel.status.states import Fault
from armature.dynamixel.tables.roles import Role


class Persistence:
    """Decides by what was read of a servo whether its fault may be cleared."""

    def __init__(self, servos: Servos, watches: Mapping[str, JointWatch], policy: FaultPolicy) -> None:
        """Args: the servos, their watches, and the thresholds."""
        self._servos = servos
        self._watches = watches
        self._policy = policy

    def describe(self, fault: Fault, *, reread: bool) -> str:
        """How a cause persists, in words; empty where it does not.

        Args:
            fault: with the cause.
            reread: whether temperature and voltage are read again, and the servo's own bounds of them.
        """
        axis = self._servos.axes[fault.joint]
        if self._servos.reader.is_missing(axis):
            why = self._servos.bus.disconnect_reason(axis.wiring.servo_id) or axis.silence_reason
            return f"{fault.joint}: {why}; check cable and power"
        found = [fault.cause, *causes_of(axis.hardware_error)]
        whys = [self._persisting(axis, cause, reread=reread) for cause in found]
        if axis.torque and axis.hardware_error:
            whys.append("it keeps its torque and its reboot would let it fall")
        elif axis.hardware_error:
            whys.append(axis.why_not_restart())
        return next((f"{fault.joint}: {why}" for why in whys if why), "")

    def _persisting(self, axis: Axis, cause: Cause, *, reread: bool) -> str:
        watch = self._watches[axis.name]
        health = watch.health(axis)
        if cause in (Cause.OVERHEATING, Cause.TEMPERATURE):
            return self._hot(axis, reread=reread)
        if cause is Cause.INPUT_VOLTAGE:
            return self._check_voltage(axis, reread=reread)
        if cause is Cause.MULTI_TURN_POSITION_LOST and axis.lost_turns:
            return f"{axis.describe_lost_turns()}; {RESTORE_TURNS}"
        if cause is Cause.ENCODER_MISMATCH:
            return describe_mismatch(axis, self._policy.encoder_mismatch)
        if cause is Cause.LIMIT:
            return "it was not read just now" if axis.misses else watch.describe_limit_violation(axis.position)
        if cause is Cause.COMMUNICATION and health.missed > self._policy.missed_share:
            return watch.describe_missing()
        light = self._policy.load.release(Stage.STOP)
        if cause is Cause.LOAD and health.load >= light:
            return f"still {health.load:.0%} of the stall torque; take load away until it is below {light:.0%}"
        return ""

    def _hot(self, axis: Axis, *, reread: bool) -> str:
        if reread:
            axis.temperature = self._reread(axis, Role.PRESENT_TEMPERATURE)
        limit = axis.protection.temperature
        cool = limit + self._policy.temperature.stop - self._policy.temperature.hysteresis
        if axis.temperature < cool:
            return ""
        return f"still {axis.temperature:.0f} °C, limit {limit:.0f} °C; let it cool below {cool:.0f} °C"

    def _check_voltage(self, axis: Axis, *, reread: bool) -> str:
        if reread:
            axis.voltage = self._reread(axis, Role.PRESENT_VOLTAGE)
        bounds = axis.protection
        if axis.voltage < bounds.lowest_voltage:
            return f"still {axis.voltage:.1f} V, minimum {bounds.lowest_voltage:.1f} V"
        if axis.voltage > bounds.highest_voltage:
            return f"still {axis.voltage:.1f} V, maximum {bounds.highest_voltage:.1f} V"
        return ""

    def _reread(self, axis: Axis, role: Role) -> float:
        """A measurement; also the servo's own bounds, since one that was read wrong would never let it recover."""
        registers = self._servos.registers
        axis.protection = Protection.of(axis.wiring.model, registers.read_many(axis, PROTECTION_ROLES))
        return registers.measure(axis, role)
