"""The registers that must be right before a servo may turn its joint, and whether they still are."""

from __future__ import annotations

from collections.abc import Mapping

from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.protection import REGISTERS, Protection
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.tables.control_table import NO_SHADOW, OperatingMode
from armature.dynamixel.wiring.servo import ServoWiring
from armature.errors import CommandRefused

# The factory's delay of 500 µs before each answer would cost a bus of seven 3.5 ms a cycle
# (e-Manual, "Return Delay Time(9)").
_RETURN_DELAY = 0
_FACTORY_SHADOW = 255
_SHADOW = "Secondary(Shadow) ID"
_GAIN = " Gain"


class Preparation:
    """Compares servos with what is wanted of them and writes what differs, EEPROM only with torque off."""

    def __init__(
        self, registers: Registers, wanted: Mapping[str, Mapping[str, int]], watchdog_time: float = 0.0
    ) -> None:
        """Prepare by these values.

        Args:
            registers: of the servos.
            wanted: RAM values by joint, besides those that follow from the wiring.
            watchdog_time: after which a servo that hears nothing shall stop [s]; 0 for never.
        """
        self._registers = registers
        self._wanted = wanted
        self._watchdog_time = watchdog_time
        self._for_now: dict[str, dict[str, int]] = {}  # by servo
        self._kept: dict[str, dict[str, int]] = {}  # gains of servos that were found holding with others, by servo

    def want(self, axis: Axis, values: Mapping[str, int]) -> None:
        """Bring RAM registers of a servo to other values than the usual, which count until the next call.

        Args:
            axis: the servo.
            values: by register; without any, what is usual is wanted again.

        Raises:
            ServoRefused: a value reads back as something else.
            BusError: the servo did not answer, or refused.
        """
        before, after = self.wanted(axis), {**self._usual(axis), **values}
        for name in after:
            if after[name] != before.get(name):
                self._registers.write_verified(axis, name, after[name])
        self.note(axis, values)

    def note(self, axis: Axis, values: Mapping[str, int]) -> None:
        """Want what a servo holds already; see `want`."""
        self._for_now[axis.name] = dict(values)

    def wanted(self, axis: Axis) -> dict[str, int]:
        """RAM values that a servo shall have now, by register."""
        return {**self._usual(axis), **self._for_now.get(axis.name, {}), **self._kept.get(axis.name, {})}

    def kept(self, axis: Axis) -> str:
        """Gains that a servo keeps until its torque is off, in words; empty where it has those that are wanted."""
        usual = self._usual(axis)
        kept = self._kept.get(axis.name, {}).items()
        return ", ".join(f"{name} {value} ({usual[name]} wanted)" for name, value in kept)

    def difference(self, axis: Axis) -> str:
        """In which register a servo differs from what is wanted, in words; empty where it does not.

        Raises:
            CommandRefused: as examine().
            BusError: the servo did not answer, or refused.
        """
        found, wanted = self.examine(axis), self.wanted(axis)
        if other := _different(found, _eeprom(axis.wiring, found)):
            return f"it is set up otherwise, as another servo in its place: {other}"
        reset = _different(self._registers.read_many(axis, wanted), wanted)
        return f"it was reset: {reset}" if reset else ""

    def examine(self, axis: Axis) -> Mapping[str, int]:
        """Read what must be right; nothing is written.

        Returns:
            The EEPROM registers by name.

        Raises:
            CommandRefused: it cannot be brought to what the wiring file wants, or is not safe there.
            BusError: the servo did not answer, or refused.
        """
        names = (*REGISTERS, "Operating Mode", _SHADOW, "Return Delay Time", *_bounds_of(axis.wiring))
        found = self._registers.read_many(axis, names)
        self._require_changeable(axis, found)
        self._require_safe(axis.wiring, found)
        return found

    def restore(self, axis: Axis, *, keeps_gains: bool = False) -> tuple[str, ...]:
        """Bring mode and RAM to what is wanted, writing only what differs.

        Args:
            axis: the servo.
            keeps_gains: whether gains wait until torque comes on anew, where it is on.

        Returns:
            Names of the EEPROM registers that were written.

        Raises:
            CommandRefused: as examine().
            BusError: the servo did not answer, or refused.
        """
        found = self.examine(axis)
        eeprom = {} if axis.torque else _eeprom(axis.wiring, found)  # it is locked while torque is on
        axis.own = Protection.of({**found, **eeprom})
        written = self._write_different(axis, eeprom, found)
        self._kept.pop(axis.name, None)
        # After the mode, whose change resets gains, profile and goals (e-Manual, "Operating Mode(11)").
        wanted = self.wanted(axis)
        ram = self._registers.read_many(axis, wanted)
        if keeps_gains and axis.torque:  # it sags by its gains: other ones would move what it holds
            gains = (name for name in wanted if name.endswith(_GAIN))
            self._kept[axis.name] = {name: ram[name] for name in gains if ram[name] != wanted[name]}
        self._write_different(axis, self.wanted(axis), ram)
        return written

    def _usual(self, axis: Axis) -> dict[str, int]:
        return {**self._wanted.get(axis.wiring.joint, {}), **axis.wiring.ram}

    def _require_changeable(self, axis: Axis, found: Mapping[str, int]) -> None:
        """What has to be written first, but is locked while torque is on."""
        if not axis.torque:
            return
        wanted, why = axis.wiring.mode, ""
        if found["Operating Mode"] != wanted:
            mode = found["Operating Mode"]
            why = f"its operating mode is {mode} with torque on, the wiring file wants {int(wanted)} ({wanted})"
        elif found[_SHADOW] < NO_SHADOW:
            why = f"its {_SHADOW} is {found[_SHADOW]} with torque on: it obeys what another servo is told"
        if why:
            remedy = "support the arm, switch its power off and on, start again"
            raise CommandRefused(f"start of {axis.name}", why, remedy)

    def _require_safe(self, wiring: ServoWiring, found: Mapping[str, int]) -> None:
        offset = found["Homing Offset"]
        if wiring.mode is OperatingMode.EXTENDED_POSITION and offset and self._watchdog_time:
            raise CommandRefused(
                f"start of {wiring.name}",
                f"its Homing Offset is {offset}: in extended position control its motor would run away once its "
                f"Bus Watchdog ({1000.0 * self._watchdog_time:.0f} ms) trips",
                "write 0 to its Homing Offset and mind it in zero_offset, or set faults.bus_watchdog.time to 0",
            )
        goal, limit = wiring.ram.get("Goal Current", 0), found.get("Current Limit", 0)
        if goal > limit:
            own = limit * (wiring.model.current_unit or 0.0)
            raise CommandRefused(
                f"start of {wiring.name}",
                f"current_limit is {wiring.current_limit:.2f} A, the servo's own Current Limit {own:.2f} A",
                "lower it in the wiring file, or raise the servo's",
            )

    def _write_different(self, axis: Axis, wanted: Mapping[str, int], found: Mapping[str, int]) -> tuple[str, ...]:
        different = tuple(name for name, value in wanted.items() if found[name] != value)
        for name in different:
            self._registers.write(axis, name, wanted[name])
        return different


def _different(found: Mapping[str, int], wanted: Mapping[str, int]) -> str:
    """The first register that is not as wanted, in words; empty where all are."""
    return next(
        (f"{name} is {found[name]}, not {wanted[name]}" for name in wanted if found[name] != wanted[name]), ""
    )


def _bounds_of(wiring: ServoWiring) -> tuple[str, ...]:
    return ("Current Limit",) if "Goal Current" in wiring.ram else ()


def _eeprom(wiring: ServoWiring, found: Mapping[str, int]) -> dict[str, int]:
    """EEPROM values that are wanted; a shadow id first, lest its servo obey what another one is told."""
    shadow = {_SHADOW: _FACTORY_SHADOW} if found[_SHADOW] < NO_SHADOW else {}
    return {**shadow, "Operating Mode": int(wiring.mode), "Return Delay Time": _RETURN_DELAY}
