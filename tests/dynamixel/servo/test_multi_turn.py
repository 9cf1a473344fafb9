from __future__ import annotations

import math

import pytest

from armature.dynamixel.servo.multi_turn import turn_counter
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults import catalogue
from armature.errors import CommandRefused, GoalRefused

from ..reel import LIMITS, WIRING, go, reel, turned_by_hand

TURN = 2.0 * math.pi
HALF_A_DEGREE = 0.5 * math.pi / 180.0


def lost(drum: float = 9.0):
    """An arm whose drum has been reset while it stood beyond its first turn, with its fault."""
    bench = reel().enabled()
    go(bench, {"drum": drum})
    bench.faults.inject(catalogue.Reset("drum"))
    bench.run_until(lambda: "drum" in bench.loop.state.faults)
    bench.run_until(lambda: bench.loop.state.faults["drum"].cause is Cause.MULTI_TURN_POSITION_LOST)
    return bench


def test_positions_of_several_turns_are_commanded_read_and_shown():
    bench = reel().enabled()
    go(bench, {"drum": 15.5})
    assert bench.positions()["drum"] == pytest.approx(15.5, abs=0.02)
    assert bench.loop.state.axes["drum"].position == pytest.approx(15.5, abs=0.02)
    assert bench.servo("drum").registers[Role.GOAL_POSITION] == round(2048 - 15.5 * 4096 / TURN)
    go(bench, {"drum": -1.0})
    assert bench.loop.state.axes["drum"].position == pytest.approx(-1.0, abs=0.02)
    assert bench.mode() is Mode.ENABLED


def test_a_hold_beyond_the_first_turn_is_taken_over_without_a_step():
    bench = reel().enabled()
    go(bench, {"drum": 9.0})
    before = bench.positions()
    bench.bus.close()
    heir = reel()
    heir.take_over(bench)
    heir.port.time = bench.port.time
    heir.start().run(0.3)
    assert heir.mode() is Mode.HOLDING
    assert heir.loop.state.axes["drum"].position == pytest.approx(9.0, abs=0.02)
    assert abs(heir.positions()["drum"] - before["drum"]) < HALF_A_DEGREE


def test_a_reset_beyond_the_first_turn_is_a_fault_that_says_so_and_never_a_motion():
    bench = lost()
    fault = bench.loop.state.faults["drum"]
    assert "it reads 2.7" in fault.detail
    assert "a whole turn of the servo away from 8.99" in fault.detail
    assert "into the turn in which it starts, then call /servo_interface/<joint>/reboot" in fault.remedy
    assert math.isnan(bench.loop.state.axes["drum"].position)  # what it reads is not where it is
    assert bench.servo("drum").registers[Role.TORQUE_ENABLE] == 0
    place = bench.positions()["drum"]
    with pytest.raises(CommandRefused, match=r"clear_faults refused: drum: it reads 2\.7.* away from (9|8)\."):
        bench.loop.clear_faults(bench.now)
    bench.run(0.5)
    assert bench.servo("drum").registers[Role.TORQUE_ENABLE] == 0
    assert bench.positions()["drum"] == pytest.approx(place, abs=0.01)


def test_a_reboot_where_it_would_not_help_is_refused_with_the_numbers():
    bench = lost()
    with pytest.raises(
        CommandRefused, match=r"it is at (9|8)\..* to between -3\.1416 and 3\.1416 .*; then ask again"
    ):
        bench.loop.reboot("drum", bench.now)


def test_brought_into_its_first_turn_and_rebooted_there_it_knows_where_it_is():
    bench = lost()
    turned_by_hand(bench, "drum", 1.0)
    bench.loop.reboot("drum", bench.now)
    bench.run_until(lambda: not bench.loop.state.faults)
    bench.run(0.2)
    assert bench.loop.state.axes["drum"].position == pytest.approx(1.0, abs=0.02)
    assert bench.positions()["drum"] == pytest.approx(1.0, abs=0.02)
    assert bench.mode() is Mode.HOLDING
    bench.loop.enable("s2", bench.now)
    go(bench, {"drum": 2.0}, "s2")
    assert bench.positions()["drum"] == pytest.approx(2.0, abs=0.02)


def test_an_overload_beyond_the_first_turn_is_not_rebooted_where_that_loses_turns():
    bench = reel().enabled()
    go(bench, {"drum": -9.0})
    bench.faults.inject(catalogue.Overload("drum"))
    bench.run_until(lambda: "drum" in bench.loop.state.faults)
    bench.faults.clear()
    with pytest.raises(CommandRefused, match=r"drum: it is at -8\.99.* would lose its whole turns"):
        bench.loop.clear_faults(bench.now)
    turned_by_hand(bench, "drum", 0.5)
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults)
    assert bench.loop.state.axes["drum"].position == pytest.approx(0.5, abs=0.05)


def test_a_reset_in_the_first_turn_loses_none():
    bench = reel().enabled()
    go(bench, {"drum": 1.0})
    bench.faults.inject(catalogue.Reset("drum"))
    bench.run_until(lambda: "drum" in bench.loop.state.faults)
    bench.run(1.0)
    assert bench.loop.state.faults["drum"].cause is Cause.SILENT_RESET
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults)
    assert bench.mode() is Mode.HOLDING


def test_power_that_fails_while_the_cable_is_out_is_found_when_it_is_back():
    bench = reel().enabled()
    go(bench, {"drum": 9.0})
    bench.port.unplugged = True
    bench.run(0.05)
    bench.servo("drum").reboot()
    bench.servo("jaw").reboot()
    bench.run(0.6)
    bench.port.unplugged = False
    bench.loop.start(bench.now)
    assert bench.loop.state.faults["drum"].cause is Cause.MULTI_TURN_POSITION_LOST
    assert bench.mode() is Mode.FAULT
    with pytest.raises(CommandRefused, match="the state is FAULT"):
        bench.loop.enable("s2", bench.now)


def test_a_limp_joint_turned_by_hand_through_turns_loses_none():
    bench = reel().start().run(0.05)
    turned_by_hand(bench, "drum", 12.0)
    assert not bench.loop.state.faults
    assert bench.loop.state.axes["drum"].position == pytest.approx(12.0, abs=0.02)


def test_a_joint_that_was_turned_unseen_is_no_motion_either_and_a_fresh_process_believes_its_servo():
    bench = reel().start().run(0.05)
    bench.faults.inject(catalogue.Silence("drum"))
    bench.run_until(lambda: bench.loop.state.faults)
    turned_by_hand(bench, "drum", 5.0)
    bench.faults.clear()
    bench.run_until(lambda: bench.loop.state.faults["drum"].cause is Cause.MULTI_TURN_POSITION_LOST)
    assert "or was turned while it was not read" in bench.loop.state.faults["drum"].detail
    turned_by_hand(bench, "drum", 8.0)
    assert math.isnan(bench.loop.state.axes["drum"].position)
    turned_by_hand(bench, "drum", 0.5)
    with pytest.raises(
        CommandRefused,
        match="turned while nobody read it: support the arm, run armature torque-off, then armature down",
    ):
        bench.loop.reboot("drum", bench.now)
    bench.bus.close()
    fresh = reel()
    fresh.take_over(bench)
    fresh.port.time = bench.port.time
    fresh.start().run(0.05)
    assert fresh.loop.state.axes["drum"].position == pytest.approx(0.5, abs=0.02)
    assert not fresh.loop.state.faults


def test_a_start_beyond_the_limits_says_that_turns_are_counted_since_power_came_on():
    limits = {"drum": LIMITS["drum"].__class__(5.0, 20.0, 6.0, 3.0)}
    bench = reel(drum=1.0, limits=limits).start().run(0.05)
    with pytest.raises(CommandRefused, match=r"drum is at 1\.0.*counts whole turns only since its power came on"):
        bench.loop.enable("s1", bench.now)


@pytest.mark.parametrize("end", [20.2, -20.2])
def test_a_set_point_beyond_the_limit_is_refused_by_the_margin_of_one_turn(end):
    bench = reel().enabled()
    go(bench, {"drum": math.copysign(17.0, end)})
    with pytest.raises(GoalRefused, match=r"drum position: -?20\.[12].* within -20\.1257 and 20\.1257"):
        go(bench, {"drum": end})


def test_turns_are_followed_only_where_a_joint_needs_more_than_one():
    drum, jaw = WIRING.servos
    assert turn_counter(drum, LIMITS["drum"]) is not None
    assert turn_counter(jaw, LIMITS["jaw"]) is None
