"""The registers that must be right before a servo may turn its joint, and whether they still are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from armature.core.model.arm import Limit
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.eeprom import (
    APPLY,
    EEPROM_ROLES,
    PROTECTION_ROLES,
    Difference,
    Protection,
    describe,
    differences,
)
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import Feature, OperatingMode, Role
from armature.dynamixel.wiring.servo import ServoWiring
from armature.errors import CommandRefused


class Preparation:
    """Compares the registers of servos with their targets; writes RAM where it differs, EEPROM never."""

    def __init__(
        self,
        registers: Registers,
        wanted: Mapping[str, Mapping[Role, int]],
        limits: Mapping[str, Limit],
        watchdog_time: float = 0.0,
    ) -> None:
        """Prepare by these values.

        Args:
            registers: of the servos.
            wanted: RAM values by joint, besides those that follow from the wiring.
            limits: of the joints, which their servos must take goals within.
            watchdog_time: after which a servo that receives nothing is to stop [s]; 0 for never.
        """
        self._registers = registers
        self._wanted = wanted
        self._limits = limits
        self._watchdog_time = watchdog_time
        self._overrides: dict[str, dict[Role, int]] = {}  # by servo
        self._retained_gains: dict[
            str, dict[Role, int]
        ] = {}  # gains of servos that were found holding with others, by servo

    def set_override(self, axis: Axis, values: Mapping[Role, int]) -> None:
        """Write other values than the usual to RAM registers of a servo; they are its targets until the next call.

        Args:
            axis: the servo.
            values: raw, by role; none for the usual ones.

        Raises:
            ServoRefused: a value reads back as something else.
            BusError: the servo did not answer, or refused.
        """
        before, after = self.targets(axis), {**self._usual(axis), **values}
        for role in after:
            if after[role] != before.get(role):
                self._registers.write_verified(axis, role, after[role])
        self.adopt_override(axis, values)

    def adopt_override(self, axis: Axis, values: Mapping[Role, int]) -> None:
        """Take what a servo has already as its targets; see `set_override`."""
        self._overrides[axis.name] = dict(values)

    def targets(self, axis: Axis) -> dict[Role, int]:
        """Raw RAM values that a servo is to have now."""
        return {
            **self._usual(axis),
            **self._overrides.get(axis.name, {}),
            **self._retained_gains.get(axis.name, {}),
        }

    def retained_gains(self, axis: Axis) -> str:
        """Gains that a servo retains until its torque is off, in words; empty where it has its targets."""
        usual, name_of = self._usual(axis), axis.wiring.model.name_of
        kept = self._retained_gains.get(axis.name, {}).items()
        return ", ".join(f"{name_of(role)} {value} ({usual[role]} wanted)" for role, value in kept)

    def describe_difference(self, axis: Axis) -> str:
        """In which register a servo differs from its targets, in words; empty where it does not.

        Raises:
            CommandRefused: as examine().
            BusError: the servo did not answer, or refused.
        """
        found, wanted, model = self.examine(axis), self.targets(axis), axis.wiring.model
        if other := self._differences(axis, found):
            return f"it is set up otherwise, as another servo in its place: {other[0]}"
        reset = _different(model, self._registers.read_many(axis, wanted), wanted)
        return f"it was reset: {reset}" if reset else ""

    def examine(self, axis: Axis) -> Mapping[Role, int]:
        """Read what must be right; nothing is written.

        Returns:
            Raw values of the EEPROM.

        Raises:
            CommandRefused: it cannot be brought to what the wiring file wants, or is not safe there.
            BusError: the servo did not answer, or refused.
        """
        found = self._registers.read_many(axis, (*PROTECTION_ROLES, *EEPROM_ROLES, *_bounds_of(axis.wiring)))
        self._require_changeable(axis, found)
        self._require_safe(axis.wiring, found)
        return found

    def require_set_up(self, axes: Sequence[Axis]) -> None:
        """Refuse servos whose EEPROM is not as their joints need it; those that hold are left as they are.

        Raises:
            CommandRefused: with each register, its value and what would be written; or see examine().
            BusError: a servo did not answer, or refused.
        """
        found = [(axis.name, each) for axis in axes for each in self._unset(axis, self.examine(axis))]
        if found:
            raise CommandRefused("start", f"servos are not set up for this arm: {describe(found)}", APPLY)

    def _unset(self, axis: Axis, found: Mapping[Role, int]) -> tuple[Difference, ...]:
        """What differs in the EEPROM; while torque is on it is locked, and examine() refuses what may not be."""
        return () if axis.torque else self._differences(axis, found)

    def _differences(self, axis: Axis, found: Mapping[Role, int]) -> tuple[Difference, ...]:
        return differences(axis.wiring, self._limits[axis.wiring.joint], found)

    def restore(self, axis: Axis, *, retain_gains: bool = False) -> None:
        """Write RAM registers that differ from their targets.

        Args:
            axis: the servo.
            retain_gains: whether gains wait until torque comes on anew, where it is on.

        Raises:
            CommandRefused: as require_set_up().
            BusError: the servo did not answer, or refused.
        """
        found = self.examine(axis)
        if unset := self._unset(axis, found):
            why = f"its servo is not set up for this arm: {', '.join(map(str, unset))}"
            raise CommandRefused(f"start of {axis.name}", why, APPLY)
        axis.protection = Protection.of(axis.wiring.model, found)
        self._retained_gains.pop(axis.name, None)
        wanted = self.targets(axis)
        ram = self._registers.read_many(axis, wanted)
        if retain_gains and axis.torque:  # it sags by its gains: other ones would move what it holds
            gains = (role for role in wanted if role.is_gain)
            self._retained_gains[axis.name] = {role: ram[role] for role in gains if ram[role] != wanted[role]}
        for role, value in self.targets(axis).items():
            if ram[role] != value:
                self._registers.write(axis, role, value)

    def _usual(self, axis: Axis) -> dict[Role, int]:
        return {**self._wanted.get(axis.wiring.joint, {}), **axis.wiring.ram}

    def _require_changeable(self, axis: Axis, found: Mapping[Role, int]) -> None:
        """What has to be written first, but is locked while torque is on."""
        if not axis.torque:
            return
        model, wanted, why = axis.wiring.model, axis.wiring.mode, ""
        raw = model.modes[wanted]
        mode, shadow = found.get(Role.OPERATING_MODE), found.get(Role.SHADOW_ID, model.no_shadow)
        if mode is not None and mode != raw:
            why = f"its operating mode is {mode} with torque on, the wiring file wants {raw} ({wanted})"
        elif shadow < model.no_shadow:
            name = model.name_of(Role.SHADOW_ID)
            why = f"its {name} is {shadow} with torque on: it obeys what another servo is sent"
        if why:
            remedy = "support the arm, switch its power off and on, start again"
            raise CommandRefused(f"start of {axis.name}", why, remedy)

    def _require_safe(self, wiring: ServoWiring, found: Mapping[Role, int]) -> None:
        offset = found.get(Role.HOMING_OFFSET, 0)
        if offset and self._watchdog_time and runs_away(wiring):
            name, watchdog = map(wiring.model.name_of, (Role.HOMING_OFFSET, Role.BUS_WATCHDOG))
            raise CommandRefused(
                f"start of {wiring.name}",
                f"its {name} is {offset}: in extended position control its motor would run away once its "
                f"{watchdog} ({1000.0 * self._watchdog_time:.0f} ms) trips",
                f"write 0 to its {name} and mind it in zero_offset, or set faults.bus_watchdog.time to 0",
            )
        goal, limit = wiring.ram.get(Role.GOAL_CURRENT, 0), found.get(Role.CURRENT_LIMIT)
        if limit is not None and goal > limit:
            register = wiring.model[Role.CURRENT_LIMIT]
            raise CommandRefused(
                f"start of {wiring.name}",
                f"current_limit is {wiring.current_limit:.2f} A, the servo's own "
                f"{register.name} {register.to_si(limit):.2f} A",
                "lower it in the wiring file, or raise the servo's",
            )


def runs_away(wiring: ServoWiring) -> bool:
    """Whether a motor with a homing offset runs away once its bus watchdog trips: docs/reference/faults.md."""
    return wiring.mode is OperatingMode.EXTENDED_POSITION and Feature.BUS_WATCHDOG in wiring.model.since


def _different(model: ServoModel, found: Mapping[Role, int], wanted: Mapping[Role, int]) -> str:
    """The first register that differs, in words; empty where none does."""
    different = (role for role in wanted if found[role] != wanted[role])
    return next((f"{model.name_of(role)} is {found[role]}, not {wanted[role]}" for role in different), "")


def _bounds_of(wiring: ServoWiring) -> tuple[Role, ...]:
    return (Role.CURRENT_LIMIT,) if Role.GOAL_CURRENT in wiring.ram else ()
