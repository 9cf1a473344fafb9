"""Joints in current-based position control that a hand can move."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from armature.dynamixel.free_drive.settings import FreeDriveSettings
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import RecoveryStep
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.catalogue import Overload, Push, Reset, Silence
from armature.errors import CommandRefused, ConfigError, ServoRefused

from ..faults.test_contact import KNOWN
from ..hand import LIMIT, enabled, guided, loads, yielding
from ..loop.test_loop_motion import move
from ..loop.test_loop_watchdog import heir, pause
from ..twin import FIRST, SECOND, twin
from ..twin import WIRING as TWINS
from ..virtual import ARM, Bench

HALF_A_DEGREE = math.radians(0.5)
# A hand that lets go leaves the joint within its slack, half a degree to either side, and it may still move.
LEFT = math.radians(1.4)
USUAL = round(LIMIT / 2.69e-3)  # Goal Current [2.69 mA]


def free(bench: Bench, joint: str = "elbow") -> str:
    return bench.loop.guide(joint, bench.now, begin=True)


def held(bench: Bench, joint: str = "elbow") -> str:
    return bench.loop.guide(joint, bench.now, begin=False)


def current(bench: Bench, joint: str = "elbow") -> int:
    """Goal Current."""
    return bench.servo(joint).registers[Role.GOAL_CURRENT]


def moved(before: dict[str, float], after: dict[str, float], *but: str) -> float:
    return max(abs(after[joint] - before[joint]) for joint in before if joint not in but)


@pytest.fixture
def bench():
    bench = enabled("elbow")
    free(bench)
    return bench.run(0.1)


# It is compliant, and stays


@pytest.mark.parametrize(("joint", "pose"), [("elbow", "home"), ("shoulder", "above_pick"), ("waist", "home")])
def test_without_a_hand_it_stays_where_it_is(joint, pose):
    bench = enabled(joint, pose)
    before = bench.positions()
    told = free(bench, joint)
    assert f"{joint} is compliant: it carries " in told
    assert bench.loop.state.free_joints == {joint: "compliant"}
    bench.run(1.0)
    assert moved(before, bench.positions()) < math.radians(0.05)
    assert bench.loop.state.free_joints


@pytest.mark.parametrize(
    ("joint", "pose", "distance"),
    [("elbow", "home", 0.2), ("elbow", "home", -0.2), ("shoulder", "above_pick", 0.15)],
)
def test_it_goes_where_a_hand_guides_it_and_stays_there(joint, pose, distance):
    bench = enabled(joint, pose)
    before = bench.positions()
    free(bench, joint)
    guided(bench, joint, distance)
    there = bench.positions()
    assert there[joint] - before[joint] == pytest.approx(distance, abs=0.06)
    bench.run(0.3)
    assert abs(bench.positions()[joint] - there[joint]) < LEFT
    left = bench.positions()
    bench.run(0.8)
    assert moved(left, bench.positions()) < math.radians(0.05)
    assert moved(before, bench.positions(), joint) < HALF_A_DEGREE
    assert not bench.loop.state.faults


def test_it_gives_no_more_than_it_carried_and_the_margin(bench):
    bound = current(bench) * 2.69e-3
    assert bound == pytest.approx(abs(bench.loop.state.axes["elbow"].current) + 0.1, abs=0.01)
    with bench.faults.injected(Push("elbow", torque=0.8)):
        for _ in range(15):
            bench.cycle()
            assert abs(bench.loop.state.axes["elbow"].current) <= bound + 0.01
    assert bench.loop.state.free_joints


def test_told_what_it_carries_it_stays_far_from_where_it_began():
    bench = enabled("shoulder", "up")
    bound = free(bench, "shoulder") and current(bench, "shoulder")
    guided(bench, "shoulder", 0.7, speed=0.5, told=loads)
    there = bench.positions()["shoulder"]
    bench.run(0.8)
    assert abs(bench.positions()["shoulder"] - there) < LEFT
    assert bench.loop.state.free_joints
    assert current(bench, "shoulder") > 3 * bound
    held(bench, "shoulder")
    bench.run(0.3)
    assert abs(bench.positions()["shoulder"] - there) < LEFT


def test_two_joints_are_compliant_at_once_and_one_carries_what_the_other_moves():
    bench = enabled("elbow", wiring=yielding("shoulder", "elbow"))
    for joint in ("shoulder", "elbow"):
        free(bench, joint)
    place = bench.positions()["shoulder"]
    guided(bench, "elbow", -0.6, speed=0.5, told=loads)
    assert abs(bench.positions()["shoulder"] - place) < HALF_A_DEGREE
    before = bench.positions()["elbow"]
    guided(bench, "shoulder", 0.4, speed=0.5, told=loads)
    assert abs(bench.positions()["elbow"] - before) < LEFT
    assert set(bench.loop.state.free_joints) == {"shoulder", "elbow"}


def test_more_weight_than_it_carries_is_caught_before_it_falls_far():
    bench = enabled("shoulder", "up")
    free(bench, "shoulder")
    guided(bench, "shoulder", 0.8, speed=0.5)
    there = bench.positions()["shoulder"]
    bench.run_until(lambda: not bench.loop.state.free_joints)
    bench.run(0.3)
    assert not bench.loop.state.free_joints
    assert "shoulder moved at" in bench.loop.state.why
    assert "0.60 is allowed while it is compliant" in bench.loop.state.why  # 0.4 of the URDF's 1.5 rad/s
    assert abs(bench.positions()["shoulder"] - there) < math.radians(10.0)
    assert current(bench, "shoulder") == USUAL
    assert bench.mode() is Mode.HOLDING


def test_a_load_beyond_its_limit_lets_it_hold_and_says_so():
    bench = enabled("elbow", wiring=yielding("elbow", limit=0.6))
    free(bench)
    bench.loop.set_loads({"elbow": 0.0}, bench.now)
    bench.loop.set_loads({"elbow": -9.0}, bench.now)
    bench.loop.set_loads({"elbow": -9.0}, bench.now)
    assert "with 0.1 A for a hand that is too much: its current_limit is 0.60 A" in bench.loop.state.why
    place = bench.positions()
    bench.run(0.5)
    assert not bench.loop.state.free_joints
    assert moved(place, bench.positions()) < HALF_A_DEGREE


@pytest.mark.parametrize("load", [math.nan, math.inf])
def test_a_load_that_is_no_number_changes_nothing(bench, load):
    before = current(bench)
    for told in (0.5, load):
        bench.loop.set_loads({"elbow": told, "tail": told}, bench.now)
    assert current(bench) == before


def test_both_servos_of_a_joint_are_compliant():
    bench = twin(wiring=yielding("boom", wiring=TWINS)).enabled().run(1.5)
    assert free(bench, "boom").startswith("boom is compliant")
    assert current(bench, FIRST) < 600
    assert current(bench, SECOND) < 600
    before = bench.positions()["boom"]
    bench.run(1.0)
    assert abs(bench.positions()["boom"] - before) < math.radians(0.05)
    guided(bench, "boom", 0.15)
    assert bench.positions()["boom"] - before == pytest.approx(0.15, abs=0.04)
    place = bench.positions()["boom"]
    held(bench, "boom")
    bench.run(0.5)
    assert abs(bench.positions()["boom"] - place) < LEFT
    assert current(bench, FIRST) == current(bench, SECOND) == USUAL
    assert not bench.loop.state.faults


# The end


def test_it_ends_without_a_step_and_the_arm_can_be_enabled_there(bench):
    guided(bench, "elbow", 0.2)
    bench.run(0.5)
    place = bench.positions()
    assert held(bench) == "elbow holds where it is"
    assert current(bench) == USUAL
    bench.run(0.5)
    assert moved(place, bench.positions()) < math.radians(0.05)
    assert (bench.mode(), dict(bench.loop.state.free_joints)) == (Mode.HOLDING, {})
    bench.loop.enable("s2", bench.now)
    bench.loop.follow(move(bench, 0.1, 0.5, "s2", joint="elbow"), bench.now)
    bench.run(0.7)
    assert bench.positions()["elbow"] - place["elbow"] == pytest.approx(0.1, abs=0.02)


def test_its_end_under_a_hand_that_pushes_is_no_step(bench):
    with bench.faults.injected(Push("elbow", torque=0.4)):
        bench.run(0.5)
        place = bench.positions()
        held(bench)
        bench.run(0.5)
        assert moved(place, bench.positions()) < HALF_A_DEGREE
    bench.run(0.5)
    assert moved(place, bench.positions()) < LEFT


@pytest.mark.parametrize("end", ["protective stop", "hold", "orphan", "fault", "pause"])
def test_whatever_stops_the_arm_lets_it_hold_where_it_is(bench, end):
    guided(bench, "elbow", 0.15)
    place = bench.positions()
    if end == "protective stop":
        bench.loop.protective_stop(True, bench.now)
    elif end == "hold":
        bench.loop.hold("asked for", bench.now)
    elif end == "orphan":
        bench.loop.lose_parent()
        assert bench.loop.state.cause is Cause.CONTROLLER_GONE
    elif end == "fault":
        bench.faults.inject(Overload("waist"))
    else:
        pause(bench, 0.3)
        place = bench.positions()
    bench.run(0.5)
    assert current(bench) == USUAL
    assert not bench.loop.state.free_joints
    assert abs(bench.positions()["elbow"] - place["elbow"]) < LEFT
    assert bench.servo("elbow").registers[Role.TORQUE_ENABLE] == 1


def test_one_that_falls_silent_is_a_fault_and_holds_once_it_answers(bench):
    bench.faults.inject(Silence("elbow"), seconds=0.4)
    bench.run(0.1)
    assert bench.loop.state.faults["elbow"].cause is Cause.MISSING
    assert bench.loop.state.free_joints == {"elbow": "is to hold again"}
    place = bench.positions()
    bench.run_until(lambda: not bench.loop.state.faults)
    bench.run(0.3)
    assert current(bench) == USUAL
    assert not bench.loop.state.free_joints
    assert moved(place, bench.positions()) < LEFT


def test_one_of_two_servos_that_falls_silent_leaves_all_of_the_load_to_the_other():
    bench = twin(wiring=yielding("boom", wiring=TWINS)).enabled().run(1.5)
    free(bench, "boom")
    place = bench.positions()["boom"]
    bench.faults.inject(Overload(FIRST))  # it cuts its torque
    bench.faults.inject(Silence(FIRST), seconds=0.5)
    bench.run(0.3)
    assert current(bench, SECOND) == USUAL
    bench.run_until(lambda: not bench.loop.state.free_joints)
    assert current(bench, FIRST) == USUAL
    bench.run(0.3)
    assert abs(bench.positions()["boom"] - place) < math.radians(3.0)  # one servo sags twice as far as two


def test_one_that_was_reset_is_a_fault_until_it_is_cleared_and_then_holds(bench):
    bench.faults.inject(Reset("elbow"))
    bench.run_until(
        lambda: "elbow" in bench.loop.state.faults and bench.loop.state.faults["elbow"].cause is Cause.SILENT_RESET
    )
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    assert current(bench) == USUAL
    assert not bench.loop.state.free_joints


def test_a_process_that_ends_leaves_it_holding(bench):
    bench.loop.release_bus()
    assert current(bench) == USUAL


def test_a_process_started_after_one_that_died_lets_it_hold_where_it_is(bench):
    pause(bench, 0.3)
    with bench.faults.injected(Push("elbow", torque=1.5)):  # nobody follows the hand: it pulls the joint away
        pause(bench, 0.5)
        place = bench.positions()
    bench.bus.close()
    fresh = heir(bench, wiring=yielding("elbow"))
    fresh.start().run(0.5)
    assert fresh.servo("elbow").registers[Role.GOAL_CURRENT] == USUAL
    assert abs(fresh.positions()["elbow"] - place["elbow"]) < math.radians(2.5)  # its sag, see the docs
    assert fresh.mode() is Mode.HOLDING
    assert not fresh.loop.state.free_joints


def test_a_bus_that_was_gone_leaves_it_holding(bench):
    bench.port.unplugged = True
    bench.run(0.1)
    bench.port.unplugged = False
    place = bench.positions()
    bench.start().run(0.5)
    assert current(bench) == USUAL
    assert moved(place, bench.positions()) < math.radians(2.5)  # its watchdog had set its goal to its place
    assert bench.mode() is Mode.HOLDING


def test_torque_off_ends_it_and_the_next_enabling_gives_it_its_current_back():
    bench = enabled("elbow", "park")
    free(bench)
    bench.loop.torque_off(bench.now)
    bench.run(0.1)
    assert (bench.mode(), dict(bench.loop.state.free_joints)) == (Mode.DISABLED, {})
    bench.loop.enable("s2", bench.now)
    assert current(bench) == USUAL


def test_one_that_was_not_read_in_the_last_cycle_holds_once_it_is(bench):
    bench.loop.state.axes["elbow"].mark_missed()
    assert held(bench) == "elbow is to hold again"
    bench.run(0.03)
    assert current(bench) == USUAL
    assert not bench.loop.state.free_joints


# While it is free


def weight(bench: Bench) -> dict[str, float]:
    """Of the twin's boom, 0.6 kg at 0.2 m [N·m]."""
    return {"boom": 0.6 * 9.81 * 0.2 * math.cos(bench.loop.state.axes["boom"].position)}


def test_what_a_hand_feels_and_a_load_of_before_are_no_contact():
    wiring = yielding("boom", wiring=KNOWN)
    gains = {"boom": {Role.POSITION_P_GAIN: 800, Role.POSITION_D_GAIN: 1_000}}
    settings = {"contact": {"boom": 0.6}, "following_error": {"boom": 0.1}, "registers": gains}
    bench = twin(wiring=wiring, **settings).enabled().run(0.5)
    segment = move(bench, 0.1, 1.0, joint="boom")
    loads_then = np.full((2, 1), weight(bench)["boom"])
    bench.loop.follow(replace(segment, loads=loads_then), bench.now)
    bench.run(1.3)
    free(bench, "boom")
    guided(bench, "boom", 0.8, speed=0.5, told=weight)
    bench.run(0.3)
    assert bench.loop.state.free_joints
    held(bench, "boom")
    bench.run(0.3)
    assert abs(bench.loop.state.axes["boom"].effort - loads_then[0, 0]) > 0.6  # that would be one
    assert not bench.loop.state.faults


def test_beyond_its_limit_it_is_warned_of_and_not_let_hold_until_it_is_back():
    limit = ARM.limit("elbow")
    place = 0.7  # a little more than where it is at home
    bench = enabled(
        "elbow", limits={"elbow": type(limit)(limit.lower, place + 0.05, limit.velocity, limit.effort)}
    )
    free(bench)
    guided(bench, "elbow", 0.25)
    bench.run(0.2)
    assert bench.loop.state.free_joints
    (warning,) = bench.loop.state.warnings
    assert (warning.joint, warning.cause) == ("elbow", Cause.LIMIT)
    assert "its limits are -1.9200 to 0.7500" in warning.detail
    assert "guide it back" in warning.remedy
    with pytest.raises(
        CommandRefused, match=r"elbow is at 0\.\d+, its limits are -1\.9200 to 0\.7500; move it by hand"
    ):
        held(bench)
    assert bench.loop.state.free_joints
    guided(bench, "elbow", -0.3)
    bench.run(0.3)
    assert not bench.loop.state.warnings
    assert held(bench) == "elbow holds where it is"


@pytest.mark.parametrize("request_name", ["enable", "disable", "set-point"])
def test_commands_are_refused_with_who_is_free_and_how_to_end_it(bench, request_name):
    segment = move(bench, 0.1, 0.5)
    ask = {
        "enable": lambda: bench.loop.enable("s2", bench.now),
        "disable": lambda: bench.loop.park(segment, bench.now),
        "set-point": lambda: bench.loop.follow(segment, bench.now),
    }
    told = rf"{request_name} refused: a hand may guide elbow \(compliant\); run armature free --end"
    with pytest.raises(CommandRefused, match=told):
        ask[request_name]()
    assert bench.mode() is Mode.HOLDING
    assert bench.loop.state.session == ""
    assert bench.loop.state.free_joints


def test_asked_again_it_says_how_it_is(bench):
    assert free(bench) == "elbow is free already: compliant"
    held(bench)
    assert held(bench) == "elbow is not free"


# Refused


def state_of(bench: Bench, name: str) -> None:
    if name == "DISABLED":
        bench.loop.torque_off(bench.now)
    elif name == "MOVING":
        bench.loop.follow(move(bench, 0.3, 1.0), bench.now)
    elif name == "PROTECTIVE_STOP":
        bench.loop.protective_stop(True, bench.now)
    elif name == "FAULT":
        bench.faults.inject(Overload("waist"))
    else:
        bench.port.unplugged = True
    bench.run(0.1)


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        ("DISABLED", "run armature enable"),
        ("MOVING", "wait until the arm holds"),
        ("PROTECTIVE_STOP", "run armature release"),
        ("FAULT", "run armature clear"),
        ("DISCONNECTED", "reconnect the bus"),
    ],
)
def test_it_begins_only_while_the_arm_holds(state, remedy):
    bench = enabled("elbow")
    state_of(bench, state)
    with pytest.raises(CommandRefused, match=rf"free refused: the state is {state} .*{remedy}"):
        free(bench)
    assert not bench.loop.state.free_joints


def test_a_joint_that_there_is_not_is_refused(bench):
    with pytest.raises(CommandRefused, match="there is no joint tail; joints are waist, shoulder"):
        free(bench, "tail")


@pytest.mark.parametrize(
    ("gain", "value", "told"),
    [
        (
            Role.POSITION_I_GAIN,
            20,
            "its Position I Gain is 20, and its sum would push against the hand; set elbow.posit",
        ),
        (Role.POSITION_P_GAIN, 0, "its Position P Gain is 0, and it would not stay where it is left"),
    ],
)
def test_gains_with_which_it_cannot_be_compliant_are_refused(gain, value, told):
    bench = enabled("elbow", "park")
    bench.servo("elbow").registers[gain] = value
    with pytest.raises(CommandRefused, match=told):
        free(bench)
    assert bench.mode() is Mode.ENABLED
    assert current(bench) == USUAL


def test_a_load_that_leaves_nothing_for_a_hand_is_refused():
    bench = enabled("elbow", wiring=yielding("elbow", limit=0.4))
    with pytest.raises(
        CommandRefused, match=r"it carries 0\.\d+ A, with 0\.1 A .*: its current_limit is 0\.40 A"
    ) as refused:
        free(bench)
    assert refused.value.remedy.steps == (RecoveryStep.BY_HAND,)
    assert bench.mode() is Mode.ENABLED


def test_an_arm_that_still_moves_is_refused(bench):
    held(bench)
    with bench.faults.injected(Push("elbow", torque=4.0)):
        bench.run(0.02)
        with pytest.raises(
            CommandRefused, match=r"turns at \d\.\d+ rad/s, 0\.05 is at rest; wait until"
        ) as refused:
            free(bench)
    assert refused.value.remedy.steps == (RecoveryStep.WAIT,)


def test_one_that_was_not_read_just_now_is_refused(bench):
    held(bench)
    bench.faults.inject(Silence("elbow"))
    bench.run(0.02)
    with pytest.raises(CommandRefused, match="elbow was not read just now; check its cable and power") as refused:
        free(bench)
    assert refused.value.remedy.steps == (RecoveryStep.BY_HAND, RecoveryStep.WAIT)


def test_a_servo_that_does_not_take_its_bound_keeps_its_current(monkeypatch):
    bench = enabled("elbow")
    elbow = bench.servo("elbow")
    write = elbow.write
    with monkeypatch.context() as patch:
        patch.setattr(elbow, "write", lambda address, data: 0)  # it says yes and does nothing
        with pytest.raises(ServoRefused, match=r"servo 3 refused Goal Current := \d+: it reads back 1115"):
            free(bench)
    assert elbow.write == write
    bench.run(0.1)
    assert current(bench) == USUAL
    assert not bench.loop.state.free_joints


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"current": 0.0}, r"free_drive\.current: 0\.0 cannot be used; it must be above 0 and at most 10 A"),
        ({"current": math.nan}, "free_drive.current"),
        ({"speed": 1.5}, r"free_drive\.speed: 1\.5 cannot be used; it must be above 0 and at most 1"),
        ({"speed": -0.1}, "free_drive.speed"),
    ],
)
def test_settings_out_of_range_are_refused(values, told):
    with pytest.raises(ConfigError, match=told):
        FreeDriveSettings(**values)
