"""Protocol 2.0 packets as a servo sees them (e-Manual, "DYNAMIXEL Protocol 2.0")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

HEADER = b"\xff\xff\xfd\x00"
BROADCAST_ID = 0xFE
# Header, id and length.
_PREFIX = 7
# Instruction and CRC; the length field counts them besides the parameters.
_MINIMUM_LENGTH = 3
# The servos' own receive buffer is smaller than the 16 bit length allows; longer claims are noise.
_MAXIMUM_LENGTH = 4_096


class Instruction(IntEnum):
    """Section "Instruction"."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REG_WRITE = 0x04
    ACTION = 0x05
    FACTORY_RESET = 0x06
    REBOOT = 0x08
    CLEAR = 0x10
    STATUS = 0x55
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83
    FAST_SYNC_READ = 0x8A
    BULK_READ = 0x92
    BULK_WRITE = 0x93
    FAST_BULK_READ = 0x9A


class Error(IntEnum):
    """Section "Error": error number of a status packet."""

    NONE = 0
    RESULT_FAIL = 1
    INSTRUCTION = 2
    CRC = 3
    DATA_RANGE = 4
    DATA_LENGTH = 5
    DATA_LIMIT = 6
    ACCESS = 7


# Section "Error": bit 7 tells of a hardware error.
ALERT = 0x80


@dataclass(frozen=True)
class Packet:
    """An instruction packet without its stuffing."""

    packet_id: int
    instruction: int
    parameters: bytes
    size: int  # bytes on the wire
    intact: bool = True  # the CRC matched


def _crc_table() -> tuple[int, ...]:
    # Section "CRC Calculation": CRC-16 (IBM), polynomial x^16 + x^15 + x^2 + 1, not reflected, initial value 0.
    table = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x8005 if crc & 0x8000 else crc << 1
        table.append(crc & 0xFFFF)
    return tuple(table)


_TABLE = _crc_table()


def crc16(data: Iterable[int], crc: int = 0) -> int:
    """CRC of bytes, or of the bytes that follow those with the CRC given."""
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ _TABLE[(crc >> 8) ^ byte]
    return crc


def encode(packet_id: int, instruction: int, parameters: bytes = b"") -> bytes:
    """Whole packet with stuffing and CRC."""
    body = _stuff(bytes([instruction]) + parameters)
    packet = HEADER + bytes([packet_id]) + (len(body) + 2).to_bytes(2, "little") + body
    return packet + crc16(packet).to_bytes(2, "little")


def status(servo_id: int, error: int, parameters: bytes = b"") -> bytes:
    """Status packet of a servo."""
    return encode(servo_id, Instruction.STATUS, bytes([error]) + parameters)


def _stuff(body: bytes) -> bytes:
    return body.replace(b"\xff\xff\xfd", b"\xff\xff\xfd\xfd")


def _unstuff(body: bytes) -> bytes:
    return body.replace(b"\xff\xff\xfd\xfd", b"\xff\xff\xfd")


class StreamDecoder:
    """Finds packets in a stream of bytes and picks up again after noise or a cut packet."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Take bytes in; yield the packets that they complete."""
        self._buffer += data
        while self._align():
            end = _PREFIX + self._length()
            cut = self._cut(end)
            if not cut and len(self._buffer) < end:
                return
            if not cut:
                yield self._packet(end)
            del self._buffer[: cut or end]

    def _align(self) -> bool:
        """Drop what stands before a header; tell whether one is there."""
        start = self._buffer.find(HEADER)
        if start < 0:
            # The last bytes may be the beginning of a header.
            del self._buffer[: max(0, len(self._buffer) - len(HEADER) + 1)]
            return False
        del self._buffer[:start]
        return True

    def _length(self) -> int:
        """The length field, or the least possible while it is missing."""
        if len(self._buffer) < _PREFIX:
            return _MINIMUM_LENGTH
        return int.from_bytes(self._buffer[5:7], "little")

    def _cut(self, end: int) -> int:
        """How many bytes to drop because the packet that they begin can never be whole.

        Stuffing keeps a header out of a packet's inside, so one that stands there begins the next packet. Over the
        CRC, where it could stand by chance, it counts only if the CRC is wrong.
        """
        if not _MINIMUM_LENGTH <= end - _PREFIX <= _MAXIMUM_LENGTH:
            return 1
        cut = self._buffer.find(HEADER, 1, end - 2)
        if cut < 0 and len(self._buffer) >= end and not self._packet(end).intact:
            cut = self._buffer.find(HEADER, end - 5, end + 3)
        return max(0, cut)

    def _packet(self, end: int) -> Packet:
        raw = bytes(self._buffer[:end])
        body = _unstuff(raw[_PREFIX:-2])
        return Packet(
            packet_id=raw[4],
            instruction=body[0],
            parameters=body[1:],
            size=end,
            intact=crc16(raw[:-2]) == int.from_bytes(raw[-2:], "little"),
        )
