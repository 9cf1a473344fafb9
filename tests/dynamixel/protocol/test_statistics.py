from __future__ import annotations

import pytest

from armature.dynamixel.protocol.statistics import (
    BINS,
    BusStatistics,
    CycleTimes,
    ServoStatistics,
    describe_histogram,
)
from armature.errors import CorruptPacket, ServoRefused, ServoTimeout

from ..scripted import status
from .test_bus import GOAL, answering, each


def fail(error, call, *arguments):
    with pytest.raises(error):
        call(*arguments)


def test_each_kind_of_failure_is_counted_for_its_servo(bus, port):
    fail(ServoTimeout, bus.read_block, 1, 132, 4)
    port.answers.append(lambda request: status(1, bytes(5))[:-1] + b"\0")
    fail(CorruptPacket, bus.read_block, 1, 132, 4)
    port.answers.append(status(2, error=7))
    fail(ServoRefused, bus.write, 2, GOAL, 1)
    port.answers.append(answering(2, b"abcd"))
    bus.read_block(2, 132, 4)
    servos = bus.statistics().servos
    assert servos[1] == ServoStatistics(asked=2, timeouts=1, corrupt=1)
    assert servos[2] == ServoStatistics(asked=2, refused=1)
    assert (servos[1].error_rate, servos[2].error_rate) == (1.0, 0.5)
    assert bus.statistics().error_rate == 0.75


def test_a_group_read_counts_those_that_were_absent(bus, port):
    port.answers.append(each(answering(1, b"abcd"), status(2, error=7)))
    bus.sync_read([1, 2, 3], 132, 4)
    servos = bus.statistics().servos
    assert [(servo.asked, servo.timeouts, servo.refused) for servo in servos.values()] == [
        (1, 0, 0),
        (1, 0, 1),
        (1, 1, 0),
    ]


def test_the_same_request_again_after_it_failed_is_a_retry(bus, port):
    fail(ServoTimeout, bus.ping, 1)
    fail(ServoTimeout, bus.ping, 1)
    fail(ServoTimeout, bus.ping, 2)
    fail(ServoTimeout, bus.reboot, 2)
    port.answers.append(status(2))
    bus.reboot(2)
    port.answers.append(status(2))
    bus.reboot(2)
    assert bus.statistics().retries == 2


def test_late_foreign_and_noisy_bytes_are_counted_apart(bus, port):
    fail(ServoTimeout, bus.read_block, 1, 132, 4)
    port.answers.append(
        lambda request: status(1, bytes(4)) + b"\x01\x02\x03" + request + answering(1, b"abcd")(request)
    )
    assert bus.read_block(1, 132, 4) == b"abcd"
    found = bus.statistics()
    assert (found.stale, found.foreign, found.noise) == (1, 1, 3)
    assert found.servos[1].stale == 1


def test_nothing_asked_is_no_error():
    assert ServoStatistics().error_rate == 0.0
    assert BusStatistics({}).error_rate == 0.0


def test_cycles_fall_into_bins_by_their_upper_edges():
    times = CycleTimes(late_after=0.001)
    for duration in (0.0, BINS[0], BINS[1], 0.0021, 1.0):
        times.note(duration)
    found = times.snapshot()
    assert (found.cycles, found.longest) == (5, 1.0)
    assert found.mean == pytest.approx((BINS[0] + BINS[1] + 0.0021 + 1.0) / 5)
    assert describe_histogram(found.histogram) == "≤0.5 ms: 2, ≤1 ms: 1, ≤3 ms: 1, >100 ms: 1"


def test_late_cycles_and_those_left_out_are_counted():
    times = CycleTimes(late_after=0.001)
    times.note(0.002, lateness=0.001)
    times.note(0.002, lateness=0.0011)
    times.note(0.002, skipped=3)
    assert times.snapshot().late == 4


def test_quantiles_are_the_edges_of_their_bins():
    times = CycleTimes(late_after=1.0)
    for _ in range(99):
        times.note(0.0012)
    times.note(0.3)
    found = times.snapshot()
    assert [found.quantile(share) for share in (0.0, 0.5, 0.99, 1.0)] == [0.0015, 0.0015, 0.0015, 0.3]


def test_no_cycle_has_no_quantile_but_zero():
    assert CycleTimes(late_after=1.0).snapshot().quantile(0.5) == 0.0
