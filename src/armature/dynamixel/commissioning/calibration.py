"""Zero offsets by hand-placing: the joints stand in a known pose, the servos are read there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from armature.core.model.arm import Limit
from armature.dynamixel.commissioning.commissioning import require_limp, torque_on_refusal
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.arm import ServoWiring
from armature.dynamixel.wiring.servo import FULL_TURN
from armature.errors import CommandRefused

# The encoder's last digit changes by itself; a hand that holds still moves a joint by less than half a degree.
_STILL = 5  # [tick]
# A range found by hand ends a little before the stop.
_NEAR = 0.02  # of the joint's span
_MOVED = 0.05  # of the joint's span; less is the hand's rest on it
_STATE = (Role.TORQUE_ENABLE, Role.PRESENT_POSITION)

Ticks = Mapping[str, "int | None"]
"""Position by servo, None where it was not read."""


@dataclass(frozen=True)
class Placement:
    """A joint in a known position, and what follows for its servo."""

    servo: ServoWiring  # with its new zero offset
    before: ServoWiring  # as the wiring file has it
    ticks: int  # that the servo reads, as they are within the turn after power-up
    turns: int  # that the hand has added to it in whole turns [tick]

    @property
    def offset(self) -> float:
        """The new zero offset [rad]."""
        return self.servo.zero_offset

    def position(self, ticks: int) -> float:
        """Joint position of a later reading, by the new offset [rad] or [m]."""
        return self.servo.to_position(ticks - self.turns)


class Calibration:
    """Joints that a hand moves, and the servos that watch."""

    def __init__(self, registers: Registers, servos: Sequence[ServoWiring], pose: Mapping[str, float]) -> None:
        """Begin.

        Args:
            registers: of the servos; the bus is open.
            servos: of the joints to calibrate.
            pose: in which they will be placed [rad] or [m].

        Raises:
            CommandRefused: a servo has its torque on.
            BusError: a servo does not answer.
        """
        self._registers = registers
        self.pose = pose
        self._axes = [Axis(servo) for servo in servos]
        for axis in self._axes:
            require_limp("calibration", registers, axis)
        self._homing = {axis.wiring.name: self._homing_of(axis) for axis in self._axes}

    def _homing_of(self, axis: Axis) -> int:
        offset = self._registers.read_many(axis, (Role.HOMING_OFFSET,)).get(Role.HOMING_OFFSET, 0)
        largest = axis.wiring.model.largest_homing
        ignored = axis.wiring.mode is OperatingMode.POSITION and largest is not None and abs(offset) > largest
        return 0 if ignored else offset

    def read(self) -> dict[str, int | None]:
        """Where the servos are now.

        Raises:
            CommandRefused: torque has come on.
            BusError: the port is gone.
        """
        found = self._registers.read_each(self._axes, _STATE)
        for axis in self._axes:
            if found.get(axis.name, {}).get(Role.TORQUE_ENABLE):
                raise torque_on_refusal("calibration", axis)
        return {axis.name: found.get(axis.name, {}).get(Role.PRESENT_POSITION) for axis in self._axes}

    @property
    def servos(self) -> tuple[ServoWiring, ...]:
        """Those of the joints to calibrate, as the wiring file has them."""
        return tuple(axis.wiring for axis in self._axes)

    def compute(self, readings: Sequence[Ticks]) -> tuple[Placement, ...]:
        """What the zero offsets become, of readings while the arm stood in the pose.

        Raises:
            CommandRefused: a servo was not read, or a joint moved.
        """
        return tuple(self._place(axis.wiring, readings) for axis in self._axes)

    def _place(self, servo: ServoWiring, readings: Sequence[Ticks]) -> Placement:
        name = servo.name
        read = [ticks for ticks in (reading[name] for reading in readings) if ticks is not None]
        if len(read) < len(readings):
            why = f"of {len(readings)} readings of {name} {len(readings) - len(read)} were lost"
            raise CommandRefused("calibration", why, f"check power and cable of id {servo.servo_id}")
        moved = max(read) - min(read)
        if moved > _STILL:
            angle = math.degrees(moved * servo.model.position_unit)
            why = f"{name} moved by {moved} ticks ({angle:.1f} deg of the servo), at most {_STILL} are still"
            raise CommandRefused("calibration", why, "hold it still")
        item = self.place(servo, sorted(read)[len(read) // 2])
        if item.turns and servo.mode.counts_turns:
            why = f"the servo of {name} has left the turn in which it was switched on, which it forgets"
            raise CommandRefused("calibration", why, "leave the joint in the pose, switch its power off and on")
        return item

    def place(self, servo: ServoWiring, ticks: int) -> Placement:
        """What would follow if the joint stood in its pose now."""
        return place_of(servo, ticks, self._homing[servo.name], self.pose[servo.joint])

    def flip(self, item: Placement) -> Placement:
        """The same place of a joint whose servo turns the other way than the wiring file says."""
        servo = replace(item.servo, direction=-item.servo.direction)
        other = place_of(servo, item.ticks + item.turns, self._homing[servo.name], self.pose[servo.joint])
        return replace(other, before=item.before)


def place_of(servo: ServoWiring, ticks: int, homing: int, position: float) -> Placement:
    """The zero offset of a servo whose joint stands at a position.

    A limp servo counts on beyond its turn, and within one after power-up (e-Manual, "Present Position(132)").

    Args:
        servo: as the wiring file has it.
        ticks: the position that it reads.
        homing: its homing offset, as far as it has an effect [tick].
        position: of the joint [rad] or [m].
    """
    within = (ticks - homing) % servo.model.resolution + homing
    offset = within * servo.model.position_unit - servo.direction * servo.reduction * position
    return Placement(replace(servo, zero_offset=offset), servo, within, ticks - within)


def require_reach(servo: ServoWiring, limit: Limit) -> None:
    """Refuse an offset with which the servo cannot turn its joint to its limits.

    Raises:
        CommandRefused: with the limit, where it would be, and how far the servo reaches.
    """
    if not math.isfinite(limit.upper - limit.lower):
        return
    lowest, highest = servo.reach
    for position in (limit.lower, limit.upper):
        ticks = servo.to_ticks(position)
        if not lowest - FULL_TURN <= ticks <= highest + FULL_TURN:
            offset = math.degrees(servo.zero_offset)
            raise CommandRefused(
                f"calibration of {servo.name}",
                f"with a zero offset of {offset:.1f} deg the URDF's limit {position:g} is at tick {ticks}, "
                f"the servo reaches {lowest} to {highest}",
                "see whether the joint stands in the pose, and its direction; else turn the horn on its shaft",
            )


@dataclass(frozen=True)
class Range:
    """From where to where a joint goes [rad] or [m]."""

    least: float = math.inf
    greatest: float = -math.inf

    def including(self, position: float) -> Range:
        """The range with one more position in it."""
        return Range(min(self.least, position), max(self.greatest, position))

    def is_moved(self, limit: Limit) -> bool:
        """Whether the joint was moved by hand, of which this is the range."""
        return self.greatest - self.least > least_motion(limit)

    def snapped_to(self, limit: Limit) -> Range:
        """What the wiring file shall say; an end near the URDF's limit is that, since a hand ends before it."""
        lower, upper = self.ends_short_of(limit)
        return Range(self.least if lower else limit.lower, self.greatest if upper else limit.upper)

    def ends_short_of(self, limit: Limit) -> tuple[bool, bool]:
        """Whether it ends before the URDF's lower and upper limit."""
        near = _NEAR * (limit.upper - limit.lower)
        return self.least > limit.lower + near, self.greatest < limit.upper - near


def least_motion(limit: Limit) -> float:
    """How far a joint must go to count as moved by hand [rad] or [m]."""
    return _MOVED * min(limit.upper - limit.lower, math.tau)


def read_goal_range(registers: Registers, servo: ServoWiring) -> Range:
    """The goals that a servo takes now, by its own position limits.

    Raises:
        BusError: it does not answer.
    """
    if servo.mode.counts_turns or not servo.model.has(Role.MAX_POSITION_LIMIT):
        return Range(-math.inf, math.inf)
    ticks = registers.read_many(Axis(servo), (Role.MIN_POSITION_LIMIT, Role.MAX_POSITION_LIMIT))
    least, greatest = sorted(servo.to_position(value) for value in ticks.values())
    return Range(least, greatest)
