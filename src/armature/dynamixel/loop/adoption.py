"""The start, and each return of the bus: which servos are there, and what they are doing. Nothing moves."""

from __future__ import annotations

from collections.abc import Container, Iterable

from armature.dynamixel.loop.parts import LoopParts
from armature.dynamixel.loop.reactions import Reactions
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.presence import check_presence, mute_servo, ping_each
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.errors import ArmatureError, ServoTimeout


class Adoption:
    """Adopts servos as they are found: limp, or holding with goals of their own."""

    def __init__(self, parts: LoopParts, reactions: Reactions, *, resumes: bool) -> None:
        """Args: the loop's parts, the reactions, and whether a loop before this one served the servos."""
        self._parts = parts
        self._reactions = reactions
        self._servos = parts.servos
        self._commanded = parts.commanded
        self._resumes = resumes

    def begin(self, now: float) -> None:
        """Open the bus, check which servos are there, adopt what they are doing.

        At the first start every servo must be there; at a return those that are there go on.

        Raises:
            PortError, BusMismatch, ServoTimeout, CorruptPacket, ServoRefused.
            CommandRefused: a servo is not set up for its joint, or answers pings alone; nothing was written.
        """
        axes, bus = self._servos.axes.values(), self._parts.bus
        was_on = any(axis.torque for axis in axes)
        bus.open(allow_missing=self._resumes)
        try:
            absent = check_presence(bus, [axis.wiring for axis in axes], allow_missing=self._resumes)
            self._require_answers(absent)
            self._read_all(absent, now)
            self._adopt([axis for axis in axes if not axis.misses], now, was_on)
        except ArmatureError:
            bus.close()
            raise
        self._resumes = True

    def _read_all(self, absent: Iterable[int], now: float) -> None:
        for axis in self._servos.axes.values():
            axis.misses = 0
            if axis.wiring.servo_id in absent:
                self._servos.reader.mark_missing(axis)
        self._servos.reader.read_all(now)

    def _require_answers(self, absent: Container[int]) -> None:
        """Refuse at the first start a servo that answers a ping and nothing else, which no cable is to blame for.

        Raises:
            CommandRefused: names it.
        """
        for axis in self._servos.axes.values() if not self._resumes else ():
            try:
                if axis.wiring.servo_id not in absent:
                    self._servos.registers.read(axis, Role.TORQUE_ENABLE)
            except ServoTimeout:
                if ping_each(self._parts.bus, (axis.wiring.servo_id,)):
                    raise mute_servo(f"start of {axis.name}", axis.wiring) from None

    def _adopt(self, present: list[Axis], now: float, was_on: bool) -> None:
        trips = self._servos.watchdogs.trips
        self._parts.grip.adopt(present)
        self._parts.free_drive.compliances.adopt(present)
        self._servos.preparation.require_set_up(present)  # before anything is written
        for axis in present:
            self._servos.preparation.restore(axis, retain_gains=True)
        known = [axis for axis in present if not axis.lost_turns]
        points = {axis.wiring.joint: axis.position for axis in known if not axis.wiring.is_second}
        goals = {axis.name: self._servos.adopt_goal(axis) for axis in known if axis.torque}
        self._commanded.setpoints.hold({**points, **self._servos.setpoints_of(goals)})
        self._parts.faults.suspend()
        torque = self._servos.torque
        mode = Mode.DISABLED if torque == "off" and not was_on else Mode.HOLDING
        why = "ready" if torque == "off" else "the servos were holding; their goals are adopted"
        has_tripped = self._servos.watchdogs.trips > trips
        if has_tripped:
            why = "the servos received nothing and were stopped by their bus watchdog; they hold where they are"
        if keeping := self._describe_retained_gains(present):
            why += f"; until torque is off {keeping}"
        self._commanded.begin(mode, why)
        self._parts.missing_at_start.clear()
        self._parts.missing_at_start.update(axis.name for axis in self._servos.axes.values() if axis.misses)
        if has_tripped:
            self._commanded.cause = self._commanded.cause or Cause.BUS_WATCHDOG
        self._reactions.update(now)

    def _describe_retained_gains(self, present: list[Axis]) -> str:
        kept = {axis.name: self._servos.preparation.retained_gains(axis) for axis in present}
        return "; ".join(f"{name} keeps {gains}" for name, gains in kept.items() if gains)

    def adopt_late_servos(self) -> None:
        """Adopt servos that were missing at the start and answer now: one with torque may hold a load."""
        missing = self._parts.missing_at_start
        answering = [axis for axis in self._servos.axes.values() if axis.name in missing and not axis.misses]
        missing.difference_update(axis.name for axis in answering)
        holding = ", ".join(axis.name for axis in answering if axis.torque)
        if holding and self._commanded.mode is Mode.DISABLED:
            self._commanded.mode, self._commanded.why = Mode.HOLDING, f"{holding} came back and holds"
