"""Answers that several servos give together, and answers that nobody waits for."""

from __future__ import annotations

import os

import pytest

from armature.errors import ServoTimeout

from ..scripted import crc, packet, status
from .test_bus import answering, asked, each


def together(*parts: tuple[int, int, bytes]):
    """One status packet that servos write together; each CRC covers all bytes before it."""

    def answer(request: bytes) -> bytes:
        length = asked(request)[1]
        whole = b"\xff\xff\xfd\x00\xfe" + (1 + len(parts) * (length + 4)).to_bytes(2, "little") + b"\x55"
        for servo_id, error, data in parts:
            whole += bytes([error, servo_id]) + data.ljust(length, b"\0")
            whole += crc(whole).to_bytes(2, "little")
        return whole

    return answer


def fast(bus, ids=(1, 2, 3)):
    return {servo: answer.data for servo, answer in bus.sync_read(ids, 132, 4, fast=True).items()}


THREE = {1: b"abcd", 2: b"\xff\xff\xfd\x00", 3: b"ijkl"}
TOGETHER = together(*((servo, 0, data) for servo, data in THREE.items()))


def test_a_fast_sync_read_asks_all_at_once_and_reads_what_is_not_stuffed(bus, port):
    port.answers.append(TOGETHER)
    assert fast(bus) == THREE
    assert port.requests[0] == packet(0xFE, 0x8A, bytes([132, 0, 4, 0, 1, 2, 3]))


def test_a_fast_answer_tells_alert_and_error_of_each(bus, port):
    port.answers.append(together((1, 0x80, b"abcd"), (2, 7, b""), (3, 0x87, b"")))
    answers = bus.sync_read([1, 2, 3], 132, 4, fast=True)
    assert {servo: answer.alert for servo, answer in answers.items()} == {1: True}
    assert [servo.refused for servo in bus.statistics().servos.values()] == [0, 1, 1]


def test_noise_and_a_late_answer_before_a_fast_answer_are_counted_and_skipped(bus, port):
    with pytest.raises(ServoTimeout):
        bus.read_block(1, 126, 10)
    port.answers.append(each(b"\x01\xff\xff", status(1, bytes(10)), TOGETHER))
    assert fast(bus) == THREE
    assert (bus.stale, bus.statistics().noise) == (1, 3)


def test_a_late_fast_answer_is_not_taken_for_the_next(bus, port):
    fast(bus)
    late = together((1, 0, b"old1"), (2, 0, b"old2"), (3, 0, b"old3"))(port.requests[0])
    port.answers.append(each(late, TOGETHER))
    assert fast(bus) == THREE


def test_a_late_fast_answer_is_not_taken_for_that_of_a_sync_read(bus, port):
    fast(bus)
    late = together((1, 0, b"old1"), (2, 0, b"old2"), (3, 0, b"old3"))(port.requests[0])
    port.answers.append(each(late, answering(1, b"new1"), answering(2, b"new2"), answering(3, b"new3")))
    answers = bus.sync_read([1, 2, 3], 132, 4)
    assert {servo: answer.data for servo, answer in answers.items()} == {1: b"new1", 2: b"new2", 3: b"new3"}
    assert bus.stale == 1


def test_a_fast_answer_that_breaks_off_keeps_what_came(bus, port):
    port.answers.append(lambda request: TOGETHER(request)[: 8 + 2 * 8 + 3])
    assert fast(bus) == {1: THREE[1], 2: THREE[2]}
    assert (bus.timeouts, bus.corrupt) == (1, 0)


def test_a_fast_answer_that_is_damaged_costs_its_servo_and_the_next_and_no_time_out(bus, port):
    port.answers.append(lambda request: TOGETHER(request).replace(b"abcd", b"abbd"))
    assert fast(bus) == {3: THREE[3]}
    assert (bus.timeouts, bus.corrupt) == (0, 1)
    assert bus.statistics().servos[1].corrupt == 1


def test_a_fast_answer_without_its_header_is_not_believed(bus, port):
    port.answers.append(lambda request: TOGETHER(request)[1:])
    assert fast(bus) == {}
    assert bus.timeouts == 1
    port.answers.append(TOGETHER)
    assert fast(bus) == THREE


# Calls, which nobody waits for


def test_a_called_servo_is_heard_when_its_answer_has_come(bus, port):
    port.answers.append(status(9, bytes([0x06, 0x04, 0x26])))
    bus.send_ping(9)
    assert bus.collect_ping_answers() == {9: 0x0406}
    assert bus.collect_ping_answers() == {}
    assert bus.timeouts == 0


def test_a_call_that_nobody_answers_costs_nothing(bus, port):
    bus.send_ping(9)
    assert bus.collect_ping_answers() == {}
    assert bus.timeouts == 0


def test_the_answer_to_a_call_is_heard_even_while_another_is_awaited(bus, port):
    bus.send_ping(9)
    port.answers.append(each(status(9, bytes([0x06, 0x04, 0x26])), answering(1, b"abcd")))
    assert bus.read_block(1, 132, 4) == b"abcd"
    assert bus.collect_ping_answers() == {9: 0x0406}


def test_the_answer_to_a_call_is_not_taken_for_that_of_a_read_of_equal_length(bus, port):
    bus.send_ping(1)
    port.answers.append(each(status(1, bytes([0x06, 0x04, 0x26])), answering(1, b"abc")))
    assert bus.read_block(1, 144, 3) == b"abc"


def test_what_was_called_before_the_port_closed_is_not_heard(bus, port):
    bus.send_ping(9)
    bus.close()
    bus.open()
    os.write(port.master, status(9, bytes([0x06, 0x04, 0x26])))
    assert bus.collect_ping_answers() == {}
