"""Setting a new servo up by the wiring file: found at whatever address, and written with torque off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace

from armature.core.model.arm import Limit
from armature.dynamixel.commissioning.inspection import MANY_DAMAGED, count_bad_reads
from armature.dynamixel.commissioning.settings import Setting, compare_settings, wanted_settings
from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.discovery import FoundServo, Survey
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.presence import ANSWERS_ALL, mute_servo, ping_each
from armature.dynamixel.servo.registers import Registers, with_retries
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import ServoWiring
from armature.errors import CommandRefused, CorruptPacket, ServoRefused, ServoTimeout

FACTORY_ID = 1  # of a new servo (e-Manual, "ID(7)")
FACTORY_RATE = 57_600  # [bit/s] (e-Manual, "Baud Rate(8)")
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
        self._require_model(presence.found)
        with self._open_bus(presence.baud_rate) as bus:
            return self._compare_on(bus, self._axis(presence.found.servo_id))

    def compare_mounted(self) -> tuple[Presence, tuple[Setting, ...]]:
        """The same of a servo of an assembled arm, beside others: what moves its joint's zero or sign stays.

        Raises:
            CommandRefused: it is of another model, another one has its id, or its torque is on.
            BusError: it does not answer.
        """
        with self._open_bus(self._baud_rate) as bus:
            servo_id = self._servo.servo_id
            found = FoundServo(servo_id, with_retries(lambda: bus.ping(servo_id)), 0)
            self._require_model(found)
            settings = self._compare_on(bus, self._axis(servo_id))
        kept = tuple(setting.keeping_place() for setting in settings if setting.role is not Role.HOMING_OFFSET)
        return Presence(self._baud_rate, found), kept

    def _require_model(self, found: FoundServo) -> None:
        if found.model_number != self._servo.model.number:
            why = f"{found.model} answers, the wiring file wants {self._servo.model.name} for {self._servo.name}"
            raise CommandRefused("setup", why, "connect the right servo, or correct the wiring file")

    def _compare_on(self, bus: ServoBus, axis: Axis) -> tuple[Setting, ...]:
        registers = Registers(bus)
        _require_answers(bus, registers, axis)
        _require_alone(bus, axis)
        require_limp("setup", registers, axis)
        return compare_settings(registers, axis, wanted_settings(self._servo, self._baud_rate, self._limit))

    def wake(self, presence: Presence) -> None:
        """Let a servo answer every request until it loses power, where it answered pings alone.

        Raises:
            ServoTimeout: it goes on answering pings alone.
        """
        with self._open_bus(presence.baud_rate) as bus:
            axis = self._axis(presence.found.servo_id)
            _write_unanswered(Registers(bus), axis, Role.STATUS_RETURN_LEVEL, ANSWERS_ALL)
            Registers(bus).read(axis, Role.TORQUE_ENABLE)

    def write(
        self,
        presence: Presence,
        settings: Sequence[Setting],
        on_written: Callable[[Setting], object],
        *,
        is_mounted: bool = False,
    ) -> int:
        """Write what differs, find the servo again where it then is, and read everything back.

        Args:
            presence: where it is now.
            settings: from compare(), or compare_mounted().
            on_written: called with each setting that was written.
            is_mounted: whether they are from compare_mounted(), which leaves some registers as they are.

        Returns:
            How many registers were written.

        Raises:
            CommandRefused: its torque is on, or it is not the servo that was compared.
            ServoRefused: it refuses a value, or does not keep it.
            BusError: it does not answer; what is missing is written by the next attempt.
        """
        differing = [setting for setting in settings if setting.differs]
        with self._open_bus(presence.baud_rate) as bus:
            registers, axis = Registers(bus), self._axis(presence.found.servo_id)
            require_limp("setup", registers, axis)
            self._require_unchanged(bus, presence, settings)
            for setting in differing:
                if setting.role is Role.STATUS_RETURN_LEVEL:
                    _write_unanswered(registers, axis, setting.role, setting.wanted)
                elif setting.role in _ADDRESS:
                    _write_unanswered(registers, axis, setting.role, setting.wanted)
                    axis = self._axis(self._servo.servo_id)
                    if setting.role is Role.ID:
                        _await(bus, self._servo.servo_id)
                else:
                    registers.write_verified(axis, setting.role, setting.wanted)
                on_written(setting)
        whole = {} if is_mounted else wanted_settings(self._servo, self._baud_rate, self._limit)
        self._verify({**whole, **{setting.role: setting.wanted for setting in settings}})
        return len(differing)

    def _require_unchanged(self, bus: ServoBus, presence: Presence, settings: Sequence[Setting]) -> None:
        """Refuse another servo than the one that was shown: somebody may have changed it at the question."""
        servo_id = presence.found.servo_id
        number = with_retries(lambda: bus.ping(servo_id))
        found = Registers(bus).read_many(self._axis(servo_id), [setting.role for setting in settings])
        if number != presence.found.model_number or any(found[each.role] != each.now for each in settings):
            why = f"what id {servo_id} holds is no longer what was shown"
            raise CommandRefused("setup", why, "nothing was written; leave the servo connected, and run it again")

    def _verify(self, wanted: Mapping[Role, int]) -> None:
        """Read everything back where the servo shall be now."""
        with self._open_bus(self._baud_rate) as bus:
            _await(bus, self._servo.servo_id)
            found = compare_settings(Registers(bus), self._axis(self._servo.servo_id), wanted)
        for setting in found:
            if setting.differs:
                request = f"{setting.register} := {setting.wanted}"
                raise ServoRefused(self._servo.servo_id, request, f"it reads back {setting.now}")

    def _axis(self, servo_id: int) -> Axis:
        return Axis(replace(self._servo, servo_id=servo_id))


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


def _require_answers(bus: ServoBus, registers: Registers, axis: Axis) -> None:
    """Refuse a servo that answers pings and nothing else.

    Raises:
        CommandRefused: it does.
        BusError: it answers nothing.
    """
    try:
        registers.read(axis, Role.TORQUE_ENABLE)
    except ServoTimeout:
        if ping_each(bus, (axis.wiring.servo_id,)):
            raise mute_servo("setup", axis.wiring) from None
        raise


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


def _write_unanswered(registers: Registers, axis: Axis, role: Role, value: int) -> None:
    """Write what decides about answers: they may not come, or from where the servo was, or not be understood.

    Raises:
        ServoRefused: the servo does not take it.
        PortError: the port is gone.
    """
    with suppress(ServoTimeout, CorruptPacket):
        registers.write(axis, role, value)
