"""A million bus cycles over a bad wire: no value is invented, and no register is written that was not meant.

`make soak` runs them all, `make test` one in a hundred. Both live on virtual time.
"""

from __future__ import annotations

import math
from contextlib import suppress
from random import Random
from struct import Struct

import pytest

from armature.bench.bus.still import still_bus, still_wiring
from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.packet import Error
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.reader import Reader
from armature.dynamixel.tables.roles import Role
from armature.emulator.servo.servo import Servo
from armature.errors import BusError

from ..noise import NoisyPort

CYCLES = 1_000_000
COUNT = 4
PERIOD = 0.005  # [s]
NOISE = 0.01  # share of packets lost, and as many damaged
RESTART_EVERY = 5_000  # cycles; a restart chooses Fast Sync Read again
STATE = Struct("<hii")
STATE_ADDRESS = 126
# Bytes that look like the beginning of a packet, or like stuffing.
TRICKY = (b"\xff\xff\xfd\x00\xfe", b"\xff\xff\xfd\xfd", b"\xff\xff\xff\xfd", b"\xff\xff\xfd\x00\x01")


class TrueServo(Servo):
    """A servo whose every value is known, and that keeps what was written."""

    def __init__(self, *arguments):
        super().__init__(*arguments, measures=False)
        self.written = []

    def write(self, address, data):
        self.written.append((address, data))
        return Error.NONE

    def turn(self, chance):
        """Be somewhere else."""
        state = chance.randbytes(STATE.size)
        if chance.random() < 0.1:
            state = (chance.choice(TRICKY) + state)[: STATE.size]
        self.registers._bytes[STATE_ADDRESS : STATE_ADDRESS + STATE.size] = state
        return STATE.unpack(state)


class Arm:
    """Servos at the end of a bad wire, with their reader."""

    def __init__(self, seed):
        self.chance = Random(seed)
        self.far = still_bus(COUNT, 1_000_000, make=TrueServo)
        self.port = NoisyPort(self.far, self.chance, NOISE)
        self.bus = ServoBus(self.port)
        self.axes = [Axis(wiring) for wiring in still_wiring(COUNT)]
        self.reader = Reader(self.bus, {axis.wiring.joint: axis for axis in self.axes}, max_missed_reads=5)
        self.registers = self.axes[0].wiring.model.roles
        self.pairs = list(zip(self.axes, self.far.servos, strict=True))
        for axis, servo in self.pairs:
            servo_id = axis.wiring.servo_id
            servo.registers[Role.TORQUE_ENABLE] = servo_id % 2
            servo.registers[Role.BUS_WATCHDOG] = servo_id
            servo.registers[Role.PRESENT_VOLTAGE] = 100 + servo_id
            servo.registers[Role.PRESENT_TEMPERATURE] = 30 + servo_id
        self.bus.open()

    def start(self):
        for axis in self.axes:
            axis.misses = 0
        with suppress(BusError):
            self.reader.read_all(self.port.time)
            return
        self.start()

    def cycle(self, number):
        """Write goals, read states and something slow, and write a register of one servo now and then."""
        self.port.time = max(self.port.time, number * PERIOD)
        goals = {axis.wiring.servo_id: self.chance.randrange(-1_000_000, 1_000_000) for axis in self.axes}
        truth = [servo.turn(self.chance) for servo in self.far.servos]
        self.bus.sync_write(self.registers[Role.GOAL_POSITION], goals)
        self.reader.read_states(self.port.time)
        read = [self.check_state(axis, *values) for axis, values in zip(self.axes, truth, strict=True)]
        self.reader.read_slow_values(self.port.time)
        profile = self.write_profile() if number % 10 == 0 else None
        self.check_writes(goals, profile)
        return sum(read)

    def check_state(self, axis, effort, velocity, ticks):
        """What was read in this cycle is what the servo had in it."""
        if axis.ticks is None:
            assert math.isnan(axis.position)
            assert math.isnan(axis.velocity)
            assert math.isnan(axis.current)
            return False
        assert axis.ticks == ticks
        assert axis.position == axis.wiring.to_position(ticks)
        assert axis.velocity == axis.wiring.to_velocity(velocity)
        assert axis.current == effort * axis.wiring.model.current_unit
        return True

    def write_profile(self):
        servo_id, value = self.chance.randint(1, COUNT), self.chance.randrange(32_768)
        for _ in range(2):
            with suppress(BusError):
                self.bus.write(servo_id, self.registers[Role.PROFILE_VELOCITY], value)
                break
        return servo_id, value

    def check_writes(self, goals, profile):
        """What a servo was told is what was meant for it."""
        for servo_id, servo in enumerate(self.far.servos, start=1):
            meant = {(116, goals[servo_id].to_bytes(4, "little", signed=True))}
            if profile is not None and profile[0] == servo_id:
                meant.add((112, profile[1].to_bytes(4, "little")))
            assert set(servo.written) <= meant
            servo.written.clear()

    def check_slow_values(self):
        """Those of one servo never pass for another's."""
        for axis in self.axes:
            servo_id = axis.wiring.servo_id
            assert axis.torque in (None, bool(servo_id % 2))
            assert axis.watchdog in (0, servo_id)
            assert math.isnan(axis.voltage) or axis.voltage == pytest.approx(10.0 + 0.1 * servo_id)
            assert math.isnan(axis.temperature) or axis.temperature == 30 + servo_id
            assert axis.hardware_error == 0


@pytest.mark.soak
def test_no_value_is_invented_and_no_register_is_written_that_was_not_meant(soak):
    cycles = soak.count(CYCLES)
    arm = Arm(seed=20)
    read = 0
    instructions = set()
    for number in range(cycles):
        if number % RESTART_EVERY == 0:
            arm.start()
        read += arm.cycle(number)
        if number % 50 == 0:
            arm.check_slow_values()
            instructions.add(arm.reader.instruction.partition(" (")[0])
            soak.show(number, cycles, "cycles")
    found = arm.bus.statistics()
    assert read > 0.8 * cycles * COUNT
    assert min(found.corrupt, found.timeouts, found.stale, found.retries) > 0
    assert "Fast Sync Read" in instructions
