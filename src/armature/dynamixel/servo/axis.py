"""One joint's servo as it was last read."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from struct import Struct

from armature.dynamixel.protocol.base import Answer
from armature.dynamixel.servo.protection import UNKNOWN, Protection
from armature.dynamixel.status.cause import names_of
from armature.dynamixel.tables.control_table import VOLTAGE_UNIT, WATCHDOG_TRIPPED, Register, model_name
from armature.dynamixel.wiring.arm import ServoWiring

_LOAD_UNIT = 0.1  # [%] (e-Manual, "Present Load(126)")


@dataclass(eq=False)
class Axis:
    """What is known of one servo; NaN and None stand for what was not read."""

    wiring: ServoWiring
    position: float = math.nan  # [rad] or [m], of this cycle
    velocity: float = math.nan  # [rad/s] or [m/s], of this cycle
    current: float = math.nan  # [A], of this cycle, where the model measures it
    load: float = math.nan  # [%], of this cycle, where it does not
    ticks: int | None = None  # Present Position, of this cycle
    read_at: float = -math.inf  # monotonic [s]
    misses: int = 0  # cycles without an answer, in a row
    own: Protection = UNKNOWN  # its own bounds, as it has told them since it last was silent
    torque: bool | None = None
    hardware_error: int = 0
    alert: bool = False
    watchdog: int = 0  # Bus Watchdog: 0 off, -1 tripped, else its time in units of 20 ms
    is_known: bool = False  # whether torque and hardware_error were read since it last was silent
    status_at: float = -math.inf  # when torque, hardware_error and watchdog were read [s]
    environment_at: float = -math.inf  # when voltage and temperature were [s]
    voltage: float = math.nan  # [V]
    temperature: float = math.nan  # [°C]
    partner: Axis | None = field(default=None, repr=False)  # the other servo of its joint
    bias: int = 0  # of the goals of a joint's second servo [tick]
    stranger: int = 0  # model number of another servo that answers with this one's id, while it is missing
    lost_turns: int = 0  # whole turns of the servo by which Present Position is wrong
    name: str = field(init=False)  # of the servo: its joint's, unless it is a joint's second one

    def __post_init__(self) -> None:
        self.name = self.wiring.name

    @cached_property
    def block(self) -> tuple[int, int]:
        """Address and length of current or load, velocity and position, which are neighbours."""
        first, _, last = self._state_registers
        return first.address, last.end - first.address

    @cached_property
    def _state_registers(self) -> tuple[Register, Register, Register]:
        registers = self.wiring.model.registers
        effort = registers.get("Present Current") or registers["Present Load"]
        return effort, registers["Present Velocity"], registers["Present Position"]

    @cached_property
    def _layout(self) -> Struct:
        """How the block's bytes are divided; all three are signed (e-Manual, "Control Table of RAM Area")."""
        letters = {1: "b", 2: "h", 4: "i"}
        text, end = "<", self.block[0]
        for register in self._state_registers:
            text += "x" * (register.address - end) + letters[register.size]
            end = register.end
        return Struct(text)

    @property
    def effort(self) -> float:
        """Torque [N·m] or force [N] on the joint, of this cycle; NaN without a factor in the wiring file."""
        return self.wiring.to_effort(self.current)

    @property
    def firmware(self) -> int:
        """Version of its firmware; 0 where it is unknown."""
        return self.own.firmware

    @property
    def is_stopped_by_watchdog(self) -> bool:
        """Whether its Bus Watchdog has tripped, as last read: it holds, and silently refuses goals."""
        return self.watchdog == WATCHDOG_TRIPPED

    @property
    def silence(self) -> str:
        """Why nothing is read of it, in words."""
        if not self.stranger:
            return "it does not answer"
        other, wanted = model_name(self.stranger), self.wiring.model.name
        return f"another servo answers with its id {self.wiring.servo_id}: {other}, {wanted} is wanted"

    def miss(self) -> None:
        """Forget what the last cycle read; it is not of this one."""
        self.position = self.velocity = self.current = self.load = math.nan
        self.ticks = None
        self.misses += 1

    def forget(self) -> None:
        """Forget the slow values too: nobody knows how warm a servo is that stays silent, nor whether it holds.

        Nor whether it comes back as another one, with another firmware and bounds of its own.

        What its torque was is remembered, since the way back depends on it, and is told no more.
        """
        self.miss()
        self.voltage = self.temperature = math.nan
        self.alert = self.is_known = False
        self.own = UNKNOWN

    def take(self, answer: Answer, now: float) -> None:
        """Take the block that the servo answered."""
        wiring = self.wiring
        effort, velocity, ticks = self._layout.unpack(answer.data)
        self.ticks = ticks
        self.position = wiring.to_position(ticks)
        self.velocity = wiring.to_velocity(velocity)
        if wiring.model.current_unit is not None:
            self.current = wiring.direction * effort * wiring.model.current_unit
        else:
            self.load = wiring.direction * effort * _LOAD_UNIT
        self.alert = answer.alert
        self.read_at = now
        self.misses = 0

    def what_was_lost(self) -> str:
        """How Present Position differs from where the joint is, in words; empty where it does not."""
        return ""

    def what_a_start_loses(self, homing_offset: int) -> str:
        """Why the servo must not start anew where it is, in words; empty where it may.

        Args:
            homing_offset: of the servo [tick].
        """
        return ""

    def take_status(self, block: bytes, now: float) -> None:
        """Take Torque Enable to Bus Watchdog."""
        self.is_known, self.status_at = True, now
        registers = self.wiring.model.registers
        first, watchdog = registers["Torque Enable"].address, registers["Bus Watchdog"]
        self.torque = bool(block[0])
        self.hardware_error = block[registers["Hardware Error Status"].address - first]
        self.watchdog = watchdog.decode(block[watchdog.address - first])

    def take_environment(self, block: bytes, now: float) -> None:
        """Take Present Input Voltage and Present Temperature."""
        self.environment_at = now
        self.voltage = int.from_bytes(block[0:2], "little") * VOLTAGE_UNIT
        self.temperature = float(block[2])

    def hardware_error_names(self) -> str:
        """The set bits of Hardware Error Status in words."""
        return names_of(self.hardware_error)
