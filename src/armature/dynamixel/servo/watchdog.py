"""The servos' own Bus Watchdog: a servo that receives nothing stops by itself, without an error.

Source: e-Manual, "Bus Watchdog(98)": unit 20 ms; when the time is over the servo stops, the register reads -1 and
goals cannot be written until 0 is. It is RAM, so it is enabled with torque and disabled with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.tables.model import MAX_DEFLECTION
from armature.dynamixel.tables.roles import Feature, OperatingMode, Role
from armature.errors import BusError, ImplausibleAnswer

_OFF = 0
_MAX_OFFSET = math.radians(0.5)  # of the servo's horn; promise 2 counts half a degree as a jump
_HOLDING = (
    *(Role.POSITION_I_GAIN, Role.POSITION_P_GAIN, Role.GOAL_POSITION, Role.PRESENT_PWM),
    *(Role.PRESENT_POSITION,),
)


class BusWatchdogs:
    """Enables, disables and recovers the watchdogs; the cycle's own traffic feeds them.

    In current control a tripped servo goes limp, so there it is never the only guard: this loop refuses that mode.
    """

    def __init__(self, bus: Bus, registers: Registers, time: float) -> None:
        """Args: the open bus, its registers, and the time [s], 0 to leave it off."""
        self.states: dict[str, str] = {}  # in words, by servo
        self.trips = 0  # that were found
        self._bus = bus
        self._registers = registers
        self.time = (
            time  # after which a servo that receives nothing stops, in its register's steps [s]; 0 where it is off
        )

    def enable(self, axis: Axis) -> None:
        """Let a servo whose torque is on stop by itself when it receives nothing.

        Raises:
            BusError: the servo did not take it.
        """
        why_not = self._why_not(axis)
        if why_not:
            self.disable(axis)  # another program may have enabled it
        else:
            register = axis.wiring.model[Role.BUS_WATCHDOG]
            axis.watchdog = min(max(register.to_raw(self.time), 1), register.maximum)
            self._registers.write(axis, Role.BUS_WATCHDOG, axis.watchdog)
            why_not = f"enabled, {1000.0 * register.to_si(axis.watchdog):.0f} ms"
        self.states[axis.name] = why_not

    def disable(self, axis: Axis) -> None:
        """Turn the watchdog of a servo off; this also releases one that has tripped.

        Raises:
            BusError: the servo did not take it.
        """
        if self._supports(axis):
            self._registers.write(axis, Role.BUS_WATCHDOG, _OFF)
        axis.watchdog = _OFF
        self.states[axis.name] = "off"

    def is_tripped(self, axis: Axis) -> bool:
        """Whether a servo has stopped by itself.

        Raises:
            BusError: the servo did not answer.
        """
        if not self._supports(axis):
            return False
        return self._registers.read(axis, Role.BUS_WATCHDOG) == axis.wiring.model.watchdog_tripped

    def find_tripped(self, axes: Iterable[Axis]) -> list[Axis]:
        """Those of the servos that have stopped by themselves, by one read of all; silent ones are left out.

        Raises:
            PortError: the port is gone.
        """
        asked = [axis for axis in axes if self.time and self._supports(axis)]
        places: dict[tuple[int, int], list[Axis]] = {}
        for axis in asked:
            register = axis.wiring.model[Role.BUS_WATCHDOG]
            places.setdefault((register.address, register.size), []).append(axis)
        return [axis for place, own in places.items() for axis in self._tripped_at(own, *place)]

    def _tripped_at(self, axes: list[Axis], address: int, size: int) -> Iterator[Axis]:
        """Those of servos whose watchdog stands at the same place."""
        answers = self._bus.sync_read([axis.wiring.servo_id for axis in axes], address, size)
        for axis in axes:
            model, answer = axis.wiring.model, answers.get(axis.wiring.servo_id)
            register = model[Role.BUS_WATCHDOG]
            if answer is not None and register.decode_from_block(answer.data, address) == model.watchdog_tripped:
                yield axis

    def recover(self, axis: Axis) -> int:
        """Recover a servo that has stopped by itself: it holds where it is, its watchdog enabled again.

        Returns:
            The goal [tick].

        Raises:
            BusError: the servo did not take it.
        """
        self.trips += 1
        return self.hold(axis)

    def hold(self, axis: Axis) -> int:
        """Let a servo with torque hold where it is: goal := measured, verified, watchdog enabled.

        A loaded joint is off its goal, by which its servo holds it, and would creep by that each time: so the new
        goal is as far off.

        Returns:
            The goal [tick].

        Raises:
            BusError: the servo did not take it, or its answers are not of now.
        """
        before, found = (self._registers.read_many(axis, _HOLDING) for _ in range(2))
        require_agreement(axis, before[Role.PRESENT_POSITION], found[Role.PRESENT_POSITION])
        ticks = found[Role.PRESENT_POSITION] + _goal_offset(axis, found)
        if self._supports(axis):  # before the goal, which one that has tripped locks
            self._registers.write_verified(axis, Role.BUS_WATCHDOG, _OFF)
        self._registers.write_verified(axis, Role.GOAL_POSITION, ticks)
        self.enable(axis)
        return ticks

    def disable_all(self, axes: Iterable[Axis]) -> None:
        """Let servos hold without a host that feeds their watchdogs; a silent one will stop where it is."""
        for axis in axes:
            with suppress(BusError):
                self.disable(axis)

    def _supports(self, axis: Axis) -> bool:
        first = axis.wiring.model.since.get(Feature.BUS_WATCHDOG)
        return first is not None and (not first or self._firmware(axis) >= first)

    def _firmware(self, axis: Axis) -> int:
        """Read of a servo whose firmware is not known yet; a guess could leave a tripped watchdog as it is."""
        return axis.firmware or self._registers.read(axis, Role.FIRMWARE_VERSION)

    def _why_not(self, axis: Axis) -> str:
        if not self.time:
            return "off by setting"
        if self._supports(axis):
            return ""
        first = axis.wiring.model.since.get(Feature.BUS_WATCHDOG)
        if first is None:
            return f"off: {axis.wiring.model.name} has none"
        return f"off: firmware {self._firmware(axis)} is older than {first}"


def is_far(axis: Axis, ticks: int) -> bool:
    """Whether a place is farther from where a servo was read last than it may hold from its goal [tick]."""
    return axis.ticks is not None and _distance(axis, ticks, axis.ticks) > MAX_DEFLECTION


def require_agreement(axis: Axis, first: int, second: int) -> None:
    """Of two places that were read at once neither may be an old answer, to which the servo would jump [tick].

    Raises:
        ImplausibleAnswer: they lie too far apart.
    """
    if _distance(axis, first, second) > MAX_DEFLECTION:
        raise ImplausibleAnswer(axis.wiring.servo_id, f"it is at {first} and at {second}")


def _distance(axis: Axis, first: int, second: int) -> float:
    """Between two places of a servo's horn [rad]."""
    return abs(first - second) * axis.wiring.model.position_unit


def _goal_offset(axis: Axis, found: Mapping[Role, int]) -> int:
    """How far off its place a goal must be for a servo to go on holding as it does [tick].

    In position control its PWM is its position P gain times the error. Where another loop or an integral stands
    between, it goes a little to the goal it had.
    """
    model = axis.wiring.model
    gain, has_integral = found.get(Role.POSITION_P_GAIN, 0), found.get(Role.POSITION_I_GAIN, 0)
    is_led = axis.wiring.mode is OperatingMode.CURRENT_BASED_POSITION or has_integral
    if is_led or not gain or Role.PRESENT_PWM not in found:
        bound, error = _MAX_OFFSET, float(found[Role.GOAL_POSITION] - found[Role.PRESENT_POSITION])
    else:
        bound, error = MAX_DEFLECTION, found[Role.PRESENT_PWM] / model[Role.POSITION_P_GAIN].to_si(gain)
    most = bound / model.position_unit
    return round(max(-most, min(most, error)))
