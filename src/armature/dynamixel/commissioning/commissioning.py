"""Setting a new servo up by the wiring file: found at whatever address, and written with torque off."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace

from armature.core.model.arm import Limit
from armature.dynamixel.commissioning.inspection import MANY_DAMAGED, count_bad_reads
from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.discovery import FoundServo, Survey
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.presence import ping_each
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import ServoWiring
from armature.errors import CommandRefused, CorruptPacket, ServoRefused, ServoTimeout

# So far beyond its limits a joint may be, as a share of its span, before that is a fault (policy.py, "limit"). Up
# to there torque may come on where the joint is, and a servo refuses a goal beyond its own limits.
_SLACK = 0.05
_PINGS = 20  # of a servo whose address has changed
# By these a servo is found, so they are written last: an interrupted set-up can be repeated.
_ADDRESS = (Role.ID, Role.BAUD_RATE)

OpenBus = Callable[[int], AbstractContextManager[ServoBus]]
"""Opens the bus at a baud rate [bit/s], and closes it again."""


@dataclass(frozen=True)
class Presence:
    """Where the servo is that answers alone."""

    baud_rate: int  # [bit/s]
    found: FoundServo


@dataclass(frozen=True)
class Setting:
    """One register of the EEPROM: what it holds, and what it will."""

    model: ServoModel
    role: Role
    now: int
    wanted: int

    @property
    def register(self) -> str:
        """What the manual calls it."""
        return self.model.name_of(self.role)

    @property
    def differs(self) -> bool:
        """Whether it must be written."""
        return self.now != self.wanted

    def meaning(self, value: int) -> str:
        """One of its values in words; empty where the number says it all."""
        return self.model.meaning(self.role, value)


def only_servo(surveys: Iterable[Survey]) -> Presence:
    """The one servo that answers, at whatever rate.

    Raises:
        CommandRefused: nobody answers, several do, or answers are damaged.
    """
    seen = list(surveys)
    present = [Presence(survey.baud_rate, found) for survey in seen for found in survey.found]
    if len(present) > 1 or any(presence.found.answers > 1 for presence in present):
        servos = ", ".join(_describe_presence(presence) for presence in present)
        raise CommandRefused("setup", f"several servos answer: {servos}", "connect one servo at a time")
    if damaged := [survey for survey in seen if survey.damaged]:
        why = f"{damaged[0].damaged} answers at {damaged[0].baud_rate} bit/s are damaged"
        raise CommandRefused(
            "setup", why, "connect one servo at a time; if it is alone, check its cable and ground"
        )
    if not present:
        remedy = "check power and cable; one that speaks Protocol 1.0 must be changed to 2.0 first"
        raise CommandRefused("setup", "no servo answers at any baud rate", remedy)
    return present[0]


def _describe_presence(presence: Presence) -> str:
    found = presence.found
    times = "" if found.answers == 1 else f" ({found.answers} of them)"
    return f"id {found.servo_id} {found.model} at {presence.baud_rate} bit/s{times}"


def position_limits(servo: ServoWiring, limit: Limit) -> tuple[int, int]:
    """Least and greatest goal that the servo shall take [tick]: the URDF's limits and a little beyond."""
    register = servo.model[Role.MAX_POSITION_LIMIT]
    if not math.isfinite(limit.upper - limit.lower):
        return register.minimum, register.maximum
    slack = _SLACK * (limit.upper - limit.lower)
    ends = sorted((servo.to_ticks(limit.lower - slack), servo.to_ticks(limit.upper + slack)))
    lower, upper = (min(max(end, register.minimum), register.maximum) for end in ends)
    return lower, upper


def _limits(servo: ServoWiring, limit: Limit) -> dict[Role, int]:
    """The position limits' registers, which position control alone heeds (e-Manual, "Max Position Limit(48)")."""
    if servo.mode.counts_turns or not servo.model.has(Role.MAX_POSITION_LIMIT):
        return {}
    return dict(
        zip((Role.MIN_POSITION_LIMIT, Role.MAX_POSITION_LIMIT), position_limits(servo, limit), strict=True)
    )


class Commissioning:
    """One servo on its way to its joint."""

    def __init__(self, servo: ServoWiring, baud_rate: int, limit: Limit, open_bus: OpenBus) -> None:
        """Describe the target; nothing is opened yet.

        Args:
            servo: what the wiring file says.
            baud_rate: of the arm's bus [bit/s].
            limit: of the joint, by the URDF.
            open_bus: opens the bus.
        """
        self._servo = servo
        self._baud_rate = baud_rate
        self._limit = limit
        self._open_bus = open_bus

    def compare(self, presence: Presence) -> tuple[Setting, ...]:
        """Compare a servo with its target settings, in the order of writing; nothing is written.

        Raises:
            CommandRefused: it is of another model, is not alone, or has its torque on.
            BusError: it does not answer.
        """
        found = presence.found
        if found.model_number != self._servo.model.number:
            why = f"{found.model} answers, the wiring file wants {self._servo.model.name} for {self._servo.name}"
            raise CommandRefused("setup", why, "connect the right servo, or correct the wiring file")
        with self._open_bus(presence.baud_rate) as bus:
            axis = self._axis(found.servo_id)
            _require_alone(bus, axis)
            registers = Registers(bus)
            require_limp("setup", registers, axis)
            return compare_settings(registers, axis, self._registers_wanted())

    def write(
        self, presence: Presence, settings: Sequence[Setting], on_written: Callable[[Setting], object]
    ) -> int:
        """Write what differs, find the servo again where it then is, and read everything back.

        Args:
            presence: where it is now.
            settings: from compare().
            on_written: called with each setting that was written.

        Returns:
            How many registers were written.

        Raises:
            CommandRefused: its torque is on.
            ServoRefused: it refuses a value, or does not keep it.
            BusError: it does not answer; what is missing is written by the next attempt.
        """
        differing = [setting for setting in settings if setting.differs]
        with self._open_bus(presence.baud_rate) as bus:
            registers, axis = Registers(bus), self._axis(presence.found.servo_id)
            require_limp("setup", registers, axis)
            for setting in differing:
                if setting.role in _ADDRESS:
                    _write_address(registers, axis, setting)
                    axis = self._axis(self._servo.servo_id)
                    if setting.role is Role.ID:
                        _await(bus, self._servo.servo_id)
                else:
                    registers.write_verified(axis, setting.role, setting.wanted)
                on_written(setting)
        self._verify()
        return len(differing)

    def _verify(self) -> None:
        """Read everything back where the servo shall be now."""
        with self._open_bus(self._baud_rate) as bus:
            _await(bus, self._servo.servo_id)
            found = compare_settings(Registers(bus), self._axis(self._servo.servo_id), self._registers_wanted())
        for setting in found:
            if setting.differs:
                request = f"{setting.register} := {setting.wanted}"
                raise ServoRefused(self._servo.servo_id, request, f"it reads back {setting.now}")

    def _axis(self, servo_id: int) -> Axis:
        return Axis(replace(self._servo, servo_id=servo_id))

    def _registers_wanted(self) -> dict[Role, int]:
        model = self._servo.model
        wanted = {
            Role.RETURN_DELAY: 0,
            Role.DRIVE_MODE: 0,
            Role.OPERATING_MODE: model.modes[self._servo.mode],
            Role.SHADOW_ID: model.default(Role.SHADOW_ID),
            Role.HOMING_OFFSET: 0,
            **_limits(self._servo, self._limit),
            Role.ID: self._servo.servo_id,
            Role.BAUD_RATE: model.baud_index("baud rate", self._baud_rate),
        }
        return {role: value for role, value in wanted.items() if model.has(role)}


def compare_settings(registers: Registers, axis: Axis, wanted: Mapping[Role, int]) -> tuple[Setting, ...]:
    """What registers hold and what they shall hold.

    Raises:
        BusError: the servo does not answer.
    """
    found = registers.read_many(axis, wanted)
    model = axis.wiring.model
    return tuple(
        Setting(model, role, found[role], _keep_if_equivalent(model, role, found[role], value))
        for role, value in wanted.items()
    )


def _keep_if_equivalent(model: ServoModel, role: Role, now: int, wanted: int) -> int:
    """Several values switch a shadow id off; EEPROM is not worn for another of them."""
    return now if role is Role.SHADOW_ID and now >= model.no_shadow else wanted


def narrow_limits(registers: Registers, servo: ServoWiring, limit: Limit) -> tuple[Setting, ...]:
    """Position limits with which a servo refuses goals that the URDF allows; empty where it takes them all.

    Raises:
        BusError: the servo does not answer.
    """
    settings = compare_settings(registers, Axis(servo), _limits(servo, limit))
    if not settings:
        return ()
    lowest, highest = settings
    ends = [servo.to_ticks(end) for end in (limit.lower, limit.upper) if math.isfinite(end)]
    too_high = (lowest,) if any(end < lowest.now for end in ends) else ()
    too_low = (highest,) if any(end > highest.now for end in ends) else ()
    return too_high + too_low


def require_limp(request: str, registers: Registers, axis: Axis) -> None:
    """Refuse a servo that holds something.

    Raises:
        CommandRefused: its torque is on.
        BusError: it does not answer.
    """
    if registers.read(axis, Role.TORQUE_ENABLE):
        raise torque_on_refusal(request, axis)


def torque_on_refusal(request: str, axis: Axis) -> CommandRefused:
    """Why a servo that has its torque on is left alone."""
    why = f"the torque of id {axis.wiring.servo_id} is on, it may hold a load"
    remedy = "support the arm, then switch the servo's power off and on (a graph parks it: armature down)"
    return CommandRefused(request, why, remedy)


def _require_alone(bus: ServoBus, axis: Axis) -> None:
    damaged, _ = count_bad_reads(bus, axis.wiring)
    if damaged > MANY_DAMAGED:
        why = f"{damaged} answers of id {axis.wiring.servo_id} are damaged, so several servos may have this id"
        raise CommandRefused(
            "setup", why, "connect one servo at a time; if it is alone, check its cable and ground"
        )


def _await(bus: ServoBus, servo_id: int) -> None:
    """Ping a servo that has just changed its address until it answers.

    Raises:
        ServoTimeout: it does not.
    """
    if not any(ping_each(bus, (servo_id,)) for _ in range(_PINGS)):
        raise ServoTimeout((servo_id,), "calls after its address was changed")


def _write_address(registers: Registers, axis: Axis, setting: Setting) -> None:
    """Write id or baud rate; the answer may come from where the servo was, or not be understood any more.

    Raises:
        ServoRefused: the servo does not take it.
        PortError: the port is gone.
    """
    with suppress(ServoTimeout, CorruptPacket):
        registers.write(axis, setting.role, setting.wanted)
