from __future__ import annotations

import pytest

from armature.dynamixel.servo.presence import ping_each
from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.tables.roles import Role
from armature.errors import ConfigError, CorruptPacket, PortError, ServoRefused, ServoTimeout

from ..scripted import packet, status

REGISTERS = servo_model("XM430-W350").roles
GOAL, VELOCITY = REGISTERS[Role.GOAL_POSITION], REGISTERS[Role.PRESENT_VELOCITY]
GAIN = REGISTERS[Role.POSITION_P_GAIN]


def asked(request: bytes) -> tuple[int, int]:
    """Address and length that a read asks for."""
    return int.from_bytes(request[8:10], "little"), int.from_bytes(request[10:12], "little")


def answering(servo_id: int, data: bytes, error: int = 0):
    """A servo that answers a read of whatever length with these bytes and zeros behind them."""

    def answer(request: bytes) -> bytes:
        return status(servo_id, data.ljust(asked(request)[1], b"\0"), error)

    return answer


def each(*answers):
    """Answers of several servos to one sync read."""
    return lambda request: b"".join(a(request) if callable(a) else a for a in answers)


# Requests as bytes


def test_a_ping_is_the_manuals_bytes_and_yields_the_model_number(bus, port):
    port.answers.append(status(1, bytes([0x06, 0x04, 0x26])))
    assert bus.ping(1) == 1030
    # Protocol 2.0 manual, "Ping", example 1.
    assert port.requests == [bytes.fromhex("ff ff fd 00 01 03 00 01 19 4e")]


def test_a_read_is_the_manuals_bytes(bus, port):
    port.answers.append(status(1, bytes([0xA6, 0, 0, 0])))
    assert bus.read(1, REGISTERS[Role.PRESENT_POSITION]) == 166
    # Same manual, "Read", example: 4 bytes at 132.
    assert port.requests == [bytes.fromhex("ff ff fd 00 01 07 00 02 84 00 04 00 1d 15")]


def test_a_write_is_the_manuals_bytes(bus, port):
    port.answers.append(status(1))
    bus.write(1, GOAL, 512)
    # Same manual, "Write", example: 512 to 116.
    assert port.requests == [bytes.fromhex("ff ff fd 00 01 09 00 03 74 00 00 02 00 00 ca 89")]


def test_a_reboot_is_the_manuals_bytes(bus, port):
    port.answers.append(status(1))
    bus.reboot(1)
    assert port.requests == [bytes.fromhex("ff ff fd 00 01 03 00 08 2f 4e")]


def test_a_sync_write_is_the_manuals_bytes_and_awaits_nobody(bus, port):
    bus.sync_write(GOAL, {1: 150, 2: 170})
    # Same manual, "Sync Write", example.
    expected = "ff ff fd 00 fe 11 00 83 74 00 04 00 01 96 00 00 00 02 aa 00 00 00 82 87"
    assert port.requests == [bytes.fromhex(expected)]


def test_a_request_whose_bytes_look_like_a_header_is_stuffed(bus, port):
    homing = REGISTERS[Role.HOMING_OFFSET]
    port.answers.append(status(1))
    bus.write(1, homing, -513)  # ff fd ff ff: no header in it
    port.answers.append(status(1))
    bus.write(1, homing, 0xFDFFFF - (1 << 24))  # ff ff fd ff, by the protocol ff ff fd fd ff
    assert port.requests[0][10:14] == bytes.fromhex("ff fd ff ff")
    assert port.requests[1][10:15] == bytes.fromhex("ff ff fd fd ff")
    assert port.requests[1] == packet(1, 3, port.requests[1][8:-2])


# Answers


def test_an_answer_with_stuffing_is_read_whole(bus, port):
    # Velocity -1 beside a position whose low byte is 0xfd: ff ff ff ff fd 07 on the wire gets one more fd.
    port.answers.append(status(1, bytes.fromhex("ff ff ff ff fd fd 07 00 00")))
    data = bus.read_block(1, VELOCITY.address, 8)
    assert data == bytes.fromhex("ff ff ff ff fd 07 00 00")
    assert bus.stale == 0


def test_only_stuffing_is_taken_out_of_an_answer(bus, port):
    # After one stuffed header, a lone "ff fd fd" is data.
    port.answers.append(status(1, bytes.fromhex("ff ff fd fd 01 ff fd fd")))
    assert bus.read_block(1, VELOCITY.address, 7) == bytes.fromhex("ff ff fd 01 ff fd fd")


def test_values_are_signed_where_the_register_is(bus, port):
    port.answers.append(status(1, bytes.fromhex("fe ff ff ff")))
    assert bus.read(1, VELOCITY) == -2


def test_a_silent_servo_is_named(bus, port):
    with pytest.raises(ServoTimeout, match="read of 4 bytes at 132 from id 9"):
        bus.read(9, REGISTERS[Role.PRESENT_POSITION])
    assert bus.timeouts == 1


def test_a_corrupt_answer_is_refused_and_counted(bus, port):
    good = status(1, bytes(4))
    port.answers.append(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(CorruptPacket, match="read of 4 bytes"):
        bus.read(1, REGISTERS[Role.PRESENT_POSITION])
    assert bus.corrupt == 1


@pytest.mark.parametrize("length", [1, 5, 10, 14])
def test_a_cut_answer_is_refused(bus, port, length):
    port.answers.append(status(1, bytes(4))[:length])
    with pytest.raises((CorruptPacket, ServoTimeout)):
        bus.read(1, REGISTERS[Role.PRESENT_POSITION])


def test_noise_before_an_answer_is_skipped(bus, port):
    port.answers.append(b"\x00\xff\xff\x12" + status(1, bytes([7, 0, 0, 0])))
    assert bus.read(1, REGISTERS[Role.PRESENT_POSITION]) == 7


def test_an_answer_of_another_servo_is_not_believed(bus, port):
    port.answers.append(status(2, bytes([9, 9, 0, 0])) + status(1, bytes([7, 0, 0, 0])))
    assert bus.read(1, REGISTERS[Role.PRESENT_POSITION]) == 7
    assert (bus.stale, bus.statistics().foreign) == (0, 1)


def test_an_echo_of_the_request_is_not_believed(bus, port):
    port.answers.append(lambda request: request + status(1, bytes([7, 0, 0, 0])))
    assert bus.read(1, REGISTERS[Role.PRESENT_POSITION]) == 7
    assert bus.statistics().foreign == 1


def test_an_answer_of_another_length_is_not_believed(bus, port):
    port.answers.append(status(1, bytes(8)) + status(1, bytes([7, 0, 0, 0])))
    assert bus.read(1, REGISTERS[Role.PRESENT_POSITION]) == 7
    assert bus.stale == 1


def test_a_late_answer_is_not_taken_for_that_of_the_next_read_of_equal_length(bus, port):
    with pytest.raises(ServoTimeout):
        bus.read(1, REGISTERS[Role.GOAL_POSITION])
    late = status(1, bytes([1, 1, 0, 0]))
    port.answers.append(lambda request: late + status(1, bytes([7, 0, 0, 0]).ljust(asked(request)[1], b"\0")))
    assert bus.read(1, REGISTERS[Role.PRESENT_POSITION]) == 7


@pytest.mark.parametrize("request_name", ["ping", "reboot"])
def test_a_late_answer_is_not_taken_for_that_of_a_ping_or_reboot(bus, port, request_name):
    late = status(1, bytes([1, 1, 0, 0]))
    port.answers.append(late)
    with pytest.raises(ServoTimeout, match=f"{request_name} from id 1"):
        getattr(bus, request_name)(1)
    assert bus.stale == 1


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (1, "result fail"),
        (2, "instruction error"),
        (3, "CRC error"),
        (4, "data range error"),
        (5, "data length error"),
        (6, "data limit error"),
        (7, "access error"),
        (42, "error number 42"),
    ],
)
def test_an_error_number_is_told_in_the_manuals_words(bus, port, number, reason):
    port.answers.append(status(3, error=number))
    with pytest.raises(ServoRefused, match=f"servo 3 refused write of 512 to Goal Position: {reason}") as caught:
        bus.write(3, GOAL, 512)
    assert caught.value.servo_id == 3


def test_an_error_beside_the_alert_bit_is_still_an_error(bus, port):
    port.answers.append(status(3, error=0x80 | 7))
    with pytest.raises(ServoRefused, match="access error"):
        bus.write(3, GOAL, 512)


def test_the_alert_bit_alone_refuses_nothing(bus, port):
    port.answers.append(status(3, bytes([7, 0, 0, 0]), error=0x80))
    assert bus.read(3, REGISTERS[Role.PRESENT_POSITION]) == 7


@pytest.mark.parametrize("value", [-1, 16_384])
def test_a_value_beyond_its_register_is_refused_before_a_byte_is_written(bus, port, value):
    with pytest.raises(ConfigError, match=r"Position P Gain.*it takes 0 to 16383"):
        bus.write(1, GAIN, value)
    with pytest.raises(ConfigError, match="register Position P Gain: "):
        bus.sync_write(GAIN, {1: 0, 2: value})
    assert port.requests == []


# Group reads


def test_a_sync_read_gives_each_servo_its_bytes_and_alert(bus, port):
    port.answers.append(each(answering(1, b"abcd"), answering(2, b"efgh", error=0x80)))
    answers = bus.sync_read([1, 2], 132, 4)
    assert {servo: (answer.data, answer.alert) for servo, answer in answers.items()} == {
        1: (b"abcd", False),
        2: (b"efgh", True),
    }
    assert port.requests[0][7:] == packet(0xFE, 0x82, bytes([132, 0, 4, 0, 1, 2]))[7:]


def test_those_before_a_silent_servo_are_kept_and_those_behind_absent(bus, port):
    port.answers.append(each(answering(1, b"abcd"), answering(2, b"efgh")))
    assert set(bus.sync_read([1, 2, 3, 4], 132, 4)) == {1, 2}
    assert bus.timeouts == 1


def test_a_corrupt_packet_costs_its_servo_alone(bus, port):
    port.answers.append(
        each(answering(1, b"abcd"), lambda r: answering(2, b"efgh")(r)[:-1] + b"\0", answering(3, b"ijkl"))
    )
    assert set(bus.sync_read([1, 2, 3], 132, 4)) == {1, 3}
    assert bus.corrupt == 1


def test_a_servo_that_refuses_a_group_read_is_absent(bus, port):
    port.answers.append(each(answering(1, b"abcd"), status(2, error=7)))
    assert set(bus.sync_read([1, 2], 132, 4)) == {1}


def test_a_servo_that_answers_twice_counts_once(bus, port):
    port.answers.append(each(answering(1, b"abcd"), answering(1, b"xxxx"), answering(2, b"efgh")))
    answers = bus.sync_read([1, 2], 132, 4)
    assert {servo: answer.data for servo, answer in answers.items()} == {1: b"abcd", 2: b"efgh"}


def test_answers_of_a_given_up_group_read_are_not_believed_in_the_next(bus, port):
    bus.sync_read([1, 2], 132, 4)
    late = status(1, b"old!") + status(2, b"old!")
    port.answers.append(each(late, answering(1, b"new1"), answering(2, b"new2")))
    answers = bus.sync_read([1, 2], 132, 4)
    assert {servo: answer.data for servo, answer in answers.items()} == {1: b"new1", 2: b"new2"}


def test_found_lists_only_those_that_answer(bus, port):
    port.answers += [status(1, bytes([0xFC, 0x03, 1])), b"", status(3, bytes([0x24, 0x04, 1]))]
    assert ping_each(bus, [1, 2, 3]) == {1: 1020, 3: 1060}


# The port


@pytest.mark.parametrize(
    "use",
    [
        lambda bus: bus.ping(1),
        lambda bus: bus.read(1, GOAL),
        lambda bus: bus.write(1, GOAL, 0),
        lambda bus: bus.reboot(1),
        lambda bus: bus.sync_read([1, 2], 132, 4),
        lambda bus: bus.sync_write(GOAL, {1: 0}),
        lambda bus: ping_each(bus, [1, 2]),
    ],
    ids=["ping", "read", "write", "reboot", "sync_read", "sync_write", "found"],
)
def test_a_port_that_is_gone_is_told_by_one_call_and_leaves_nothing_busy(bus, port, use):
    port.hang_up()
    with pytest.raises(PortError, match="the port is gone"):
        use(bus)
    assert not bus.is_open
    with pytest.raises(PortError, match="the port is closed; open it first"):
        use(bus)


def test_a_port_that_goes_while_an_answer_is_awaited_is_told(bus, port):
    def hang_up(_):
        port.hang_up()
        raise OSError

    port.answers.append(hang_up)
    with pytest.raises(OSError):  # noqa: PT011  # the script's own, as the SDK would let it through
        bus.read(1, GOAL)
    with pytest.raises(PortError):
        bus.read(1, GOAL)


def test_the_bus_serves_again_once_the_port_is_open_again(bus, port):
    bus.close()
    with pytest.raises(PortError):
        bus.ping(1)
    bus.open()
    port.answers.append(status(1, bytes([0xFC, 0x03, 1])))
    assert bus.ping(1) == 1020
