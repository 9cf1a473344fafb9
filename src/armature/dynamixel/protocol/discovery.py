"""Who is on a bus, whatever the wiring says: every servo answers one broadcast ping."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from armature.dynamixel.protocol.packet import BROADCAST_ID, STATUS_OVERHEAD, Instruction, StreamDecoder, encode
from armature.dynamixel.protocol.port import Port
from armature.dynamixel.tables.registry import model_name

_ANSWER = 3  # error, model number, firmware version follow (Protocol 2.0 manual, "Ping") [byte]
# Servos answer one after the other, in the order of their ids: each may take 3 ms (DynamixelSDK 4.0,
# protocol2_packet_handler.py, broadcastPing).
_IDS = 253
_TURN = 0.003  # [s]
_CHUNK = 255  # [byte]


@dataclass(frozen=True)
class FoundServo:
    """One servo that has answered."""

    servo_id: int
    model_number: int
    firmware: int
    answers: int = 1  # more than one: several servos have this id

    @property
    def model(self) -> str:
        """The model's name, or its number where no control table has it."""
        return model_name(self.model_number)


@dataclass(frozen=True)
class Survey:
    """What a broadcast ping has brought."""

    baud_rate: int  # [bit/s]
    found: tuple[FoundServo, ...]
    damaged: int  # packets with a wrong CRC, or broken off: servos that speak at once, or noise


def survey(port: Port) -> Survey:
    """Ping all servos of a bus.

    Args:
        port: open, and used by nobody else.

    Raises:
        PortError: the port is gone.
    """
    decoder = StreamDecoder()
    port.read_pending()
    port.write(encode(BROADCAST_ID, Instruction.PING))
    port.set_deadline(_IDS * (STATUS_OVERHEAD + _ANSWER), _IDS * _TURN)
    answers: Counter[tuple[int, int, int]] = Counter()
    damaged = 0
    while (data := port.read(_CHUNK)) or not port.is_timed_out():
        for packet in decoder.feed(data):
            if not packet.intact:
                damaged += 1
            elif packet.instruction == Instruction.STATUS and len(packet.parameters) == 1 + _ANSWER:
                _, low, high, firmware = packet.parameters
                answers[packet.packet_id, low | high << 8, firmware] += 1
    found = tuple(FoundServo(*who, count) for who, count in sorted(answers.items()))
    return Survey(port.baud_rate, found, damaged + decoder.cut)
