from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.bench.simulation.virtual import ARM, WIRING, Bench
from armature.core.model.arm import Limit
from armature.dynamixel.commissioning.calibration import (
    Calibration,
    Range,
    place_of,
    read_goal_range,
    require_reach,
)
from armature.dynamixel.commissioning.settings import narrow_limits
from armature.dynamixel.protocol.packet import Instruction
from armature.dynamixel.servo.eeprom import position_limits
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.edit import entry_of
from armature.emulator.faults.catalogue import make
from armature.errors import CommandRefused

from .. import twin

ELBOW = next(servo for servo in WIRING.servos if servo.joint == "elbow")
TURN = ELBOW.model.resolution
ZERO = dict.fromkeys(WIRING.joints, 0.0)
servos = st.sampled_from(WIRING.servos)


@pytest.fixture
def bench():
    bench = Bench()
    bench.bus.open()
    return bench


def calibration(bench, *chosen, pose=ZERO):
    return Calibration(Registers(bench.bus), chosen or (ELBOW,), pose)


# The offset


@given(servos, st.integers(0, TURN - 1), st.floats(-1.5, 1.5))
def test_with_the_new_offset_the_joint_is_where_it_was_placed(servo, ticks, position):
    item = place_of(servo, ticks, 0, position)
    assert item.servo.to_position(ticks) == pytest.approx(position, abs=1e-9)
    assert item.position(ticks) == pytest.approx(position, abs=1e-9)


@given(servos, st.integers(0, TURN - 1), st.integers(-3, 3), st.floats(-1.5, 1.5))
def test_whole_turns_of_a_limp_servo_do_not_count(servo, ticks, turns, position):
    here, there = place_of(servo, ticks, 0, position), place_of(servo, ticks + turns * TURN, 0, position)
    assert (there.offset, there.ticks) == (here.offset, ticks)
    assert there.position(ticks + turns * TURN) == pytest.approx(position, abs=1e-9)


@given(st.integers(-1024, 1024), st.integers(-1024, TURN + 1024))
def test_after_power_up_a_homing_offset_shifts_the_turn(homing, ticks):
    assert homing <= place_of(ELBOW, ticks, homing, 0.0).ticks < TURN + homing


def test_what_a_servo_reads_after_power_up_is_what_was_calibrated(bench):
    """The turn is that in which the servo counts once it starts anew."""
    bench.faults.inject(make("encoder_slip", "elbow", {"angle": "4"}))
    bench.pass_time(0.02)
    now = calibration(bench).read()["elbow"]
    item = place_of(ELBOW, now, 0, 0.0)
    bench.servo("elbow").reboot()
    bench.port.time += 0.05
    bench.far.advance(bench.port.time)
    bench.servo("elbow")._booting = 0.0
    assert item.ticks == pytest.approx(calibration(bench).read()["elbow"], abs=20)  # it falls meanwhile
    assert item.turns == TURN


@pytest.mark.parametrize(
    ("offset", "told"),
    [
        (0.0, r"the URDF's limit .* is at tick -?\d+, the servo reaches 0 to 4095; see whether the joint stands"),
        (6.2, r"calibration of elbow refused: with a zero offset of 355.2 deg"),
    ],
)
def test_an_offset_must_leave_the_limits_within_reach(offset, told):
    with pytest.raises(CommandRefused, match=told):
        require_reach(replace(ELBOW, zero_offset=offset), ARM.limit("elbow"))


def test_a_servo_that_counts_turns_and_a_joint_without_limits_reach_far():
    require_reach(replace(ELBOW, zero_offset=0.0, mode=OperatingMode.EXTENDED_POSITION), ARM.limit("elbow"))
    require_reach(replace(ELBOW, zero_offset=0.0), Limit(-math.inf, math.inf, 1.0, 1.0))


# Taking it


def test_the_middle_of_still_readings_is_taken(bench):
    item = calibration(bench).compute([{"elbow": ticks} for ticks in (2000, 2001, 2005, 2001, 2000)])[0]
    assert item.ticks == 2001


def test_a_moving_joint_is_refused_with_how_far_it_moved(bench):
    with pytest.raises(
        CommandRefused, match=r"elbow moved by 6 ticks \(0.5 deg of the servo\), at most 5 are still"
    ):
        calibration(bench).compute([{"elbow": 2000}, {"elbow": 2006}])


def test_a_value_that_was_not_read_is_never_made_up(bench):
    with pytest.raises(CommandRefused, match="of 3 readings of elbow 1 were lost; check power and cable of id 3"):
        calibration(bench).compute([{"elbow": 2000}, {"elbow": None}, {"elbow": 2000}])


def test_a_silent_servo_is_not_read_and_the_others_are(bench):
    waist = WIRING.servos[0]
    watch = calibration(bench, waist, ELBOW)
    bench.faults.inject(make("silence", "elbow", {}))
    looked = watch.read()
    assert looked["elbow"] is None
    assert looked["waist"] == pytest.approx(2048, abs=5)


def test_torque_that_is_on_or_comes_on_is_refused(bench):
    watch = calibration(bench)
    bench.bus.write(ELBOW.servo_id, ELBOW.model[Role.TORQUE_ENABLE], 1)
    with pytest.raises(CommandRefused, match="the torque of id 3 is on"):
        watch.read()
    with pytest.raises(CommandRefused, match="the torque of id 3 is on"):
        calibration(bench)


def test_a_servo_that_counts_turns_must_be_in_the_turn_of_its_start(bench):
    spindle = replace(ELBOW, mode=OperatingMode.EXTENDED_POSITION)
    with pytest.raises(
        CommandRefused, match=r"left the turn in which it was switched on.*switch its power off and on"
    ):
        calibration(bench, spindle).compute([{"elbow": TURN + 5}])
    assert calibration(bench, spindle).compute([{"elbow": TURN - 5}])[0].ticks == TURN - 5


def test_both_servos_of_a_joint_are_calibrated():
    bench = twin.twin(boom=0.0)
    bench.bus.open()
    pose = dict.fromkeys(twin.JOINTS, 0.0)
    watch = Calibration(Registers(bench.bus), twin.WIRING.all_servos, pose)
    looked = watch.read()
    first, second = watch.compute([looked])[1:]
    assert (entry_of(first.servo), entry_of(second.servo)) == (("boom",), ("boom", "second"))
    assert second.offset == pytest.approx(math.pi, abs=0.01)


def test_all_servos_are_read_by_one_request_which_costs_an_adapter_one_wait(bench, monkeypatch):
    watch, sent, put = calibration(bench, *WIRING.servos), [], bench.port._put
    monkeypatch.setattr(bench.port, "_put", lambda packet: (sent.append(packet[7]), put(packet)))
    assert None not in watch.read().values()
    assert sent == [Instruction.SYNC_READ]


def test_of_a_silent_servo_nothing_is_read_and_of_the_others_everything(bench):
    watch = calibration(bench, *WIRING.servos)
    bench.faults.inject(make("silence", "shoulder"))
    assert [name for name, ticks in watch.read().items() if ticks is None] == ["shoulder"]


# Range and limits


def test_a_range_short_of_a_limit_is_found():
    limit = Limit(-1.0, 1.0, 1.0, 1.0)
    found = Range().including(-0.99).including(0.5).including(0.2)
    assert found.ends_short_of(limit) == (False, True)
    assert Range().including(0.0).including(1.2).ends_short_of(limit) == (True, False)


def test_of_a_range_the_file_keeps_the_ends_short_of_a_limit_and_the_limit_where_it_was_reached():
    limit = Limit(-1.0, 1.0, 1.0, 1.0)
    assert Range(-0.99, 0.5).snapped_to(limit) == Range(-1.0, 0.5)
    assert Range(-0.2, 1.3).snapped_to(limit) == Range(-0.2, 1.0)


@pytest.mark.parametrize(("greatest", "is_moved"), [(0.05, False), (0.2, True)])
def test_a_joint_on_which_a_hand_rests_was_not_moved(greatest, is_moved):
    assert Range(0.0, greatest).is_moved(Limit(-1.0, 1.0, 1.0, 1.0)) == is_moved


def test_what_a_servo_accepts_is_told_as_joint_positions(bench):
    for name, value in ((Role.MIN_POSITION_LIMIT, 1024), (Role.MAX_POSITION_LIMIT, 2048)):
        bench.bus.write(ELBOW.servo_id, ELBOW.model[name], value)
    found = read_goal_range(Registers(bench.bus), ELBOW)
    assert (found.least, found.greatest) == pytest.approx((0.0, math.pi / 2.0))
    spindle = replace(ELBOW, mode=OperatingMode.EXTENDED_POSITION)
    assert read_goal_range(Registers(bench.bus), spindle) == Range(-math.inf, math.inf)


@given(st.lists(st.floats(-3.0, 3.0), min_size=1))
def test_a_range_is_the_least_and_the_greatest(positions):
    found = Range()
    for position in positions:
        found = found.including(position)
    assert (found.least, found.greatest) == (min(positions), max(positions))


@pytest.mark.parametrize(("role", "value"), [(Role.MIN_POSITION_LIMIT, 2000), (Role.MAX_POSITION_LIMIT, 2500)])
def test_position_limits_that_shut_out_some_of_the_range_are_to_be_written(bench, role, value):
    bench.bus.write(ELBOW.servo_id, ELBOW.model[role], value)
    (setting,) = narrow_limits(Registers(bench.bus), ELBOW, ARM.limit("elbow"))
    assert (setting.role, setting.now) == (role, value)
    assert setting.wanted in position_limits(ELBOW, ARM.limit("elbow"))


def test_position_limits_that_fit_are_left_alone(bench):
    assert narrow_limits(Registers(bench.bus), ELBOW, ARM.limit("elbow")) == ()
    spindle = replace(ELBOW, mode=OperatingMode.EXTENDED_POSITION)
    assert narrow_limits(Registers(bench.bus), spindle, ARM.limit("elbow")) == ()
