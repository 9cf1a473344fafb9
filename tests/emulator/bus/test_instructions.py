"""e-Manual, Protocol 2.0, "Instruction Details": what each instruction does and who answers."""

from __future__ import annotations

import pytest

from armature.dynamixel.protocol.packet import BROADCAST_ID, Error, Instruction, crc16, encode
from armature.dynamixel.tables.roles import Role

from ..bench import Host, place


def test_ping_answers_with_model_and_firmware(host):
    reply = host.one(Instruction.PING)
    assert (reply.servo_id, reply.error) == (1, Error.NONE)
    assert reply.data == (1020).to_bytes(2, "little") + bytes([48])


def test_broadcast_ping_is_answered_in_the_order_of_the_ids():
    host = Host("XM430-W350", "XL430-W250", "XM540-W270")
    host.set(id=9)
    replies = host.ask(Instruction.PING, servo_id=BROADCAST_ID)
    assert [reply.servo_id for reply in replies] == [2, 3, 9]


def test_nobody_answers_for_an_id_that_is_not_there(host):
    assert host.ask(Instruction.PING, servo_id=17) == []


def test_read_and_write_by_hand_made_bytes(host):
    status = bytes.fromhex("FF FF FD 00 01 08 00 55 00 00 08 00 00")  # Present Position is 2048
    answer = host.send(bytes.fromhex("FF FF FD 00 01 07 00 02 84 00 04 00 1D 15"))
    assert answer == status + crc16(status).to_bytes(2, "little")
    answer = host.send(bytes.fromhex("FF FF FD 00 01 09 00 03 74 00 00 02 00 00 CA 89"))
    assert answer == bytes.fromhex("FF FF FD 00 01 04 00 55 00 A1 0C")
    assert host.read(Role.GOAL_POSITION) == 512


@pytest.mark.parametrize("parameters", [b"", b"\x84\x00", b"\x84\x00\x04", b"\x84\x00\x04\x00\x00"])
def test_a_read_of_the_wrong_form_is_a_length_error(host, parameters):
    assert host.one(Instruction.READ, parameters).error == Error.DATA_LENGTH


def test_broadcast_reads_and_writes_are_not_answered(host):
    """Section "Packet ID", note."""
    assert host.ask(Instruction.READ, place(132) + place(4), BROADCAST_ID) == []
    assert host.ask(Instruction.WRITE, place(65) + b"\x01", BROADCAST_ID) == []
    assert [host.read("LED", servo_id) for servo_id in (1, 2, 3)] == [1, 1, 1]


def test_a_wrong_crc_is_answered_and_has_no_effect(host):
    packet = bytearray(encode(1, Instruction.WRITE, place(65) + b"\x01"))
    packet[-1] ^= 0x55
    assert host.send(bytes(packet))[8] == Error.CRC
    assert host.read("LED") == 0


def test_a_wrong_crc_for_all_is_not_answered(host):
    packet = bytearray(encode(BROADCAST_ID, Instruction.PING))
    packet[-1] ^= 0x55
    assert host.send(bytes(packet)) == b""


@pytest.mark.parametrize("instruction", [0x00, 0x07, 0x20, 0x56, 0xFF])
def test_an_unknown_instruction_is_an_instruction_error(host, instruction):
    assert host.one(instruction).error == Error.INSTRUCTION


def test_a_status_packet_is_nobodys_business(host):
    assert host.ask(Instruction.STATUS, b"\x00") == []


def test_reg_write_waits_for_action(host):
    assert host.one(Instruction.REG_WRITE, place(65) + b"\x01").error == Error.NONE
    assert (host.read("LED"), host.read(Role.REGISTERED_INSTRUCTION)) == (0, 1)
    assert host.one(Instruction.ACTION).error == Error.NONE
    assert (host.read("LED"), host.read(Role.REGISTERED_INSTRUCTION)) == (1, 0)


def test_action_for_all_acts_on_all_and_is_not_answered(host):
    for servo_id in (1, 2):
        host.one(Instruction.REG_WRITE, place(65) + b"\x01", servo_id)
    assert host.ask(Instruction.ACTION, servo_id=BROADCAST_ID) == []
    assert [host.read("LED", servo_id) for servo_id in (1, 2, 3)] == [1, 1, 0]


def test_action_without_reg_write_is_an_instruction_error(host):
    """Section "Error": 0x02."""
    assert host.one(Instruction.ACTION).error == Error.INSTRUCTION


def test_reg_write_of_a_value_out_of_range_is_refused_at_once(host):
    assert host.one(Instruction.REG_WRITE, place(65) + b"\x02").error == Error.DATA_RANGE
    assert host.read(Role.REGISTERED_INSTRUCTION) == 0


def test_sync_read_is_answered_in_the_order_of_the_request(host):
    replies = host.ask(Instruction.SYNC_READ, place(7) + place(1) + bytes([3, 1, 2]), BROADCAST_ID)
    assert [(reply.servo_id, reply.data) for reply in replies] == [(3, b"\3"), (1, b"\1"), (2, b"\2")]


def test_a_silent_servo_silences_those_behind_it(host):
    replies = host.ask(Instruction.SYNC_READ, place(132) + place(4) + bytes([1, 9, 2, 3]), BROADCAST_ID)
    assert [reply.servo_id for reply in replies] == [1]


def test_a_servo_that_must_not_answer_silences_those_behind_it(host):
    host.set(status_return_level=0)
    assert host.ask(Instruction.SYNC_READ, place(132) + place(4) + bytes([1, 2]), BROADCAST_ID) == []


def test_sync_write_reaches_each_and_is_not_answered(host):
    data = bytes([1]) + (100).to_bytes(2, "little") + bytes([3]) + (300).to_bytes(2, "little")
    assert host.ask(Instruction.SYNC_WRITE, place(84) + place(2) + data, BROADCAST_ID) == []
    assert [host.read(Role.POSITION_P_GAIN, servo_id) for servo_id in (1, 2, 3)] == [100, 800, 300]


def test_sync_write_skips_the_value_that_is_refused(host):
    data = bytes([1, 2, 2, 1])
    host.ask(Instruction.SYNC_WRITE, place(65) + place(1) + data, BROADCAST_ID)
    assert [host.read("LED", servo_id) for servo_id in (1, 2)] == [0, 1]


def test_bulk_read_reads_different_places(host):
    items = bytes([1]) + place(144) + place(2) + bytes([2]) + place(146) + place(1)
    replies = host.ask(Instruction.BULK_READ, items, BROADCAST_ID)
    assert [(reply.servo_id, reply.data) for reply in replies] == [(1, b"\x78\x00"), (2, b"\x19")]


def test_bulk_write_writes_different_places(host):
    items = bytes([1]) + place(65) + place(1) + b"\x01" + bytes([2]) + place(84) + place(2) + b"\x05\x00"
    assert host.ask(Instruction.BULK_WRITE, items, BROADCAST_ID) == []
    assert (host.read("LED", 1), host.read(Role.POSITION_P_GAIN, 2)) == (1, 5)


def test_a_bulk_write_cut_short_writes_only_what_is_whole(host):
    items = bytes([1]) + place(65) + place(1) + b"\x01" + bytes([2]) + place(84) + place(2) + b"\x05"
    assert host.ask(Instruction.BULK_WRITE, items, BROADCAST_ID) == []
    assert (host.read("LED", 1), host.read(Role.POSITION_P_GAIN, 2)) == (1, 800)


def test_fast_sync_read_is_one_packet_by_hand(host):
    """Section "Fast Sync Read": error, id, data and CRC of each; a CRC covers all bytes before it."""
    answer = host.send(encode(BROADCAST_ID, Instruction.FAST_SYNC_READ, place(7) + place(1) + bytes([1, 2])))
    first = bytes.fromhex("FF FF FD 00 FE 0B 00 55 00 01 01")
    whole = first + crc16(first).to_bytes(2, "little") + bytes.fromhex("00 02 02")
    assert answer == whole + crc16(whole).to_bytes(2, "little")


def test_fast_bulk_read_is_one_packet_by_hand(host):
    items = bytes([3]) + place(7) + place(1) + bytes([1]) + place(0) + place(2)
    answer = host.send(encode(BROADCAST_ID, Instruction.FAST_BULK_READ, items))
    first = bytes.fromhex("FF FF FD 00 FE 0C 00 55 00 03 03")
    whole = first + crc16(first).to_bytes(2, "little") + bytes.fromhex("00 01 FC 03")
    assert answer == whole + crc16(whole).to_bytes(2, "little")


def test_fast_sync_read_breaks_off_at_a_silent_servo(host):
    answer = host.send(encode(BROADCAST_ID, Instruction.FAST_SYNC_READ, place(7) + place(1) + bytes([1, 9, 2])))
    assert len(answer) == 13
    assert int.from_bytes(answer[5:7], "little") == 1 + 3 * 5


def test_a_servo_obeys_its_shadow_id_without_an_answer(host):
    """Section "Secondary(Shadow) ID(12)"."""
    assert host.write(Role.SHADOW_ID, 40) == Error.NONE
    assert host.ask(Instruction.WRITE, place(65) + b"\x01", 40) == []
    assert host.read("LED") == 1


def test_a_servo_at_another_baud_rate_is_deaf(host):
    assert host.write(Role.BAUD_RATE, 1, servo_id=2) == Error.NONE
    assert host.ask(Instruction.PING, servo_id=2) == []
    host.bus.wire.baud_rate = 57_600
    replies = host.ask(Instruction.PING, servo_id=BROADCAST_ID)
    assert [reply.servo_id for reply in replies] == [2]


def test_factory_reset_for_all_with_reset_all_is_ignored(host):
    """Section "Factory Reset": since firmware 42."""
    host.set(max_position_limit=3_000)
    assert host.ask(Instruction.FACTORY_RESET, b"\xff", BROADCAST_ID) == []
    assert host.read(Role.MAX_POSITION_LIMIT) == 3_000


@pytest.mark.parametrize("parameters", [b"", b"\x03", b"\x01\x01"])
def test_factory_reset_with_an_unknown_option_is_refused(host, parameters):
    host.set(max_position_limit=3_000)
    assert host.one(Instruction.FACTORY_RESET, parameters).error == Error.DATA_RANGE
    assert host.read(Role.MAX_POSITION_LIMIT) == 3_000


@pytest.mark.parametrize(("option", "servo_id", "baud"), [(0xFF, 1, 1), (0x01, 2, 1), (0x02, 2, 3)])
def test_factory_reset_keeps_what_its_option_says(option, servo_id, baud):
    host = Host("XM430-W350", "XM430-W350")
    host.write(Role.MAX_POSITION_LIMIT, 3_000, 2)
    assert host.one(Instruction.FACTORY_RESET, bytes([option]), 2).error == Error.NONE
    registers = host.bus.servos[1].registers
    assert (registers[Role.ID], registers[Role.BAUD_RATE]) == (servo_id, baud)
    assert registers[Role.MAX_POSITION_LIMIT] == 4_095
