"""Joints that do not follow go back to where they are; they stay held, and go the other way at once."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from armature.core.health import Thresholds
from armature.core.model.arm import Limit
from armature.core.model.urdf import read_urdf
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.status.cause import Cause, Reaction
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.catalogue import Payload, Push, StuckJoint
from armature.errors import CommandRefused, GoalRefused

from ..loop.test_loop_motion import move
from ..twin import FIRST, SECOND, URDF, WIRING, twin
from ..virtual import JOINTS, Bench

HALF_A_DEGREE = math.radians(0.5)
ELBOW = "elbow"
FINGER = "gripper"


def blocked(pose="home", joint=ELBOW, by=-0.4, **settings):
    """An arm that has come against something, and has backed off."""
    bench = Bench(pose, **settings).enabled().run(0.6)
    bench.faults.inject(StuckJoint(joint))
    bench.loop.follow(move(bench, by, 1.5, joint=joint), bench.now)
    bench.run_until(lambda: bench.loop.state.cause is Cause.BLOCKED)
    return bench


def test_the_set_point_is_back_within_three_tenths_of_a_second_and_the_joint_keeps_its_torque():
    bench = blocked()
    bench.run(0.3)
    assert bench.loop.state.setpoints(bench.now)[ELBOW].position == pytest.approx(
        bench.positions()[ELBOW], abs=0.03
    )
    assert bench.servo(ELBOW).registers[Role.TORQUE_ENABLE] == 1
    assert abs(bench.servo(ELBOW).drive.load) < 0.15


@pytest.mark.parametrize("by", [-0.4, 0.25])
def test_on_the_way_back_no_goal_goes_further_beyond_the_joint_than_holding_it_takes(by):
    bench = blocked(by=by)
    axis = bench.loop.state.axes[ELBOW]
    way = math.copysign(1.0, by)
    while abs(bench.loop.state.setpoints(bench.now)[ELBOW].velocity) > 0.0:
        bench.cycle()
        goal = axis.wiring.to_position(bench.servo(ELBOW).registers[Role.GOAL_POSITION])
        assert (goal - bench.positions()[ELBOW]) * way > -0.01  # 0.0078 holds the forearm up


@pytest.mark.parametrize("leads", [True, False], ids=["feed-forward", "plain"])
@pytest.mark.parametrize("payload", [0.0, 0.5])
def test_a_loaded_joint_does_not_sink_once_what_held_it_up_is_gone(leads, payload):
    bench = Bench("home", leads=leads).enabled()
    bench.faults.inject(Payload(mass=payload))
    bench.run(1.0)
    bench.faults.inject(StuckJoint("shoulder"))
    bench.loop.follow(move(bench, -0.4, 1.5, joint="shoulder"), bench.now)
    bench.run_until(lambda: bench.loop.state.cause is Cause.BLOCKED)
    bench.run(0.5)
    place = bench.positions()["shoulder"]
    bench.faults.clear("stuck_joint")
    bench.run(2.0)
    assert bench.positions()["shoulder"] == pytest.approx(place, abs=HALF_A_DEGREE)


def test_it_stays_enabled_in_a_session_that_takes_no_segment_of_the_one_before():
    bench = blocked()
    late = replace(move(bench, 0.0, 0.5, joint=ELBOW), session="s1")
    bench.run(0.5)
    assert (bench.mode(), bench.loop.state.session) == (Mode.ENABLED, "s1.1")
    with pytest.raises(CommandRefused, match=r"of session s1, the present one is s1\.1; send a new goal$"):
        bench.loop.follow(late, bench.now)


def test_it_is_told_where_and_what_to_do_as_a_warning_until_the_joint_has_left():
    bench = blocked().run(0.5)
    (warning,) = bench.loop.state.warnings
    assert str(warning).startswith("elbow: blocked: blocked at elbow, 0.0")
    assert "send it the other way, or take away what is in its way" in warning.remedy
    assert bench.loop.state.blocks[ELBOW].direction == -1
    bench.faults.clear()
    bench.loop.follow(replace(move(bench, 0.2, 1.0, joint=ELBOW), session="s1.1"), bench.now)
    bench.run(1.5)
    assert (bench.loop.state.warnings, bench.loop.state.blocks) == ((), {})
    assert (bench.loop.state.why, bench.loop.state.cause) == ("nothing is in the way any more", None)
    assert bench.loop.clear_faults(bench.now) == "there is no fault"
    assert bench.loop.state.why == "nothing is in the way any more"


def test_clearing_says_that_nothing_is_in_the_way_any_more():
    bench = blocked().run(0.5)
    assert bench.loop.clear_faults(bench.now) == "elbow may move both ways again"
    bench.run(0.1)
    assert (bench.loop.state.why, bench.loop.state.cause) == ("elbow may move both ways again", None)
    assert (bench.mode(), bench.loop.state.blocks) == (Mode.ENABLED, {})


def test_enabling_again_forgets_it_too():
    bench = blocked().run(0.5)
    bench.loop.enable("s2", bench.now)
    assert bench.loop.state.blocks == {}


def test_so_does_turning_torque_off():
    bench = blocked().run(0.5)
    bench.loop.torque_off(bench.now)
    bench.run(0.5)
    assert (bench.loop.state.warnings, bench.loop.state.blocks) == ((), {})


def test_parking_that_is_blocked_holds_and_says_so_and_may_be_tried_again():
    bench = Bench("home").enabled().run(0.6)
    bench.faults.inject(StuckJoint(ELBOW))
    bench.park()
    bench.run_until(lambda: bench.loop.state.cause is Cause.BLOCKED)
    bench.run(0.5)
    assert bench.mode() is Mode.HOLDING
    assert bench.loop.state.why.startswith("parking was interrupted: blocked at elbow")
    bench.faults.clear()
    bench.run(bench.park() + 1.0)
    assert bench.mode() is Mode.DISABLED


def test_whoever_commands_may_say_that_joints_do_not_follow():
    bench = Bench("home").enabled().run(0.6)
    bench.faults.inject(StuckJoint(ELBOW))
    bench.loop.follow(move(bench, -0.1, 2.0, joint=ELBOW), bench.now)
    bench.run(0.7)
    bench.loop.back_off("s1", [ELBOW], bench.now)
    bench.run(0.3)
    assert "blocked at elbow" in bench.loop.state.why
    assert bench.loop.state.blocks[ELBOW].direction == -1
    assert bench.mode() is Mode.ENABLED


def test_a_word_of_another_session_or_of_an_unknown_joint_is_refused():
    bench = Bench("home").enabled()
    with pytest.raises(CommandRefused, match="it is of session old"):
        bench.loop.back_off("old", [ELBOW], bench.now)
    with pytest.raises(GoalRefused, match="'knee' refused; joints are waist"):
        bench.loop.back_off("s1", ["knee"], bench.now)
    assert bench.loop.state.session == "s1"


def test_backing_off_for_no_joint_is_refused():
    bench = Bench("home").enabled()
    with pytest.raises(GoalRefused, match="'' refused"):
        bench.loop.back_off("s1", [], bench.now)


@pytest.mark.parametrize("after", [0.02, 0.06, 0.1])
@pytest.mark.parametrize("request_", ["protective stop", "hold"])
def test_a_stop_lets_what_goes_back_come_to_its_joint_and_no_further(after, request_):
    bench = blocked().run(after)
    if request_ == "hold":
        bench.loop.hold("stopped", bench.now)
    else:
        bench.loop.protective_stop(True, bench.now)
    sent = []
    for _ in range(60):
        bench.cycle()
        sent.append(bench.loop.state.setpoints(bench.now)[ELBOW].position)
    place = bench.positions()[ELBOW]
    assert max(sent) < place + 0.01  # it was sent below
    assert sent[-1] == pytest.approx(place, abs=0.01)


def test_a_joint_that_was_not_read_just_then_goes_back_once_it_is_and_nowhere_else():
    bench = Bench("home").enabled().run(0.6)
    bench.faults.inject(StuckJoint("waist"))
    bench.loop.follow(move(bench, -0.1, 2.0, joint="waist"), bench.now)
    bench.run(0.7)
    sent = bench.loop.state.setpoints(bench.now)["waist"].position
    bench.silence("waist")
    bench.cycle()
    bench.loop._parts.back_off.retreat(["waist"], bench.now)  # as where it was found by the mean of its load
    bench.speak("waist")
    bench.run(0.3)
    place = bench.positions()["waist"]
    assert sent < bench.loop.state.setpoints(bench.now)["waist"].position == pytest.approx(place, abs=0.03)


@pytest.mark.parametrize("meanwhile", ["another backs off", "another moves"])
def test_it_is_not_forgotten_for_another_joint_that_is_read(meanwhile):
    bench = Bench("home").enabled().run(0.6)
    bench.faults.inject(StuckJoint("waist"))
    bench.loop.follow(move(bench, -0.1, 2.0, joint="waist"), bench.now)
    bench.run(0.7)
    bench.silence("waist")
    bench.cycle()
    bench.loop.back_off("s1", ["waist"], bench.now)
    if meanwhile == "another moves":
        bench.loop.follow(replace(move(bench, 0.1, 1.0, joint=ELBOW), session="s1.1"), bench.now)
    else:
        bench.loop.back_off("s1.1", [ELBOW], bench.now)
    bench.speak("waist")
    bench.run(0.3)
    assert bench.loop.state.setpoints(bench.now)["waist"].position == pytest.approx(
        bench.positions()["waist"], abs=0.02
    )


def test_two_joints_that_press_on_one_thing_both_go_back():
    bench = Bench("home").enabled().run(0.6)
    for joint in ("shoulder", ELBOW):
        bench.faults.inject(StuckJoint(joint))
    bench.loop.follow(move(bench, -0.4, 1.5, joint=ELBOW), bench.now)
    bench.loop.follow(replace(move(bench, 0.4, 1.5, joint="shoulder"), serial=2), bench.now)
    bench.run_until(lambda: bench.loop.state.cause is Cause.BLOCKED)
    bench.run(0.6)
    for joint in ("shoulder", ELBOW):
        assert abs(bench.servo(joint).drive.load) < 0.2
    assert bench.mode() is Mode.ENABLED
    assert bench.loop.state.session == "s1.1"  # together, not one after the other
    assert (list(bench.loop.state.blocks), bench.loop.state.blocks[ELBOW].direction) == ([ELBOW], -1)


@pytest.mark.parametrize("mass", [2.5, 3.5])
def test_a_weight_that_cannot_be_held_is_lowered_before_a_servo_lets_it_fall(mass):
    bench = Bench("home").enabled().run(2.0)
    bench.faults.inject(Payload(mass=mass))
    bench.run_until(lambda: bench.loop.state.faults)
    assert {fault.cause for fault in bench.loop.state.faults.values()} == {Cause.LOAD}
    bench.run_until(lambda: any("it is being lowered" in warning.done for warning in bench.loop.state.warnings))
    bench.run(5.0)
    assert not any("it is being lowered" in warning.done for warning in bench.loop.state.warnings)
    for joint in JOINTS:
        assert bench.servo(joint).registers[Role.HARDWARE_ERROR] == 0
        assert bench.servo(joint).registers[Role.TORQUE_ENABLE] == 1
        assert abs(bench.servo(joint).drive.load) < 0.75
    places = bench.positions()
    bench.run(2.0)
    assert bench.positions() == pytest.approx(places, abs=HALF_A_DEGREE)


def test_what_is_lowered_stays_within_its_limits():
    home = Bench("home").positions()
    limits = {joint: Limit(home[joint] - 0.1, home[joint] + 0.1, 1.0, 4.0) for joint in ("shoulder", ELBOW)}
    bench = Bench("home", limits=limits).enabled().run(1.0)
    bench.faults.inject(Payload(mass=3.5))
    for _ in range(400):
        bench.cycle()
        setpoints = bench.loop.state.setpoints(bench.now)
        for joint, limit in limits.items():
            assert limit.lower - 1e-4 <= setpoints[joint].position <= limit.upper + 1e-4


def test_a_joint_that_is_borne_from_outside_does_not_go_on_by_what_it_takes_alone():
    bench = Bench("home", leads=False).enabled()
    bench.faults.inject(Payload(mass=0.5))
    bench.run(2.0)  # how far it sags is known
    bench.loop.follow(move(bench, -0.02, 3.0, joint="shoulder"), bench.now)
    bench.faults.inject(Push("shoulder", torque=-1.4))  # bears most of its load
    bench.run(0.3)
    sent = bench.loop.state.setpoints(bench.now)["shoulder"].position
    assert sent < bench.positions()["shoulder"]
    bench.loop.back_off("s1", ["shoulder"], bench.now)
    bench.run(0.3)
    assert bench.loop.state.setpoints(bench.now)["shoulder"].position == pytest.approx(sent, abs=0.002)


def test_a_fault_is_not_given_way_to_by_what_is_found_next():
    bench = Bench("home").enabled().run(2.0)
    bench.faults.inject(Push("waist", torque=6.0))
    bench.run_until(lambda: bench.loop.state.faults)
    for _ in range(300):
        bench.cycle()
        assert "waist" in bench.loop.state.faults


def test_what_pushes_harder_than_a_servo_stands_is_given_way_to():
    bench = Bench("home").enabled().run(2.0)
    bench.faults.inject(Push(ELBOW, torque=-9.0), seconds=1.2)
    before = bench.positions()[ELBOW]
    bench.run(0.9)
    assert bench.loop.state.faults[ELBOW].cause is Cause.LOAD
    assert before - bench.positions()[ELBOW] > 0.2
    bench.run(2.0)
    assert bench.servo(ELBOW).registers[Role.TORQUE_ENABLE] == 1


@pytest.mark.parametrize("cause", [Cause.BLOCKED, Cause.LOAD])
def test_a_policy_that_stops_goes_back_too_and_is_a_fault(cause):
    light = Thresholds(warn=0.1, slow=0.15, stop=0.2, hysteresis=0.02)
    policy = FaultPolicy(
        reactions={Cause.BLOCKED: Reaction.STOP, Cause.LOAD: Reaction.STOP},
        **({"load": light, "load_time": 0.1} if cause is Cause.LOAD else {}),
    )
    bench = Bench("home", policy=policy).enabled().run(0.6)
    bench.faults.inject(StuckJoint(ELBOW))
    bench.loop.follow(move(bench, -0.4, 1.5, joint=ELBOW), bench.now)
    bench.run_until(lambda: bench.loop.state.cause is cause)
    bench.run(0.4)
    assert bench.mode() is Mode.FAULT
    assert abs(bench.servo(ELBOW).drive.load) < 0.15


@pytest.mark.parametrize("by", [-0.4, 0.4])
def test_the_two_servos_of_one_joint_back_off_together_and_share_what_holding_takes(by):
    bench = twin().enabled().run(0.6)
    held = abs(bench.servo(FIRST).drive.load)
    bench.faults.inject(StuckJoint("boom"))
    bench.loop.follow(move(bench, by, 1.5, joint="boom"), bench.now)
    bench.run_until(lambda: bench.loop.state.cause is Cause.BLOCKED)
    assert (bench.loop.state.session, list(bench.loop.state.blocks)) == ("s1.1", ["boom"])
    bench.run(0.3)
    bench.faults.clear()
    place = bench.positions()["boom"]
    bench.run(1.0)
    assert bench.positions()["boom"] == pytest.approx(place, abs=HALF_A_DEGREE)
    for servo in (bench.servo(FIRST), bench.servo(SECOND)):
        assert servo.registers[Role.TORQUE_ENABLE] == 1
        assert abs(servo.drive.load) == pytest.approx(held, abs=0.05)


def test_fingers_go_on_to_hold_a_thing_while_the_arm_backs_off():
    bench = Bench("home").enabled().run(0.6)
    bench.far.plant.jam(FINGER)
    bench.loop.follow(move(bench, -0.001, 0.5, joint=FINGER), bench.now)
    bench.run(0.7)
    held = bench.servo(FINGER).drive.load
    assert 0.1 < abs(held) < 0.5
    bench.faults.inject(StuckJoint(ELBOW))
    bench.loop.follow(move(bench, -0.4, 1.5, joint=ELBOW), bench.now)
    bench.run_until(lambda: bench.loop.state.cause is Cause.BLOCKED)
    bench.run(0.5)
    assert list(bench.loop.state.blocks) == [ELBOW]
    assert bench.servo(FINGER).drive.load == pytest.approx(held, rel=0.1)


def test_a_motion_that_overcomes_dry_friction_of_a_third_of_the_stall_torque_is_not_blocked():
    """A URDF may give it to every joint, as that of z1 does with 1 and 2 N·m."""
    arm = read_urdf(URDF.replace('<dynamics friction="0.1" damping="0.1"/>', '<dynamics friction="8.0"/>'))
    bench = Bench({"waist": 0.0, "boom": 0.3}, arm=arm, wiring=WIRING).enabled().run(0.6)
    for serial, by in enumerate((0.6, -0.6), 1):
        bench.loop.follow(replace(move(bench, by, 1.0, joint="boom"), serial=serial), bench.now)
        bench.run(1.5)
    assert not bench.loop.state.faults
    assert bench.loop.state.session == "s1"
