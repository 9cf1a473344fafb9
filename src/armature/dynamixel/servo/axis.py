"""One joint's servo as it was last read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from struct import Struct
from typing import NamedTuple

from armature.dynamixel.protocol.base import ReadAnswer
from armature.dynamixel.servo.eeprom import UNKNOWN, Protection
from armature.dynamixel.servo.multi_turn import TurnCounter
from armature.dynamixel.status.cause import names_of
from armature.dynamixel.tables.model import RegisterBlock
from armature.dynamixel.tables.registry import model_name
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import ServoWiring

STATUS = (Role.TORQUE_ENABLE, Role.HARDWARE_ERROR, Role.BUS_WATCHDOG)
ENVIRONMENT = (Role.PRESENT_VOLTAGE, Role.PRESENT_TEMPERATURE)
"""What is read of a servo in its turn, as far as it has it."""


class _Layout(NamedTuple):
    """Where the values of a servo's state lie in its bytes; None for what it does not measure."""

    unpack: Callable[[bytes], tuple[int, ...]]
    position: int  # which of the values it is, like the next three
    velocity: int | None
    current: int | None
    load: int | None
    effort_unit: float  # of one raw unit of current [A] or load [%], with the joint's sign

    @staticmethod
    def of(wiring: ServoWiring, state: RegisterBlock, effort: Role) -> _Layout:
        """Of a servo whose effort is read from a role, if it has one."""
        text, end = "<", state.address
        for register in state.registers:
            text += "x" * (register.address - end) + register.format
            end = register.end
        places = {register.role: place for place, register in enumerate(state.registers)}
        has_effort = wiring.model.has(effort)
        return _Layout(
            unpack=Struct(text).unpack,
            position=places[Role.PRESENT_POSITION],
            velocity=places.get(Role.PRESENT_VELOCITY),
            current=places.get(Role.PRESENT_CURRENT),
            load=places.get(Role.PRESENT_LOAD),
            effort_unit=wiring.direction * wiring.model[effort].scale if has_effort else math.nan,
        )


@dataclass(eq=False)
class Axis:
    """What is known of one servo; NaN and None stand for what was not read.

    While whole turns are missing in what it reads, its position is not known.
    """

    wiring: ServoWiring
    position: float = math.nan  # [rad] or [m], of this cycle
    velocity: float = math.nan  # [rad/s] or [m/s], of this cycle
    current: float = math.nan  # [A], of this cycle, where the model measures it
    load: float = math.nan  # [%], of this cycle, where it does not
    ticks: int | None = None  # raw, of this cycle
    read_at: float = -math.inf  # monotonic [s]
    misses: int = 0  # cycles without an answer, in a row
    protection: Protection = UNKNOWN  # its own bounds, as read since it last was silent
    torque: bool | None = None
    hardware_error: int = 0  # see HardwareError
    alert: bool = False
    watchdog: int = 0  # raw: 0 off, else its time, or that it has tripped
    is_status_known: bool = False  # whether torque and hardware_error were read since it last was silent
    status_at: float = -math.inf  # when torque, hardware_error and watchdog were read [s]
    environment_at: float = -math.inf  # when voltage and temperature were [s]
    voltage: float = math.nan  # [V]
    temperature: float = math.nan  # [°C]
    partner: Axis | None = field(default=None, repr=False)  # the other servo of its joint
    goal_offset: int = 0  # of the goals of a joint's second servo [tick]
    foreign_model: int = 0  # model number of another servo that answers with this one's id, while it is missing
    turns: TurnCounter | None = None  # where its joint needs whole turns of it
    name: str = field(init=False)  # of the servo: its joint's, unless it is a joint's second one

    def __post_init__(self) -> None:
        self.name = self.wiring.name

    @cached_property
    def block(self) -> tuple[int, int]:
        """Address and length of current or load, velocity and position."""
        state = self._state
        return state.address, state.length

    @cached_property
    def _state(self) -> RegisterBlock:
        model = self.wiring.model
        block = model.block((self._effort_role, Role.PRESENT_VELOCITY, Role.PRESENT_POSITION))
        assert block is not None  # every model has a position
        return block

    @property
    def _effort_role(self) -> Role:
        """The role from which the servo's effort is read, if it has one."""
        return Role.PRESENT_CURRENT if self.wiring.model.has(Role.PRESENT_CURRENT) else Role.PRESENT_LOAD

    @cached_property
    def _layout(self) -> _Layout:
        return _Layout.of(self.wiring, self._state, self._effort_role)

    @property
    def effort(self) -> float:
        """Torque [N·m] or force [N] on the joint, of this cycle; NaN without a factor in the wiring file."""
        return self.wiring.to_effort(self.current)

    @property
    def firmware(self) -> int:
        """Version of its firmware; 0 where it is unknown."""
        return self.protection.firmware

    @property
    def is_stopped_by_watchdog(self) -> bool:
        """Whether its Bus Watchdog has tripped, as last read: it holds, and silently refuses goals."""
        return self.watchdog == self.wiring.model.watchdog_tripped

    @property
    def silence_reason(self) -> str:
        """Why nothing is read of it, in words."""
        if not self.foreign_model:
            return "it does not answer"
        other, wanted = model_name(self.foreign_model), self.wiring.model.name
        return f"another servo answers with its id {self.wiring.servo_id}: {other}, but it should be {wanted}"

    def mark_missed(self) -> None:
        """Note that this cycle has read nothing: the values of the last one are not of this one."""
        self.position = self.velocity = self.current = self.load = math.nan
        self.ticks = None
        self.misses += 1

    def mark_silent(self) -> None:
        """Forget the slow values too: of a silent servo neither temperature nor torque is known.

        Nor whether it comes back as another one, with another firmware and bounds of its own.

        What its torque was is remembered, since the recovery depends on it, and is not reported any more.
        """
        self.mark_missed()
        self.voltage = self.temperature = math.nan
        self.alert = self.is_status_known = False
        self.protection = UNKNOWN

    def update(self, answer: ReadAnswer, now: float) -> None:
        """Decode the block that the servo answered."""
        wiring = self.wiring
        unpack, position, velocity, current, load, unit = self._layout
        values = unpack(answer.data)
        self.ticks = ticks = values[position]
        self.position = wiring.to_position(ticks)
        if self.turns is not None:
            self.turns.update(ticks)
            if self.turns.lost:
                self.position = math.nan
        if velocity is not None:
            self.velocity = wiring.to_velocity(values[velocity])
        if current is not None:
            self.current = values[current] * unit
        elif load is not None:
            self.load = values[load] * unit
        self.alert = answer.alert
        self.read_at = now
        self.misses = 0

    @property
    def lost_turns(self) -> int:
        """Whole turns of the servo by which the position that it reports is wrong."""
        return 0 if self.turns is None else self.turns.lost

    def describe_lost_turns(self) -> str:
        """How the position that it reports differs from where the joint is, in words; empty where it does not."""
        return "" if self.turns is None else self.turns.describe_loss()

    def why_not_restart(self) -> str:
        """Why the servo must not restart where it is, in words; empty where it may."""
        return "" if self.turns is None else self.turns.why_not_restart(self.protection.homing_offset)

    def update_status(self, values: Mapping[Role, int], now: float) -> None:
        """Decode what was read of STATUS."""
        self.is_status_known, self.status_at = True, now
        self.torque = bool(values[Role.TORQUE_ENABLE])
        self.hardware_error = int(self.wiring.model.errors_of(values.get(Role.HARDWARE_ERROR, 0)))
        self.watchdog = values.get(Role.BUS_WATCHDOG, 0)

    def update_environment(self, values: Mapping[Role, int], now: float) -> None:
        """Decode what was read of ENVIRONMENT."""
        self.environment_at, model = now, self.wiring.model
        if Role.PRESENT_VOLTAGE in values:
            self.voltage = model[Role.PRESENT_VOLTAGE].to_si(values[Role.PRESENT_VOLTAGE])
        if Role.PRESENT_TEMPERATURE in values:
            self.temperature = model[Role.PRESENT_TEMPERATURE].to_si(values[Role.PRESENT_TEMPERATURE])

    def hardware_error_names(self) -> str:
        """Its hardware errors in words."""
        return names_of(self.hardware_error)
