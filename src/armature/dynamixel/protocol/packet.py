"""Packets as pure functions over bytes, for both ends of the wire (e-Manual, "DYNAMIXEL Protocol 2.0")."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from fastcrc import crc16 as _crc16

HEADER = b"\xff\xff\xfd\x00"
BROADCAST_ID = 0xFE
BITS_PER_BYTE = 10  # on the wire: start, 8 data, stop (8N1)
# Bytes of a status packet besides its parameters: header 4, id, length 2, instruction, error, CRC 2.
STATUS_OVERHEAD = 11
# Section "Error": bit 7 reports a hardware error.
ALERT = 0x80

# Header, id and length.
_PREFIX = 7
_CRC_SIZE = 2
# Instruction and CRC; the length field counts them besides the parameters.
_MINIMUM_LENGTH = 3
# The servos' own receive buffer is smaller than the 16 bit length allows; longer claims are noise.
_MAXIMUM_LENGTH = 4_096
# Section "Processing Order of Byte Stuffing": no header may stand inside a packet.
_UNSTUFFED, _STUFFED = b"\xff\xff\xfd", b"\xff\xff\xfd\xfd"
# Section "Fast Sync Read": error and id before each servo's data, CRC behind them.
_PART_HEAD, _PART_OVERHEAD = 2, 4


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


class Packet(NamedTuple):
    """A packet without its stuffing. A tuple, since several are made in every cycle."""

    packet_id: int
    instruction: int
    parameters: bytes  # of a status packet: its error, then its data
    size: int  # bytes on the wire
    intact: bool = True  # the CRC matched


def crc16(data: bytes, crc: int = 0) -> int:
    """CRC of bytes, or of the bytes that follow those with the CRC given.

    Section "CRC Calculation": CRC-16 (IBM), polynomial x^16 + x^15 + x^2 + 1, not reflected, initial value 0.
    Catalogues of CRCs call it UMTS or BUYPASS.
    """
    return _crc16.umts(data, crc)


def encode(packet_id: int, instruction: int, parameters: bytes = b"") -> bytes:
    """Whole packet with stuffing and CRC."""
    body = bytes((instruction,)) + parameters
    if _UNSTUFFED in body:
        body = body.replace(_UNSTUFFED, _STUFFED)
    packet = b"%b%c%b%b" % (HEADER, packet_id, (len(body) + _CRC_SIZE).to_bytes(2, "little"), body)
    return packet + crc16(packet).to_bytes(2, "little")


def status(servo_id: int, error: int, parameters: bytes = b"") -> bytes:
    """Status packet of a servo."""
    return encode(servo_id, Instruction.STATUS, bytes((error,)) + parameters)


@lru_cache(maxsize=64)
def group_read(instruction: int, ids: bytes, address: int, length: int) -> bytes:
    """Packet of a Sync Read or Fast Sync Read; cached, since each cycle sends the same.

    Args:
        instruction: which of the two.
        ids: servos, in the order in which they shall answer.
        address: first address of each one's data.
        length: of each one's data [byte].
    """
    return encode(BROADCAST_ID, instruction, encode_address(address, length) + ids)


def encode_address(address: int, length: int) -> bytes:
    """Where data stands, as parameters name it."""
    return bytes((address & 0xFF, address >> 8, length & 0xFF, length >> 8))


@lru_cache(maxsize=64)
def fast_status_head(servos: int, length: int) -> bytes:
    """First bytes of the one status packet that servos write together (section "Fast Sync Read").

    Args:
        servos: how many were asked.
        length: of each one's data [byte].
    """
    claimed = 1 + servos * (length + _PART_OVERHEAD)
    return b"%b%c%b%c" % (HEADER, BROADCAST_ID, claimed.to_bytes(2, "little"), Instruction.STATUS)


def fast_status_size(servos: int, length: int) -> int:
    """Size of such a packet [byte]."""
    return _PREFIX + 1 + servos * (length + _PART_OVERHEAD)


def fast_status_parts(packet: bytes, ids: Sequence[int], length: int) -> dict[int, tuple[int, bytes]]:
    """What each servo wrote into a status packet that they wrote together, whole or not.

    Its parts are not stuffed, and each CRC covers all bytes before it. So each goes on from the CRC before it, and
    a part is judged with the one before it: damage costs its servo and at most two behind it, but not all.

    Args:
        packet: from the header on; it may be cut short.
        ids: servos, in the order in which they were asked.
        length: of each one's data [byte].

    Returns:
        Error field and data of those parts that are intact and stand in their place.
    """
    if len(packet) == fast_status_size(len(ids), length) and _is_intact(packet):
        fields = _fast_layout(len(ids), length).unpack(packet)
        if fields[1::3] == tuple(ids):
            return dict(zip(ids, zip(fields[0::3], fields[2::3], strict=True), strict=True))
    return _fast_status_parts(packet, ids, length)


@lru_cache(maxsize=64)
def _fast_layout(servos: int, length: int) -> Struct:
    """Error, id and data of each servo, without what stands around them."""
    return Struct(f"<{_PREFIX + 1}x" + servos * f"BB{length}s{_CRC_SIZE}x")


def _fast_status_parts(packet: bytes, ids: Sequence[int], length: int) -> dict[int, tuple[int, bytes]]:
    """Those parts of a damaged packet that are intact."""
    parts: dict[int, tuple[int, bytes]] = {}
    begin, crc, was_intact = 0, 0, True
    data = _PREFIX + 1 + _PART_HEAD
    for servo_id in ids:
        end = data + length
        check = packet[end : end + _CRC_SIZE]
        if len(check) < _CRC_SIZE:
            break
        claimed = check[0] | check[1] << 8
        is_intact = _crc16.umts(packet[begin:end], crc) == claimed
        if is_intact and was_intact and packet[data - 1] == servo_id:
            parts[servo_id] = packet[data - 2], packet[data:end]
        begin, crc, was_intact = end, claimed, is_intact
        data = end + _CRC_SIZE + _PART_HEAD
    return parts


def _is_intact(packet: bytes) -> bool:
    return _crc16.umts(packet[:-_CRC_SIZE]) == packet[-2] | packet[-1] << 8


class StreamDecoder:
    """Finds packets in a stream of bytes and picks up again after noise or a cut packet."""

    def __init__(self) -> None:
        self.cut = 0  # packets that broke off
        self.noise = 0  # bytes outside of packets
        self._buffer = bytearray()

    def clear(self) -> None:
        """Discard a packet that has begun."""
        if self._buffer.startswith(HEADER):
            self.cut += 1
        else:
            self.noise += len(self._buffer)
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Packet]:
        """Take bytes in; the packets that they complete."""
        self._buffer += data
        packets = []
        while self._align():
            packet = self._whole()
            broken_at = self._broken_at(packet)
            if broken_at:
                self._drop(broken_at)
            elif packet is None:
                break
            else:
                packets.append(packet)
                del self._buffer[: packet.size]
        return packets

    def _align(self) -> bool:
        """Drop what stands before a header; returns whether one is there, with the length behind it."""
        start = self._buffer.find(HEADER)
        if start < 0:
            # The last bytes may be the beginning of a header.
            start = max(0, len(self._buffer) - len(HEADER) + 1)
        if start:
            self.noise += start
            del self._buffer[:start]
        return len(self._buffer) >= _PREFIX

    def _drop(self, size: int) -> None:
        self.cut += 1
        del self._buffer[:size]

    def _size(self) -> int:
        """Size that the length field claims."""
        return _PREFIX + (self._buffer[5] | self._buffer[6] << 8)

    def _whole(self) -> Packet | None:
        size = self._size()
        if len(self._buffer) < size or size < _PREFIX + _MINIMUM_LENGTH:
            return None
        raw = bytes(self._buffer[:size])
        body = raw[_PREFIX:-_CRC_SIZE]
        if _STUFFED in body:
            body = body.replace(_STUFFED, _UNSTUFFED)
        return Packet(raw[4], body[0], body[1:], size, _is_intact(raw))

    def _broken_at(self, packet: Packet | None) -> int:
        """How many bytes to drop because the packet that they begin can never be whole.

        Stuffing keeps a header out of a packet's inside, so one that stands there begins the next packet. Over the
        CRC, where it could stand by chance, it counts only if the CRC is wrong.
        """
        size = self._size()
        if not _MINIMUM_LENGTH <= size - _PREFIX <= _MAXIMUM_LENGTH:
            return 1
        cut = self._buffer.find(HEADER, 1, size - _CRC_SIZE)
        if cut < 0 and packet is not None and not packet.intact:
            cut = self._buffer.find(HEADER, size - 5, size + 3)
        return max(0, cut)
