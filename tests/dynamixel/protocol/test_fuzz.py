"""Random and mutated byte strings into both ends of the wire: nothing breaks, nothing false is believed.

`make soak` runs a million of them, `make test` one in a hundred.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from random import Random

import pytest

from armature.bench.bus.still import still_bus
from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.packet import BROADCAST_ID, HEADER, Instruction, encode, status
from armature.dynamixel.protocol.port import Port
from armature.emulator.servo.servo import Servo
from armature.errors import BusError

from ..noise import damaged

STRINGS = 1_000_000
IDS = (1, 2, 3)
STATE = (126, 10)
# Whatever may be written to a servo's RAM and EEPROM, by every instruction that writes.
WRITES = (
    lambda data: encode(1, Instruction.WRITE, b"\x74\x00" + data[:4]),
    lambda data: encode(2, Instruction.REG_WRITE, b"\x74\x00" + data[:4]),
    lambda data: encode(
        BROADCAST_ID, Instruction.SYNC_WRITE, b"\x74\x00\x04\x00\x01" + data[:4] + b"\x02" + data[4:8]
    ),
    lambda data: encode(BROADCAST_ID, Instruction.BULK_WRITE, b"\x03\x74\x00\x04\x00" + data[:4]),
    lambda data: encode(3, Instruction.FACTORY_RESET, b"\xff"),
    lambda data: encode(3, Instruction.REBOOT),
)


def garbage(chance: Random) -> bytes:
    """Random bytes, some of which begin like a packet."""
    data = chance.randbytes(chance.randrange(1, 40))
    return HEADER + data if chance.random() < 0.5 else data


def nonsense(chance: Random) -> bytes:
    """A packet with a right CRC and random content."""
    instruction = chance.choice((*Instruction, chance.randrange(256)))
    packet_id = chance.choice((*IDS, BROADCAST_ID, chance.randrange(256)))
    return encode(packet_id, instruction, chance.randbytes(chance.randrange(0, 24)))


class KeptServo(Servo):
    """A servo that notes whether an instruction changed it."""

    changed = False

    def write(self, address, data):
        self.changed = True
        return super().write(address, data)

    reg_write = write

    def factory_reset(self, option):
        self.changed = True
        return super().factory_reset(option)

    def reboot(self):
        self.changed = True
        super().reboot()


@pytest.mark.soak
def test_damaged_instructions_and_garbage_change_nothing_in_a_servo(soak):
    chance = Random(21)
    far = still_bus(len(IDS), 1_000_000, make=partial(KeptServo, measures=False))
    count = soak.count(STRINGS // 2)
    for number in range(count):
        packet = chance.choice(WRITES)(chance.randbytes(8))
        far.transmit(damaged(packet, chance) if number % 2 else garbage(chance), float(number))
        if number % 8 == 7:
            # Whole packets still get through, if only at the second time: the first may end a damaged one.
            answers = [
                *far.transmit(encode(2, Instruction.PING), number),
                *far.transmit(encode(2, Instruction.PING), number),
            ]
            assert answers[-1].data == status(2, 0, b"\xfc\x03\x30")
        assert not any(servo.changed for servo in far.servos)
        soak.show(number, count, "strings to servos")


@pytest.mark.soak
def test_nonsense_with_a_right_crc_leaves_every_register_within_its_bounds(soak):
    chance = Random(22)
    far = still_bus(len(IDS), 1_000_000)
    count = soak.count(STRINGS // 10)
    for number in range(count):
        far.transmit(nonsense(chance), float(number))
        soak.show(number, count, "packets to servos")
    for servo in far.servos:
        for register in servo.model.registers.values():
            if register.access == "RW":
                assert register.minimum <= servo.registers[register.key] <= register.maximum, register


class StringPort(Port):
    """A port that hears whatever the test says."""

    def __init__(self):
        super().__init__("string", 1_000_000, 0.001)
        self.is_open = True
        self.time = 0.0
        self.answer = b""
        self.request = b""

    def open(self):
        pass

    def _put(self, packet):
        self.request = packet

    def read(self, enough):
        data, self.answer = self.answer, b""
        self.time += 0.0 if data else 1.0
        return data

    def read_pending(self):
        return b""

    def now(self):
        return self.time


TRUTH = {1: b"0123456789", 2: b"\xff\xff\xfd\x00\xfe\xff\xff\xfd\xfd\x00", 3: b"abcdefghij"}


def answers(bus: ServoBus, fast: bool) -> dict[int, bytes]:
    return {servo: answer.data for servo, answer in bus.sync_read(IDS, *STATE, fast=fast).items()}


@pytest.mark.soak
def test_damaged_answers_and_garbage_are_never_believed(soak):
    chance = Random(23)
    far = still_bus(len(IDS), 1_000_000)
    for servo, data in zip(far.servos, TRUTH.values(), strict=True):
        servo.registers._bytes[STATE[0] : STATE[0] + STATE[1]] = data
    port = StringPort()
    bus = ServoBus(port)
    count = soak.count(STRINGS // 2)
    for number in range(count):
        port.time += 2.0  # no answer is late any more
        fast = bool(number % 2)
        instruction = Instruction.FAST_SYNC_READ if fast else Instruction.SYNC_READ
        sent = far.transmit(encode(BROADCAST_ID, instruction, b"\x7e\x00\x0a\x00" + bytes(IDS)), port.time)
        whole = b"".join(item.data for item in sent)
        port.answer = damaged(whole, chance) if number % 4 < 2 else garbage(chance) + whole[: chance.randrange(60)]
        assert answers(bus, fast).items() <= TRUTH.items()
        if number % 8 == 7:
            port.answer = whole
            port.time += 2.0
            assert answers(bus, fast) == TRUTH
        soak.show(number, count, "strings to the host")


@pytest.mark.soak
def test_nonsense_with_a_right_crc_breaks_nothing_in_the_host(soak):
    chance = Random(24)
    port = StringPort()
    bus = ServoBus(port)
    requests = (
        lambda: bus.ping(1),
        lambda: bus.read_block(1, 132, 4),
        lambda: bus.reboot(1),
        lambda: bus.sync_read(IDS, *STATE),
        lambda: bus.sync_read(IDS, *STATE, fast=True),
        lambda: bus.send_ping(1),
        lambda: bus.collect_ping_answers(),
    )
    count = soak.count(STRINGS // 10)
    for number in range(count):
        port.time += 2.0
        port.answer = b"".join(nonsense(chance) for _ in range(chance.randrange(3)))
        with suppress(BusError):
            chance.choice(requests)()
        soak.show(number, count, "packets to the host")
