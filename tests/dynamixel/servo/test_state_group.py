"""States of servos by one request: which instruction, and what a silent servo costs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from armature.dynamixel.protocol.packet import Instruction
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.reader import Reader
from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.tables.roles import Feature, Role

from ..line import ALL, COUNT, MISSES, Line


@pytest.mark.parametrize(
    ("model", "firmware", "knows"),
    [
        ("XM430-W350", 45, True),
        ("XM430-W350", 44, False),
        ("XH540-W270", 45, True),
        ("XL430-W250", 45, True),
        ("XL330-M288", 46, True),
        ("XC330-T288", 45, False),
        ("2XL430-W250", 60, False),
        ("2XC430-W250", 60, False),
        ("MX-64(2.0)", 60, False),
    ],
)
def test_fast_sync_read_is_known_from_the_manuals_firmware_on(model, firmware, knows):
    assert servo_model(model).supports(Feature.FAST_READ, firmware) is knows


def test_one_fast_sync_read_reads_all():
    line = Line().start()
    read, _ = line.cycle(slowly=False)
    assert read == ALL
    assert line.sent == [Instruction.FAST_SYNC_READ]
    assert line.reader.instruction == "Fast Sync Read (every servo knows it)"


def test_an_old_firmware_is_named_and_sync_read_is_used():
    line = Line(firmware=44).start()
    assert line.cycle(slowly=False)[0] == ALL
    assert line.sent == [Instruction.SYNC_READ]
    assert line.reader.instruction == "Sync Read (no Fast Sync Read in XM430-W350 firmware 44)"


def test_models_with_load_and_with_current_share_a_request():
    line = Line(("XM430-W350", "XL430-W250")).start()
    line.far.servos[0].registers[Role.PRESENT_CURRENT] = -100
    line.far.servos[1].registers[Role.PRESENT_CURRENT] = -100  # an XM430 has it where an XL430's load stands
    line.cycle()
    assert line.axes[0].current == pytest.approx(-0.269)
    assert math.isnan(line.axes[0].load)
    assert line.axes[1].load == pytest.approx(-10.0)
    assert math.isnan(line.axes[1].current)
    assert line.states_asked() == [Instruction.FAST_SYNC_READ]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("servo_id", ALL)
def test_a_silent_servo_costs_the_others_one_cycle_at_most(servo_id, fast):
    line = Line(firmware=48 if fast else 44).start()
    line.silence(servo_id)
    first, _ = line.cycle()
    assert first == {other for other in ALL if other < servo_id}
    for _ in range(50):
        assert line.cycle()[0] == ALL - {servo_id}


@pytest.mark.parametrize("fast", [True, False])
def test_two_silent_servos_cost_the_others_two_cycles_at_most(fast):
    line = Line(firmware=48 if fast else 44).start()
    line.silence(2)
    line.silence(5)
    line.cycle()
    line.cycle()
    for _ in range(50):
        assert line.cycle()[0] == ALL - {2, 5}


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("misses", [1, 2, 5])
def test_a_silent_servo_costs_as_many_time_outs_as_it_may_miss_and_then_none(misses, fast):
    line = Line(misses=misses, firmware=48 if fast else 44).start()
    undisturbed = max(line.cycle()[1] for _ in range(2 * COUNT))
    line.silence(3)
    for _ in range(100):
        line.cycle()
    assert line.bus.timeouts == misses
    for _ in range(20 * COUNT):
        assert line.cycle()[1] < undisturbed + 0.0005  # some bytes more, to know late answers by their length
    assert line.bus.timeouts == misses
    assert line.reader.is_missing(line.axes[2])


def test_servos_that_know_no_fast_sync_read_after_all_are_read_otherwise_before_they_count_as_missing():
    line = Line().start()
    line.deaf = {Instruction.FAST_SYNC_READ}
    for _ in range(2):
        for _ in range(MISSES - 1):
            assert line.cycle()[0] == set()
        assert line.cycle()[0] == ALL
    for _ in range(10):
        assert line.cycle()[0] == ALL
    assert not any(line.reader.is_missing(axis) for axis in line.axes)
    assert line.reader.instruction == (
        "Sync Read (fell back: 2 times id 1, 2, 3, 4, 5, 6, 7 answered Sync Read after 4 Fast Sync Reads in vain)"
    )


def test_a_servo_that_comes_back_after_the_fallback_does_not_end_it():
    line = Line().start()
    line.deaf = {Instruction.FAST_SYNC_READ}
    for _ in range(2 * MISSES):
        line.cycle()
    line.silence(4)
    while not line.reader.is_missing(line.axes[3]):
        line.cycle()
    line.speak(4)
    while line.cycle()[0] != ALL:
        assert line.port.time < 2.0
    line.cycle()
    assert line.reader.instruction.startswith("Sync Read (fell back")


def test_a_new_start_tries_fast_sync_read_again():
    line = Line().start()
    line.deaf = {Instruction.FAST_SYNC_READ}
    for _ in range(2 * MISSES):
        line.cycle()
    assert line.reader.instruction.startswith("Sync Read")
    line.deaf = set()
    line.start()
    assert line.reader.instruction.startswith("Fast Sync Read")


def test_a_disturbance_that_ends_just_then_is_no_reason_to_fall_back():
    line = Line().start()
    for _ in range(3):
        line.deaf = {Instruction.FAST_SYNC_READ}
        for _ in range(MISSES):
            line.cycle()
        line.deaf = set()
        assert line.cycle()[0] == ALL
    assert line.reader.instruction.startswith("Fast Sync Read")


def test_the_fallback_is_not_taken_for_a_servo_that_is_really_silent():
    line = Line().start()
    line.silence(7)
    for _ in range(50):
        line.cycle()
    assert line.reader.instruction.startswith("Fast Sync Read")


def test_the_wait_is_no_longer_than_wire_return_delay_latency_and_margin():
    line = Line().start()
    line.silence(1)
    _, took = line.cycle(slowly=False)
    request, answer = 14 + COUNT, 8 + COUNT * 14
    assert took == pytest.approx((request + answer) * 10 / 1_000_000 + 0.001 + 1e-3, abs=1e-6)


def with_load_at(axis, address):
    """The same servo with its current elsewhere, so that its state is another block."""
    current = replace(axis.wiring.model[Role.PRESENT_CURRENT], address=address)
    model = replace(axis.wiring.model, registers={**axis.wiring.model.registers, current.name: current})
    return Axis(replace(axis.wiring, model=model))


def test_servos_whose_states_stand_elsewhere_are_read_by_a_request_of_their_own():
    line = Line()
    line.axes[1] = with_load_at(line.axes[1], 124)  # where a real one has its PWM
    line.reader = Reader(line.bus, {axis.wiring.joint: axis for axis in line.axes}, MISSES)
    line.far.servos[1].registers[Role.PRESENT_PWM] = 1000
    line.far.servos[1].registers[Role.PRESENT_VELOCITY] = -7
    line.start()
    assert line.cycle(slowly=False)[0] == ALL
    assert line.sent == [Instruction.FAST_SYNC_READ] * 2
    assert line.axes[1].block == (124, 12)
    assert line.axes[1].current == pytest.approx(2.69)
    assert line.axes[1].velocity == pytest.approx(-7 * line.axes[1].wiring.model.velocity_unit)


def test_a_silent_servo_of_one_group_does_not_touch_the_other():
    line = Line()
    line.axes[1] = with_load_at(line.axes[1], 124)
    line.reader = Reader(line.bus, {axis.wiring.joint: axis for axis in line.axes}, MISSES)
    line.start()
    line.silence(2)
    for _ in range(20):
        assert line.cycle()[0] == ALL - {2}


def test_a_servo_that_is_absent_at_the_start_does_not_keep_the_others_from_fast_sync_read():
    line = Line()
    line.silence(4)
    line.reader.mark_missing(line.axes[3])
    line.start()
    assert line.reader.instruction == "Fast Sync Read (every servo knows it)"
    line.speak(4)
    while line.cycle()[0] != ALL:
        assert line.port.time < 1.0
    assert line.states_asked()[-1] == Instruction.FAST_SYNC_READ


def test_where_nobody_is_there_no_firmware_is_known():
    line = Line()
    for axis in line.axes:
        line.reader.mark_missing(axis)
    line.start()
    assert line.reader.instruction == "Sync Read (no firmware is known)"
