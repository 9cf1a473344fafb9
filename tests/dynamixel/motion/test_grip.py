"""A gripper gives no more than a command allows it, in the emulator's physics on virtual time."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.planning.transfer import transfer
from armature.core.trajectory.segments import Segment
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.faults import catalogue
from armature.errors import BusError, GoalRefused

from ..reel import ARM, LIMITS, TEXT, WIRING, go, reel
from ..servo.test_operating_modes import GOAL_CURRENT, heir

XM430 = servo_model("XM430-W350")
FACTOR = XM430.stall_torque / XM430.stall_current  # of the emulated motor [N·m/A]
STEP = FACTOR * 80.0 * XM430.current_unit  # of the jaw's force for one step of Goal Current [N]


def with_jaw(**changes):
    """The wiring with another jaw."""
    return replace(WIRING, servos=(WIRING.servos[0], replace(WIRING.servos[1], **changes)))


KNOWN = with_jaw(torque_constant=FACTOR)


def squeeze(bench, position, limit, seconds=1.0, session="s1"):
    """Send the jaw to a place [m] with a limit of its force [N], None for a command without one."""
    begin = bench.loop.state.setpoints(bench.now)["jaw"].position
    way = transfer(["jaw"], {"jaw": begin}, {"jaw": position}, LIMITS, bench.dynamics, 1.0)
    limits = {} if limit is None else {"jaw": limit}
    bench.loop.follow(Segment(1, session, bench.now, way, effort_limits=limits), bench.now)
    return bench.run(seconds)


def goal_current(bench):
    return bench.servo("jaw").registers[Role.GOAL_CURRENT]


@pytest.fixture
def closed():
    """An enabled arm whose jaw is about to close on something at 10 mm."""
    bench = reel(wiring=KNOWN).enabled()
    bench.far.plant.jam("jaw")
    return bench


def test_two_limits_are_two_forces_on_the_thing_between_the_fingers(closed):
    held = []
    for limit in (10.0, 30.0):
        squeeze(closed, 0.002, limit)
        held.append((closed.loop.state.axes["jaw"].effort, closed.loop.state.axes["jaw"].current))
    for (force, current), limit in zip(held, (10.0, 30.0), strict=True):
        assert -limit - STEP <= force <= -limit + 2.0 * STEP
        assert current == pytest.approx(-limit / 80.0 / FACTOR, abs=2.0 * XM430.current_unit)
    assert closed.mode() is Mode.ENABLED
    assert not closed.loop.state.faults


def test_a_limit_beyond_the_wiring_files_is_that_one(closed):
    squeeze(closed, 0.002, 1e4)
    assert goal_current(closed) == GOAL_CURRENT
    assert closed.loop.state.axes["jaw"].current == pytest.approx(-0.5, abs=0.02)


@pytest.mark.parametrize("limit", [None, 0.0])
def test_a_command_without_a_limit_lifts_the_last_one(closed, limit):
    squeeze(closed, 0.002, 10.0)
    assert goal_current(closed) < GOAL_CURRENT
    assert closed.loop.state.current_limits() == {"jaw": pytest.approx(goal_current(closed) * XM430.current_unit)}
    squeeze(closed, 0.002, limit, 0.1)
    assert goal_current(closed) == GOAL_CURRENT


@pytest.mark.parametrize("off_first", [False, True])
def test_enabling_lifts_the_limit(closed, off_first):
    squeeze(closed, 0.002, 10.0)
    limited = goal_current(closed)
    if off_first:
        closed.loop.torque_off(closed.now)
    else:
        closed.loop.hold("held", closed.now)
    closed.run(0.2)
    assert goal_current(closed) == limited
    closed.loop.enable("s2", closed.now)
    assert goal_current(closed) == GOAL_CURRENT
    assert closed.run(0.2).mode() is Mode.ENABLED


def test_other_joints_and_a_stop_leave_the_limit(closed):
    squeeze(closed, 0.002, 10.0)
    limited = goal_current(closed)
    go(closed, {"drum": 0.5})
    closed.loop.protective_stop(True, closed.now)
    closed.run(0.2)
    assert goal_current(closed) == limited


def test_it_is_written_when_it_changes_and_not_else(closed, monkeypatch):
    written = []
    write = closed.bus.write

    def counted(servo_id, register, value):
        written.append((register.role, value))
        write(servo_id, register, value)

    monkeypatch.setattr(closed.bus, "write", counted)
    for _ in range(5):
        squeeze(closed, 0.002, 10.0, 0.05)
    assert [role for role, _ in written] == [Role.GOAL_CURRENT]
    squeeze(closed, 0.002, 20.0, 0.05)
    assert len(written) == 2


def test_a_silent_reset_is_found_and_the_limit_restored(closed):
    squeeze(closed, 0.002, 10.0)
    limited = goal_current(closed)
    closed.faults.inject(catalogue.Reset("jaw"))
    closed.run_until(lambda: any(fault.cause is Cause.SILENT_RESET for fault in closed.loop.state.faults.values()))
    assert goal_current(closed) != limited
    closed.loop.clear_faults(closed.now)
    closed.run_until(lambda: not closed.loop.state.faults)
    assert goal_current(closed) == limited


def test_a_silent_servo_that_kept_its_limit_was_not_reset(closed):
    squeeze(closed, 0.002, 10.0)
    closed.silence("jaw")
    closed.run_until(lambda: "jaw" in closed.loop.state.faults)
    closed.speak("jaw")
    closed.run_until(lambda: not closed.loop.state.faults)
    assert closed.mode() is Mode.HOLDING


def test_a_process_that_takes_over_a_grip_does_not_squeeze_harder(closed):
    squeeze(closed, 0.002, 10.0)
    limited = goal_current(closed)
    closed.bus.close()
    fresh = heir(closed, wiring=KNOWN).start().run(0.5)
    assert fresh.mode() is Mode.HOLDING
    assert goal_current(fresh) == limited
    fresh.loop.enable("s2", fresh.now)
    assert goal_current(fresh) == GOAL_CURRENT


def test_a_limit_is_not_taken_for_a_load():
    bench = reel(wiring=KNOWN, contact={"jaw": 15.0}).enabled()
    squeeze(bench, 0.025, 60.0, 1.5)
    assert bench.mode() is Mode.ENABLED, bench.loop.state.why
    assert "jaw" not in bench.loop._parts.feedforward.loads


def test_a_servo_that_does_not_take_its_limit_stops_the_arm_with_the_reason(closed):
    closed.silence("jaw")
    with pytest.raises(BusError):
        squeeze(closed, 0.002, 10.0)
    assert closed.mode() is Mode.HOLDING
    assert "id 2" in closed.loop.state.why


SECOND = "second: {id: 3, direction: -1, zero_offset: 90 deg, torque_constant: 1.7 N·m/A},"
POSITION = {"mode": OperatingMode.POSITION, "current_limit": math.nan}


@pytest.mark.parametrize(
    ("changes", "limit", "told"),
    [
        (
            {},
            10.0,
            r"effort of jaw: 10\.0 refused; what its servo gives for an ampere is not known; measure torque_",
        ),
        (
            {**POSITION, "torque_constant": FACTOR},
            10.0,
            "limits no current in mode position; set mode: current-based",
        ),
        ({**POSITION, "model": servo_model("XL430-W250")}, 10.0, "XL430-W250 measures no current, .* give 0"),
        ({"torque_constant": FACTOR}, -5.0, r"effort of jaw: -5\.0 refused; give a limit above 0"),
        ({"torque_constant": FACTOR}, math.nan, "effort of jaw: nan refused; give a limit above 0"),
        ({"torque_constant": FACTOR}, math.inf, "effort of jaw: inf refused; give a limit above 0"),
        ({"torque_constant": FACTOR}, 0.9 * STEP, r"limits it in steps of 0\.\d+; give more"),
    ],
    ids=["no factor", "position mode", "no current", "negative", "no number", "infinite", "too little"],
)
def test_a_limit_that_cannot_be_kept_is_refused_with_what_would_work(changes, limit, told):
    bench = reel(wiring=with_jaw(**changes), registers={}).enabled()
    before = bench.loop.state.setpoints(bench.now)["jaw"].position
    with pytest.raises(GoalRefused, match=told):
        squeeze(bench, 0.02, limit)
    assert bench.mode() is Mode.HOLDING
    assert bench.loop.state.setpoints(bench.now + 1.0)["jaw"].position == before
    assert not bench.loop.state.is_moving(bench.now)


def test_two_servos_share_the_force():
    jaw = KNOWN.servos[1]
    both = replace(jaw, second=replace(jaw, servo_id=3, is_second=True))
    assert both.goal_current(40.0) == jaw.goal_current(20.0)


def test_both_servos_of_a_finger_are_limited_and_released():
    text = TEXT.replace("80 rad/m,", "80 rad/m, torque_constant: 1.7 N·m/A, " + SECOND)
    bench = reel(wiring=Wiring.from_yaml(text, ARM)).enabled()
    bench.far.plant.jam("jaw")
    squeeze(bench, 0.002, 20.0)
    both = [bench.servo(name).registers[Role.GOAL_CURRENT] for name in ("jaw", "jaw_second")]
    assert both[0] == both[1] == math.floor(20.0 / (2 * 1.7 * 80.0 * XM430.current_unit))
    bench.loop.enable("s2", bench.now)
    assert {bench.servo(name).registers[Role.GOAL_CURRENT] for name in ("jaw", "jaw_second")} == {GOAL_CURRENT}


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_asked_the_servo_has_the_limit_that_was_asked_last(seed):
    chance, bench = random.Random(seed), reel(wiring=KNOWN).enabled()
    bench.far.plant.jam("jaw")
    expected, session = GOAL_CURRENT, 1
    for _ in range(20):
        deed = chance.choice(("limit", "limit", "limit", "none", "enable", "off", "refused", "heir"))
        if deed == "limit":
            force = chance.uniform(1.0, 120.0)
            squeeze(bench, chance.uniform(0.0, 0.03), force, 0.05, f"s{session}")
            expected = min(math.floor(force / STEP + 1e-6), GOAL_CURRENT)
        elif deed == "none":
            squeeze(bench, chance.uniform(0.0, 0.03), chance.choice((None, 0.0)), 0.05, f"s{session}")
            expected = GOAL_CURRENT
        elif deed == "refused":
            with pytest.raises(GoalRefused):
                squeeze(bench, 0.01, -1.0, 0.05, f"s{session}")
        elif deed == "off":
            bench.loop.torque_off(bench.now)
        elif deed == "heir":
            bench.bus.close()
            bench = heir(bench, wiring=KNOWN).start()
        bench.run(0.05)
        assert goal_current(bench) == expected, deed
        if deed in ("enable", "off", "refused", "heir"):
            session, expected = session + 1, GOAL_CURRENT
            bench.run(0.2)
            bench.loop.enable(f"s{session}", bench.now)
            assert goal_current(bench) == expected, deed
    assert not bench.loop.state.faults


@given(st.floats(1.1 * STEP, 1e6))
def test_a_limit_is_never_exceeded_and_wasted_by_less_than_a_step(limit):
    jaw = KNOWN.servos[1]
    force = jaw.goal_current(limit) * STEP
    assert force <= limit * (1.0 + 1e-5)
    assert force > limit - STEP or jaw.goal_current(limit) == GOAL_CURRENT
