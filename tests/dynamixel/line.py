"""Still servos, a bus and its reader in one process, cycle by cycle on virtual time."""

from __future__ import annotations

import math

from armature.bench.bus.still import still_bus, still_wiring
from armature.bench.simulation.virtual_port import VirtualPort
from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.packet import Instruction, StreamDecoder
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.reader import Reader
from armature.dynamixel.tables.roles import Role

COUNT = 7
PERIOD = 0.01  # [s]
MISSES = 5
ALL = set(range(1, COUNT + 1))


class Line:
    """Still servos, a bus and the reader, cycle by cycle on virtual time."""

    def __init__(self, models=("XM430-W350",) * COUNT, misses=MISSES, firmware=48):
        self.far = still_bus(len(models), 1_000_000)
        self.port = VirtualPort(self.far)
        self.bus = ServoBus(self.port)
        wirings = [still_wiring(len(models), model)[index] for index, model in enumerate(models)]
        self.axes = [Axis(wiring) for wiring in wirings]
        for servo in self.far.servos:
            servo.registers[Role.FIRMWARE_VERSION] = firmware
        self.reader = Reader(self.bus, {axis.wiring.joint: axis for axis in self.axes}, misses)
        self.deaf: set[int] = set()  # instructions that nobody knows
        self.sent: list[int] = []
        self._listen()
        self.bus.open()

    def _listen(self):
        feed = self.far.transmit

        def heard(data, now, _bus):
            [packet] = StreamDecoder().feed(data)
            self.sent.append(packet.instruction)
            return [] if packet.instruction in self.deaf else feed(data, now)

        self.far.transmit = heard

    def start(self):
        self.reader.read_all(self.port.time)
        self.sent.clear()
        return self

    def silence(self, servo_id):
        self.far.servos[servo_id - 1]._booting = math.inf

    def speak(self, servo_id):
        self.far.servos[servo_id - 1]._booting = 0.0

    def cycle(self, slowly=True, is_late=False):
        """One cycle; returns the ids that were read, and how long it took [s]."""
        self.port.time = begun = math.floor(self.port.time / PERIOD + 1.0) * PERIOD
        self.reader.read_states(begun)
        read = {axis.wiring.servo_id for axis in self.axes if not math.isnan(axis.position)}
        if slowly:
            self.reader.read_slow_values(begun, is_late=is_late)
        return read, self.port.time - begun

    def states_asked(self):
        return [number for number in self.sent if number in (Instruction.SYNC_READ, Instruction.FAST_SYNC_READ)]
