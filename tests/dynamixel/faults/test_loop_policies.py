from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from armature.core.health import Thresholds
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.loop.settings import LoopSettings
from armature.dynamixel.status.cause import Cause, Reaction
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.catalogue import Drop, Overheat, Overload, Push, StuckJoint
from armature.errors import CommandRefused, ConfigError, GoalRefused

from ..loop.test_loop_motion import move
from ..virtual import ARM, JOINTS, Bench

HALF_A_DEGREE = math.radians(0.5)


def enabled(pose: str = "home", reactions: dict[Cause, Reaction] | None = None, **settings: object) -> Bench:
    settings.setdefault("policy", FaultPolicy(reactions=reactions or {}))
    return Bench(pose, **settings).enabled().run(0.2)


def heat(bench: Bench, temperature: float, joint: str = "elbow") -> Bench:
    bench.faults.inject(Overheat(joint, temperature=temperature))
    return bench.run(0.3)


def torques(bench: Bench) -> dict[str, int]:
    return {joint: bench.servo(joint).registers[Role.TORQUE_ENABLE] for joint in JOINTS}


# Warnings come before errors


def test_a_warm_servo_is_warned_of_with_how_long_it_can_go_on():
    bench = heat(enabled(), 66.0)
    (warning,) = bench.loop.state.warnings
    assert (warning.joint, warning.cause, warning.done) == ("elbow", Cause.TEMPERATURE, "nothing yet")
    assert "66 °C, the servo's limit is 80 °C; it can go on like this" in warning.detail
    assert bench.mode() is Mode.ENABLED
    assert bench.loop.state.speed_factor == 1.0


def test_a_hot_servo_asks_for_less_speed_until_it_has_cooled_by_the_hysteresis():
    bench = heat(enabled(), 71.0)
    assert bench.loop.state.speed_factor == 0.3
    assert bench.loop.state.warnings[0].done == "less speed is asked for"
    assert bench.mode() is Mode.ENABLED
    assert heat(bench, 69.0).loop.state.speed_factor == 0.3
    assert heat(bench, 67.0).loop.state.speed_factor == 1.0
    assert heat(bench, 62.0).loop.state.warnings == ()


def test_a_servo_near_its_limit_stops_the_arm_before_it_cuts_its_torque():
    bench = heat(enabled(), 76.0)
    assert bench.mode() is Mode.FAULT
    assert bench.loop.state.faults["elbow"].cause is Cause.TEMPERATURE
    assert set(torques(bench).values()) == {1}
    with pytest.raises(CommandRefused, match="still 76 °C, limit 80 °C; let it cool below 73 °C"):
        bench.loop.clear_faults(bench.now)
    heat(bench, 72.0)
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)


def test_a_warm_servo_that_was_silent_is_not_warned_of_by_what_was_not_read():
    bench = heat(enabled(), 71.0)
    bench.silence("elbow")
    bench.run_until(lambda: "elbow" in bench.loop.state.faults)
    bench.speak("elbow")
    for _ in range(100):
        bench.cycle()
        assert not any("nan" in warning.detail for warning in bench.loop.state.warnings)
    assert bench.loop.state.warnings[0].detail.startswith("71 °C")


def test_the_figures_of_a_warning_are_renewed_once_a_second_at_most():
    bench = heat(enabled(), 66.0)
    since = bench.loop.state.warnings[0].since
    bench.faults.inject(Overheat("elbow", temperature=67.0))
    told = []
    for _ in range(200):
        bench.cycle()
        told.append(bench.loop.state.warnings[0].detail[:5])
    assert told[0] == "66 °C"
    assert told[-1] == "67 °C"
    assert sum(one != other for one, other in pairwise(told)) == 1
    assert bench.loop.state.warnings[0].since == since


def test_a_load_is_watched_where_no_current_is_measured_too():
    policy = FaultPolicy(load=Thresholds(0.02, 0.05, 0.1, 0.01), load_time=0.1)
    bench = enabled(policy=policy)
    bench.faults.inject(Push("wrist_roll", torque=0.4))  # XL430: load in per cent
    bench.run_until(lambda: bench.loop.state.faults, 1.0)
    assert bench.loop.state.faults["wrist_roll"].cause is Cause.LOAD
    assert "10% is the bound" in bench.loop.state.faults["wrist_roll"].detail
    with pytest.raises(CommandRefused, match="take load away until it is below 9%"):
        bench.run(0.3).loop.clear_faults(bench.now)


def test_a_finger_that_grips_is_warned_of_and_no_more():
    policy = FaultPolicy(load=Thresholds(0.02, 0.08, 0.1, 0.01), load_time=0.1)
    bench = enabled(policy=policy)
    bench.faults.inject(Push("gripper", torque=20.0))
    bench.run(0.5)
    assert bench.loop.state.health()["gripper"].load > 0.1
    assert [(w.joint, w.cause, w.done) for w in bench.loop.state.warnings if w.joint == "gripper"] == [
        ("gripper", Cause.LOAD, "nothing yet")
    ]
    assert bench.mode() is Mode.ENABLED
    assert bench.loop.state.speed_factor == 1.0


def test_health_tells_load_missed_answers_and_the_time_left():
    bench = enabled()
    bench.faults.inject(Overheat("elbow", temperature=60.0))
    bench.run(0.5)
    health = bench.loop.state.health()
    assert set(health) == set(JOINTS)
    assert 0.0 < health["elbow"].load < 0.3
    assert health["elbow"].missed == 0.0
    assert health["elbow"].seconds_left == math.inf


# Following error and limits


def test_a_joint_that_does_not_follow_is_named_with_the_numbers():
    policy = FaultPolicy(reactions={Cause.FOLLOWING_ERROR: Reaction.STOP, Cause.BLOCKED: Reaction.STOP})
    bench = enabled("park", following_error={"waist": 0.01}, policy=replace(policy, following_time=0.0))
    bench.faults.inject(StuckJoint("waist"))
    bench.loop.follow(move(bench, 0.6, 1.2), bench.now)
    bench.run_until(lambda: bench.loop.state.faults)
    fault = bench.loop.state.faults["waist"]
    assert fault.cause is Cause.FOLLOWING_ERROR
    assert "from its set-point, 0.0100 is allowed" in fault.detail
    bench.faults.clear()
    bench.run(0.3)
    place = bench.positions()["waist"]
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    bench.run(0.3)
    assert bench.positions()["waist"] == pytest.approx(place, abs=HALF_A_DEGREE)


@pytest.mark.parametrize("reaction", [Reaction.BACK_OFF, Reaction.STOP, Reaction.HOLD])
def test_what_is_in_its_way_is_not_pushed_until_the_servo_gives_up(reaction):
    bench = enabled("park", policy=FaultPolicy(reactions={Cause.BLOCKED: reaction}))
    bench.faults.inject(StuckJoint("waist"))
    bench.loop.follow(move(bench, 0.6, 1.2), bench.now)
    bench.run_until(lambda: bench.loop.state.cause is Cause.BLOCKED)
    bench.run(3.0)
    assert bench.mode() is (Mode.ENABLED if reaction is Reaction.BACK_OFF else Mode.FAULT)
    assert "blocked" in bench.loop.state.why
    axis = bench.loop.state.axes["waist"]
    assert abs(axis.current) < 0.05 * axis.wiring.model.stall_current
    assert bench.servo("waist").registers[Role.HARDWARE_ERROR] == 0
    assert bench.servo("waist").registers[Role.TORQUE_ENABLE] == 1


def test_a_brief_error_is_none():
    bench = enabled("park", following_error={"waist": 0.05})
    bench.faults.inject(StuckJoint("waist"), seconds=0.3)
    bench.loop.follow(move(bench, 0.3, 1.0), bench.now)
    bench.run(1.2)
    assert bench.mode() is Mode.ENABLED


@pytest.mark.parametrize(("joint", "bound"), [("waist", 0.0), ("gripper", None)])
def test_it_is_off_by_setting_and_for_a_finger_by_default(joint, bound):
    settings = {} if bound is None else {"following_error": {joint: bound}}
    bench = enabled("park", **settings)
    bench.faults.inject(StuckJoint(joint))
    bench.loop.follow(move(bench, 0.015 if joint == "gripper" else 0.5, 0.6, joint=joint), bench.now)
    bench.run(1.5)
    assert Cause.FOLLOWING_ERROR not in {fault.cause for fault in bench.loop.state.faults.values()}


@pytest.mark.parametrize("bound", [-0.1, math.nan])
def test_a_bound_that_is_none_is_refused(bound):
    with pytest.raises(ConfigError, match=r"parameter elbow.following_error: .*at least 0; 0 is off"):
        LoopSettings(dynamics={}, following_error={"elbow": bound})


def test_a_joint_beyond_its_limit_is_named_and_comes_back_by_its_own_set_point():
    limit = replace(ARM.limit("forearm_roll"), lower=-0.85, upper=0.01)
    policy = FaultPolicy(limit_margin=0.02)
    bench = enabled("home", policy=policy, limits={"forearm_roll": limit})
    bench.faults.inject(Push("forearm_roll", torque=2.0))
    bench.run_until(lambda: bench.loop.state.faults)
    assert bench.loop.state.faults["forearm_roll"].cause is Cause.LIMIT
    bench.run(0.2)
    with pytest.raises(CommandRefused, match=r"it is at 0\.\d+, its limits are -0.8500 to 0.0100"):
        bench.loop.clear_faults(bench.now)
    bench.faults.clear()
    bench.run(0.3)
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)


def test_a_limp_joint_may_be_anywhere():
    bench = Bench("home", limits={"elbow": replace(ARM.limit("elbow"), lower=-0.5, upper=0.0)}).start()
    bench.run(0.3)
    assert not bench.loop.state.faults


def test_a_servo_that_often_does_not_answer_is_named_before_it_is_missing():
    bench = enabled(policy=FaultPolicy(missed_share=0.15), max_missed_reads=12)
    bench.faults.inject(Drop("elbow", probability=0.3, seed=4))
    bench.run_until(lambda: bench.loop.state.faults)
    assert bench.loop.state.faults["elbow"].cause is Cause.COMMUNICATION
    with pytest.raises(CommandRefused, match="of the last 100 answers are missing, 15% may be"):
        bench.run(0.2).loop.clear_faults(bench.now)


# What each policy does


def test_torque_off_cuts_that_joint_alone_and_recovery_brings_it_back():
    bench = heat(enabled(reactions={Cause.TEMPERATURE: Reaction.TORQUE_OFF}), 76.0)
    assert torques(bench) == {joint: int(joint != "elbow") for joint in JOINTS}
    assert bench.loop.state.faults["elbow"].cause is Cause.TEMPERATURE
    assert "its torque was turned off" in bench.loop.state.faults["elbow"].done
    heat(bench, 40.0)
    bench.run(1.0)
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    assert set(torques(bench).values()) == {1}


def test_hold_lets_the_motion_end_and_takes_no_more():
    bench = enabled("park", reactions={Cause.TEMPERATURE: Reaction.HOLD})
    goal = bench.loop.state.setpoints(bench.now)["waist"].position + 0.2
    bench.loop.follow(move(bench, 0.2, 0.8), bench.now)
    heat(bench, 76.0)
    assert bench.mode() is Mode.FAULT
    assert bench.loop.state.session == ""
    bench.run(0.6)
    assert bench.loop.state.setpoints(bench.now)["waist"].position == pytest.approx(goal)


def test_hold_ends_a_way_to_park_at_once_and_torque_stays_on():
    bench = enabled(reactions={Cause.TEMPERATURE: Reaction.HOLD})
    bench.park()
    heat(bench, 76.0)
    bench.run(0.3)
    assert bench.mode() is Mode.FAULT
    assert not bench.loop.state.is_moving(bench.now)
    bench.run(5.0)
    assert set(torques(bench).values()) == {1}


def test_slow_goes_on_and_asks_for_less_speed():
    bench = heat(enabled(reactions={Cause.TEMPERATURE: Reaction.SLOW}), 76.0)
    assert bench.mode() is Mode.ENABLED
    assert bench.loop.state.speed_factor == 0.3
    assert bench.loop.state.warnings[0].cause is Cause.TEMPERATURE


def test_park_asks_for_a_way_and_ends_with_torque_off_and_the_fault_told():
    bench = heat(enabled(reactions={Cause.TEMPERATURE: Reaction.PARK}), 76.0)
    assert bench.mode() is Mode.FAULT
    assert bench.loop.state.wants_park
    bench.park()
    assert bench.mode() is Mode.PARKING
    assert not bench.loop.state.wants_park
    bench.run_until(lambda: bench.loop.state.torque() == "off", 10.0)
    bench.run(0.1)
    assert bench.mode() is Mode.FAULT
    assert bench.loop.state.faults["elbow"].cause is Cause.TEMPERATURE
    assert bench.loop.state.faults["elbow"].done == "nothing was done, since torque was off"
    assert not bench.loop.state.wants_park


def test_an_arm_with_a_limp_joint_cannot_park():
    bench = enabled()
    bench.faults.inject(Overload("elbow"))
    bench.run(0.1)
    with pytest.raises(CommandRefused, match="disable refused: elbow: overload"):
        bench.park()


def test_a_way_to_park_that_there_is_not_is_told_by_the_fault_and_not_waited_for():
    bench = heat(enabled(reactions={Cause.TEMPERATURE: Reaction.PARK}), 76.0)
    bench.loop.give_up_parking("forearm would meet table")
    assert not bench.loop.state.wants_park
    assert bench.loop.state.faults["elbow"].done == (
        "every joint with torque stopped and holds; the arm could not park: forearm would meet table"
    )
    assert bench.loop.state.why == str(bench.loop.state.faults["elbow"])
    assert bench.mode() is Mode.FAULT


def test_a_way_to_park_that_did_not_end_there_leaves_what_happened_since():
    bench = heat(enabled(reactions={Cause.TEMPERATURE: Reaction.PARK}), 76.0)
    bench.loop.protective_stop(on=True, now=bench.now)
    bench.loop.give_up_parking("the state is PROTECTIVE_STOP")
    assert bench.loop.state.why == "protective stop"
    assert "the arm could not park: the state is PROTECTIVE_STOP" in bench.loop.state.faults["elbow"].done


@pytest.mark.parametrize(
    ("reaction", "moves_on"), [(Reaction.HOLD, True), (Reaction.STOP, False), (Reaction.PARK, False)]
)
def test_a_controller_that_is_gone_leaves_the_arm_to_its_policy(reaction, moves_on):
    bench = enabled("park", reactions={Cause.CONTROLLER_GONE: reaction})
    begin = bench.positions()["waist"]
    bench.loop.follow(move(bench, 0.4, 1.0), bench.now)
    bench.run(0.4)
    bench.loop.lose_controller("the arm controller is gone; holding", bench.now)
    assert bench.mode() is Mode.HOLDING
    assert (bench.loop.state.cause, bench.loop.state.why) == (
        Cause.CONTROLLER_GONE,
        "the arm controller is gone; holding",
    )
    assert bench.loop.state.wants_park == (reaction is Reaction.PARK)
    bench.run(1.0)
    assert (bench.positions()["waist"] > begin + 0.35) == moves_on


def test_an_arm_whose_fault_is_cleared_does_not_want_to_park_any_more():
    bench = heat(enabled(reactions={Cause.TEMPERATURE: Reaction.PARK}), 76.0)
    heat(bench, 40.0)
    bench.loop.clear_faults(bench.now)
    assert not bench.loop.state.wants_park


def test_an_operator_who_stops_the_arm_ends_its_wish_to_park():
    bench = heat(enabled(reactions={Cause.TEMPERATURE: Reaction.PARK}), 76.0)
    bench.loop.hold("stopped", bench.now)
    assert not bench.loop.state.wants_park
    assert bench.loop.state.cause is Cause.OPERATOR_STOP


# Torque off


def test_a_protective_stop_can_be_told_to_cut_torque_and_is_released_to_disabled():
    bench = enabled("park", reactions={Cause.PROTECTIVE_STOP: Reaction.TORQUE_OFF})
    bench.loop.protective_stop(True, bench.now)
    assert set(torques(bench).values()) == {0}
    bench.run(0.1)
    assert bench.mode() is Mode.PROTECTIVE_STOP
    bench.loop.protective_stop(False, bench.now)
    assert bench.mode() is Mode.DISABLED


def test_such_a_stop_that_is_latched_at_the_start_cuts_the_torque_that_it_finds():
    policy = FaultPolicy(reactions={Cause.PROTECTIVE_STOP: Reaction.TORQUE_OFF})
    before = enabled("park")
    before.loop.release_bus()
    bench = Bench("park", policy=policy, protective_stop=True)
    bench.take_over(before)
    bench.port.time = before.port.time
    bench.start().run(0.05)
    assert set(torques(bench).values()) == {0}
    assert bench.mode() is Mode.PROTECTIVE_STOP
    assert bench.loop.state.cause is Cause.PROTECTIVE_STOP


def test_a_protective_stop_before_the_start_is_latched_when_the_bus_comes():
    bench = Bench("park")
    bench.loop.protective_stop(True, bench.now)
    bench.start().run(0.05)
    assert bench.mode() is Mode.PROTECTIVE_STOP


@pytest.mark.parametrize("state", ["enabled", "moving", "fault", "protective stop", "parking"])
def test_torque_off_at_once_works_in_every_state(state):
    bench = enabled("park")
    if state == "moving":
        bench.loop.follow(move(bench, 0.3, 0.8), bench.now)
        bench.run(0.3)
    elif state == "fault":
        heat(bench, 76.0)
    elif state == "protective stop":
        bench.loop.protective_stop(True, bench.now)
    elif state == "parking":
        bench.park()
    bench.loop.torque_off(bench.now)
    assert set(torques(bench).values()) == {0}
    assert "at once" in bench.loop.state.why
    assert bench.loop.state.session == ""


def test_torque_off_is_refused_without_a_bus():
    bench = enabled("park")
    bench.port.unplugged = True
    bench.run(0.02)
    with pytest.raises(CommandRefused, match=r"torque_off refused: .*; reconnect the bus first"):
        bench.loop.torque_off(bench.now)


def test_a_way_to_park_that_takes_too_long_is_refused_and_torque_stays_on():
    bench = enabled("park", policy=FaultPolicy(park_time=3.0))
    with pytest.raises(GoalRefused, match="at most 3 s may lie ahead"):
        bench.loop.park(move(bench, 0.1, 4.0, ""), bench.now)
    assert bench.mode() is Mode.ENABLED
