"""Bytes of the e-Manual's "DYNAMIXEL Protocol 2.0" page, then round trips."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from armature.dynamixel.protocol.packet import (
    ALERT,
    BROADCAST_ID,
    HEADER,
    Instruction,
    StreamDecoder,
    crc16,
    encode,
    fast_status_head,
    fast_status_parts,
    fast_status_size,
    status,
)

from ..scripted import crc

# Sections "Ping" to "Bulk Write", each example with its CRC.
EXAMPLES = [
    (1, Instruction.PING, "", "FF FF FD 00 01 03 00 01 19 4E"),
    (0xFE, Instruction.PING, "", "FF FF FD 00 FE 03 00 01 31 42"),
    (1, Instruction.READ, "84 00 04 00", "FF FF FD 00 01 07 00 02 84 00 04 00 1D 15"),
    (1, Instruction.WRITE, "74 00 00 02 00 00", "FF FF FD 00 01 09 00 03 74 00 00 02 00 00 CA 89"),
    (1, Instruction.REG_WRITE, "68 00 C8 00 00 00", "FF FF FD 00 01 09 00 04 68 00 C8 00 00 00 AE 8E"),
    (1, Instruction.ACTION, "", "FF FF FD 00 01 03 00 05 02 CE"),
    (1, Instruction.FACTORY_RESET, "01", "FF FF FD 00 01 04 00 06 01 A1 E6"),
    (1, Instruction.REBOOT, "", "FF FF FD 00 01 03 00 08 2F 4E"),
    (1, Instruction.CLEAR, "01 44 58 4C 22", "FF FF FD 00 01 08 00 10 01 44 58 4C 22 B1 DC"),
    (0xFE, Instruction.SYNC_READ, "84 00 04 00 01 02", "FF FF FD 00 FE 09 00 82 84 00 04 00 01 02 CE FA"),
    (
        0xFE,
        Instruction.BULK_READ,
        "01 90 00 02 00 02 92 00 01 00",
        "FF FF FD 00 FE 0D 00 92 01 90 00 02 00 02 92 00 01 00 1A 05",
    ),
    (
        0xFE,
        Instruction.BULK_WRITE,
        "01 20 00 02 00 A0 00 02 1F 00 01 00 50",
        "FF FF FD 00 FE 10 00 93 01 20 00 02 00 A0 00 02 1F 00 01 00 50 B7 68",
    ),
]
BYTES = st.binary(max_size=40) | st.lists(
    st.sampled_from([b"\xff", b"\xff\xff\xfd", b"\xfd", b"\x00", b"\xff\xff"]), max_size=12
).map(b"".join)


@pytest.mark.parametrize(("packet_id", "instruction", "parameters", "expected"), EXAMPLES)
def test_packets_of_the_manual(packet_id, instruction, parameters, expected):
    packet = encode(packet_id, instruction, bytes.fromhex(parameters))
    assert packet == bytes.fromhex(expected)
    [decoded] = StreamDecoder().feed(packet)
    assert (decoded.packet_id, decoded.instruction, decoded.intact) == (packet_id, instruction, True)
    assert decoded.parameters == bytes.fromhex(parameters)


def test_status_packet_of_the_manual():
    assert status(1, 0, bytes.fromhex("A6 00 00 00")).hex(" ").upper() == (
        "FF FF FD 00 01 08 00 55 00 A6 00 00 00 8C C0"
    )


def test_crc_of_parts_is_the_crc_of_the_whole():
    data = bytes(range(50))
    assert crc16(data[20:], crc16(data[:20])) == crc16(data)


def test_the_header_inside_is_stuffed_and_the_length_counts_it():
    """Section "Processing Order of Transmission": FF FF FD becomes FF FF FD FD."""
    packet = encode(1, Instruction.WRITE, bytes.fromhex("00 00 FF FF FD"))
    assert packet[5:13] == bytes.fromhex("09 00 03 00 00 FF FF FD")
    assert packet[13] == 0xFD


@given(st.integers(0, 254), st.integers(0, 255), BYTES)
def test_round_trip_in_single_bytes(packet_id, instruction, parameters):
    decoder = StreamDecoder()
    found = [
        packet for byte in encode(packet_id, instruction, parameters) for packet in decoder.feed(bytes([byte]))
    ]
    assert [(p.packet_id, p.instruction, p.parameters, p.intact) for p in found] == [
        (packet_id, instruction, parameters, True)
    ]


@given(st.binary(max_size=30).filter(lambda noise: HEADER[:2] not in noise + b"\xff"), BYTES)
def test_noise_before_a_packet_is_skipped(noise, parameters):
    packets = list(StreamDecoder().feed(noise + encode(3, Instruction.WRITE, parameters)))
    assert [packet.parameters for packet in packets] == [parameters]


@given(BYTES, st.data())
def test_a_packet_that_was_cut_does_not_swallow_the_next(parameters, data):
    first = encode(2, Instruction.WRITE, parameters)
    cut = data.draw(st.integers(1, len(first) - 1))
    stream = first[:cut] + encode(3, Instruction.PING)
    assume(not stream.startswith(first))  # where the next begins with just the byte that is missing, nothing is
    packets = list(StreamDecoder().feed(stream))
    assert [packet.packet_id for packet in packets] == [3]


def test_a_wrong_crc_is_told_and_the_next_packet_is_read():
    broken = bytearray(encode(2, Instruction.PING))
    broken[-1] ^= 1
    packets = list(StreamDecoder().feed(bytes(broken) + encode(3, Instruction.PING)))
    assert [(packet.packet_id, packet.intact) for packet in packets] == [(2, False), (3, True)]


@pytest.mark.parametrize("length", [0, 1, 2, 4097, 0xFFFF])
def test_an_impossible_length_is_skipped(length):
    noise = HEADER + b"\x01" + length.to_bytes(2, "little")
    packets = list(StreamDecoder().feed(noise + b"\x01\x02" + encode(3, Instruction.PING)))
    assert [packet.packet_id for packet in packets] == [3]


def test_a_packet_is_not_taken_before_its_last_byte():
    packet = encode(1, Instruction.PING)
    decoder = StreamDecoder()
    assert list(decoder.feed(packet[:-1])) == []
    assert len(list(decoder.feed(packet[-1:]))) == 1


# Fast Sync Read: one status packet that servos write together.

IDS = (3, 7, 4, 1)
PARTS = {3: (0, b"\xa6\0\0\0"), 7: (0, b"\x1f\x08\0\0"), 4: (ALERT, b"\xff\xff\xfd\0"), 1: (0, b"\1\2\3\4")}


def together(parts=PARTS) -> bytes:
    """A packet whose parts and CRCs are put behind each other by hand; the last part looks like a header."""
    packet = b"\xff\xff\xfd\x00\xfe" + (1 + 8 * len(parts)).to_bytes(2, "little") + b"\x55"
    for servo_id, (error, data) in parts.items():
        packet += bytes([error, servo_id]) + data
        packet += crc(packet).to_bytes(2, "little")
    return packet


def test_a_fast_status_packet_by_hand():
    packet = together()
    assert packet[:14].hex(" ") == "ff ff fd 00 fe 21 00 55 00 03 a6 00 00 00"
    assert fast_status_head(4, 4) == packet[:8]
    assert fast_status_size(4, 4) == len(packet)
    assert fast_status_parts(packet, IDS, 4) == PARTS


def test_a_whole_fast_status_packet_has_a_right_crc_at_its_end_as_any_packet():
    [packet] = StreamDecoder().feed(together({3: (0, b"\1\2\3\4"), 7: (0, b"\5\6\7\x08")}))
    assert (packet.packet_id, packet.instruction, packet.intact) == (BROADCAST_ID, Instruction.STATUS, True)


@pytest.mark.parametrize("place", range(8 + 4 * 8))
@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_damage_costs_its_servo_and_at_most_two_behind_it(place, flip):
    packet = bytearray(together())
    packet[place] ^= flip
    found = fast_status_parts(bytes(packet), IDS, 4)
    assert found.items() < PARTS.items()
    hit = max(0, (place - 8) // 8)
    assert set(IDS) - set(found) <= set(IDS[hit : hit + 3])


@pytest.mark.parametrize("size", range(8 + 4 * 8))
def test_a_fast_status_packet_that_breaks_off_keeps_what_was_whole(size):
    assert list(fast_status_parts(together()[:size], IDS, 4)) == list(IDS[: max(0, size - 8) // 8])


def test_a_part_of_another_servo_is_not_believed():
    assert set(fast_status_parts(together(), (3, 4, 7, 1), 4)) == {3, 1}


def test_what_is_cut_and_what_is_noise_is_counted():
    decoder = StreamDecoder()
    assert decoder.feed(b"\x01\x02" + encode(2, Instruction.PING)[:8] + encode(3, Instruction.PING)) != []
    assert (decoder.noise, decoder.cut) == (2, 1)
    decoder.feed(encode(2, Instruction.PING)[:8])
    decoder.clear()
    assert (decoder.noise, decoder.cut) == (2, 2)
    assert [packet.packet_id for packet in decoder.feed(encode(3, Instruction.PING))] == [3]
