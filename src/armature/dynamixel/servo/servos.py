"""The servos of an arm, and the parts that work on their registers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from armature.core.model.arm import Limit
from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.multi_turn import turn_counter
from armature.dynamixel.servo.pair import link, set_goal_offset
from armature.dynamixel.servo.preparation import Preparation
from armature.dynamixel.servo.reader import Reader
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.servo.torque import TorqueSwitch
from armature.dynamixel.servo.watchdog import BusWatchdogs, is_far
from armature.dynamixel.tables.model import Register
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import BusError


@dataclass(frozen=True)
class ServoSettings:
    """How servos are set up, read and enabled."""

    registers: Mapping[str, Mapping[Role, int]]  # RAM values by joint
    max_missed_reads: int  # cycles without an answer before a servo counts as missing
    watchdog_time: float  # after which a servo that receives nothing stops [s]; 0: off
    encoder_mismatch: float  # how far apart the two servos of a joint may see it, as their angle [rad]


@dataclass(frozen=True)
class Servos:
    """All servos of an arm, and the objects that read and write them."""

    bus: Bus
    axes: Mapping[str, Axis]  # by the servo's name
    joints: Mapping[str, Axis]  # each joint's first servo
    seconds: tuple[Axis, ...]  # those that turn a joint beside another servo
    reader: Reader
    registers: Registers
    preparation: Preparation
    watchdogs: BusWatchdogs
    switch: TorqueSwitch

    @staticmethod
    def of(bus: Bus, wiring: Wiring, limits: Mapping[str, Limit], settings: ServoSettings) -> Servos:
        """The servos of a wiring, on a bus that is not opened yet."""
        axes = {
            servo.name: Axis(servo, turns=turn_counter(servo, limits[servo.joint])) for servo in wiring.all_servos
        }
        seconds = tuple(axis for axis in axes.values() if axis.wiring.is_second)
        for second in seconds:
            link(axes[second.wiring.joint], second)
        registers = Registers(bus)
        preparation = Preparation(registers, settings.registers, limits, settings.watchdog_time)
        watchdogs = BusWatchdogs(bus, registers, settings.watchdog_time)
        return Servos(
            bus=bus,
            axes=axes,
            joints={joint: axes[joint] for joint in wiring.joints},
            seconds=seconds,
            reader=Reader(bus, axes, settings.max_missed_reads),
            registers=registers,
            preparation=preparation,
            watchdogs=watchdogs,
            switch=TorqueSwitch(registers, limits, watchdogs, settings.encoder_mismatch),
        )

    @cached_property
    def _goal_registers(self) -> list[tuple[Register, frozenset[int]]]:
        """Registers that differ, with the ids of the servos whose goals stand in them."""
        found: list[tuple[Register, set[int]]] = []
        for axis in self.axes.values():
            register = axis.wiring.model[Role.GOAL_POSITION]
            ids = next((ids for known, ids in found if known.has_same_layout(register)), None)
            if ids is None:
                found.append((register, ids := set()))
            ids.add(axis.wiring.servo_id)
        return [(register, frozenset(ids)) for register, ids in found]

    def write_goals(self, goals: Mapping[int, int]) -> None:
        """Send servos to goals, by id [tick]: one packet, unless models of other families need one of their own.

        Raises:
            PortError: no port is left.
        """
        if len(self._goal_registers) == 1:
            self.bus.sync_write(self._goal_registers[0][0], goals)
            return
        for register, ids in self._goal_registers:
            if own := {servo_id: goal for servo_id, goal in goals.items() if servo_id in ids}:
                self.bus.sync_write(register, own)

    @property
    def torque(self) -> str:
        """on, off or partial, as last known."""
        on = [bool(axis.torque) for axis in self.axes.values()]
        return "on" if all(on) else "partial" if any(on) else "off"

    @property
    def reported_torque(self) -> str:
        """on, off or partial; unknown where a servo's status has not been read since it was silent."""
        return self.torque if all(axis.is_status_known for axis in self.axes.values()) else "unknown"

    @property
    def eeprom_writes(self) -> int:
        """How often EEPROM was written since this process began."""
        return sum(self.registers.eeprom_writes.values())

    @property
    def all_joints_have_torque(self) -> bool:
        """Whether every joint has a servo with torque."""
        return all(axis.torque or (axis.partner and axis.partner.torque) for axis in self.joints.values())

    def servos_of(self, joint: str) -> list[Axis]:
        """The servos of a joint, its first one first."""
        first = self.joints[joint]
        return [first] if first.partner is None else [first, first.partner]

    def responding(self) -> list[Axis]:
        """Servos that have torque and answer."""
        return [axis for axis in self.axes.values() if axis.torque and not axis.misses]

    def setpoints_of(self, goals: Mapping[str, int]) -> dict[str, float]:
        """Where joints hold whose servos have these goals, by joint [rad] or [m].

        Args:
            goals: of every servo of those joints that has torque and answers, by servo [tick].
        """
        points: dict[str, float] = {}
        for name, ticks in goals.items():
            axis = self.axes[name]
            joint, wiring = axis.wiring.joint, axis.wiring
            if not wiring.is_second:
                points[joint] = wiring.to_position(ticks)
            elif joint in points:
                set_goal_offset(axis, points[joint], ticks)
            else:
                points[joint] = wiring.to_position(ticks - axis.goal_offset)
        return points

    def adopt_setpoint(self, joint: str) -> dict[str, float]:
        """Adopt the goals of a joint's servos: where it holds, by its name [rad] or [m].

        Raises:
            BusError: a servo did not answer.
        """
        holding = [axis for axis in self.servos_of(joint) if axis.torque and not axis.misses]
        return self.setpoints_of({axis.name: self.adopt_goal(axis) for axis in holding})

    def hold_separately(self, axis: Axis) -> dict[str, float]:
        """Let two servos that disagree hold where each is, so that neither pulls; the joint's set-point."""
        second, first = axis, axis.partner
        if first is None or first.ticks is None or second.ticks is None:
            return {}
        return self.setpoints_of({first.name: first.ticks, second.name: second.ticks})

    def adopt_goal(self, axis: Axis) -> int:
        """Adopt the goal of a servo that has its torque on [tick].

        One that its Bus Watchdog has stopped gets its place as its goal. So does one whose goal is far from its
        place, to which it would jump: it is blocked, or the answer is old. In current-based position control
        a goal beyond its place is how it grips. The watchdog is enabled in any case.

        Raises:
            BusError: the servo did not answer.
        """
        if self.watchdogs.is_tripped(axis):
            return self.watchdogs.recover(axis)
        goal = self.switch.read_goal(axis)
        if axis.wiring.mode is not OperatingMode.CURRENT_BASED_POSITION and is_far(axis, goal):
            return self.watchdogs.hold(axis)
        self.watchdogs.enable(axis)
        return goal

    def torque_off(self, axes: list[Axis]) -> BusError | None:
        """Turn the torque of servos off; returns the error of the last that did not take it."""
        try:
            self.switch.off(axes)
        except BusError as error:
            return error
        return None
