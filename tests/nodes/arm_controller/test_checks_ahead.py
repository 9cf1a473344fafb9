"""Long goals: they start as soon as short ones, and what lies ahead is checked while the arm moves."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from rclpy.action import ActionClient
from std_srvs.srv import SetBool, Trigger

from armature.nodes.arm_controller import checks
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_duration, to_stamp

from ..motion_graph import ABORTED, SUCCEEDED, smooth, trajectory
from ..virtual_time import STEP
from .test_checks import SOLID, canceled
from .test_moves import joints_goal
from .test_twist import Operator, twist

MARGIN = 0.005  # [m]
FLOOR = r"distance of lower to floor at {}\.\d+ s: -?[0-9.]+ m refused; it must be 0\.005 m at least; go around it"
STOPPED = "the arm stops on its path before that"


@pytest.fixture
def solid(make_motion):
    return make_motion(urdf=SOLID).enable_servos()


@pytest.fixture
def held(solid, monkeypatch):
    """The same, where nothing is checked ahead until `monkeypatch.undo()`: no board is as slow."""
    monkeypatch.setattr(solid.arm._goals, "_run_slice", lambda _check: None)
    return solid


def long_goal(points=60):
    """It sways within what is free, for minutes."""
    times = [4.0 * (k + 1) for k in range(points)]
    return trajectory(times, [[0.3 * math.sin(k), 0.1 * math.sin(k)] for k in range(points)])


def dense_goal(points, seconds=20.0):
    """A goal of so many points, with their velocities."""
    times = np.linspace(0.0, seconds, points + 1)[1:]
    turn = 2.0 * math.pi * 2.0 / seconds
    way, speed = (1.0 - np.cos(turn * times)) / 2.0, turn * np.sin(turn * times) / 2.0
    speed[-1] = 0.0
    ends = np.array([0.4, -0.2])
    return trajectory(times.tolist(), np.outer(way, ends).tolist(), np.outer(speed, ends).tolist())


def floor_goal(*, waist=0.9, leg=3.0):
    """Seven points, of which the fifth is in the floor: it comes there after 14 s, and goes back."""
    elbows = [0.1, -0.1, 0.1, -0.1, 0.6, 0.0, 0.0]
    rows = [[waist * (k + 1) / len(elbows), elbow] for k, elbow in enumerate(elbows)]
    return trajectory([leg * (k + 1) for k in range(len(rows))], rows, [[0.0, 0.0]] * len(rows))


def stamped(message, at):
    message.header.stamp = to_stamp(round(at * 1e9))
    return message


def path(motion):
    return motion.arm.control.state.motion.tracker.path


def off_path(followed, place):
    """How far from a path a place is, in the joint that is farthest [rad]."""
    rows = followed.sample_many(np.linspace(0.0, followed.duration, 20_001))[0]
    return float(np.abs(rows - np.array(place)).max(axis=1).min())


def place(motion):
    return motion.servos.position["waist"], motion.servos.position["elbow"]


def stands_before_the_floor(motion, followed):
    """The arm has come to rest on its path, and has kept the margin at all times."""
    motion.is_still()
    assert off_path(followed, place(motion)) < 1e-3
    clearances = motion.arm._checks.clearances
    for _, at in motion.servos.trace[::5]:
        assert all(d >= MARGIN - 1e-4 for d in clearances.at(np.array([at["waist"], at["elbow"]])).values())
    assert motion.servos.refused == []


def waits(motion):
    """Wait until the arm stands on its path for its check."""
    motion.until(lambda: motion.arm.control.state.motion.is_waiting)
    motion.is_still()
    held = place(motion)
    motion.spin(0.2)
    assert place(motion) == held
    return held


# It starts


def steps_to_start(motion, message):
    begun, sent = motion.time.now, len(motion.servos.segments)
    handle = motion.send(message)
    motion.until(lambda: len(motion.servos.segments) > sent)
    return round((motion.time.now - begun) / STEP), handle


@pytest.mark.parametrize("points", [10, 100, 1000, 5000])
def test_a_goal_starts_within_as_many_steps_as_a_short_one_however_many_points_it_has(solid, points):
    short, handle = steps_to_start(solid, smooth(0.3, 0.02, 0.0))
    assert solid.answer(handle).status == SUCCEEDED
    solid.is_still()
    solid.spin(0.3)
    steps, handle = steps_to_start(solid, dense_goal(points))
    assert steps <= short
    assert solid.arm._goals._goal is not None
    solid.until(lambda: solid.arm._goals._goal is None)
    assert solid.waist < 0.1  # long before its end
    canceled(solid, handle)
    assert solid.servos.refused == []


def test_a_long_goal_takes_the_place_of_another_that_is_checked_without_a_gap(solid):
    first = solid.send(long_goal())
    solid.moved(0.02)
    last = solid.send(long_goal())
    answer = solid.answer(first)
    assert answer.status == ABORTED
    assert "replaced by a newer goal" in answer.result.error_string
    solid.until(lambda: solid.arm._goals._goal is None)
    canceled(solid, last)
    assert solid.servos.refused == []


def test_a_long_goal_is_refused_before_anything_moves_where_its_first_seconds_do_not_pass(solid):
    message = long_goal()
    message.points[0].positions = [0.0, 0.8]
    text = solid.follow(message).result.error_string
    assert re.search(FLOOR.format(r"\d"), text), text
    assert STOPPED not in text
    assert solid.servos.segments == []


@pytest.mark.parametrize("wrong", [[2.5, 0.0], [-1.9, 0.0]])
def test_limits_are_judged_to_the_end_before_anything_moves(solid, wrong):
    message = long_goal()
    message.points[-1].positions = wrong
    message.points[-1].time_from_start.sec = 237  # where it is within the limits of position, a velocity is not
    text = solid.follow(message).result.error_string
    assert re.search(r"(position|velocity) of waist at 23\d\.", text), text
    assert solid.servos.segments == []


# It stops


def test_a_collision_far_ahead_stops_the_arm_on_its_path_before_it(solid):
    handle = solid.send(floor_goal())
    followed = path(solid)
    answer = solid.answer(handle)
    assert answer.status == ABORTED
    assert re.search(FLOOR.format(r"1[34]") + f".*; {STOPPED}$", answer.result.error_string), answer.result
    stands_before_the_floor(solid, followed)
    assert solid.waist < 0.2  # at once, and not only there
    held = place(solid)
    solid.spin(0.3)
    assert place(solid) == held


def test_a_torque_far_ahead_stops_the_arm_on_its_path_before_it(make_motion):
    weak = SOLID.replace('effort="4"', 'effort="0.3"')
    motion = make_motion(urdf=weak, rest=(0.0, -1.4, 0.01)).enable_servos()
    elbows = [-1.4, -1.3, -1.4, -1.3, -0.2, -1.3]
    handle = motion.send(
        trajectory([4.0 * (k + 1) for k in range(6)], [[0.1, e] for e in elbows], [[0.0, 0.0]] * 6)
    )
    followed = path(motion)
    answer = motion.answer(handle)
    assert re.search(rf"torque of elbow at .*carry less.*; {STOPPED}$", answer.result.error_string), answer.result
    motion.is_still()
    assert off_path(followed, place(motion)) < 1e-3


def test_a_collision_that_is_found_late_stops_the_arm_before_it_all_the_same(solid, monkeypatch):
    """The check comes only just ahead of the motion, which may be twice as fast as the goal says."""
    goals = solid.arm._goals
    monkeypatch.setattr(goals, "_run_slice", lambda check: check.advance(2))
    solid.arm._checks.settings = replace(solid.arm._checks.settings, turn=0.001)
    solid.scale_speed(2.0)
    handle = solid.send(floor_goal(waist=1.9, leg=1.5))
    followed = path(solid)
    answer = solid.answer(handle)
    assert re.search(FLOOR.format(r"[67]") + f".*; {STOPPED}$", answer.result.error_string), answer.result
    stands_before_the_floor(solid, followed)
    assert solid.waist > 0.5


def test_a_trajectory_of_the_topic_stops_before_a_collision_and_it_is_told(solid):
    operator, goals = Operator(solid), topics.publisher(solid.node, topics.JOINT_TRAJECTORY)
    solid.until(lambda: goals.get_subscription_count() > 0)
    goals.publish(floor_goal())
    solid.until(lambda: any(text.endswith(STOPPED) for text in operator.said))
    solid.is_still()
    assert solid.waist < 0.2


# It waits


def test_where_the_check_does_not_keep_ahead_the_arm_waits_on_its_path_and_goes_on_by_itself(held, monkeypatch):
    operator, activities = Operator(held), []
    topics.subscription(held.node, topics.DIAGNOSTICS, lambda told: activities.append(told.status[0].message))
    handle = held.send(dense_goal(10, seconds=6.0))
    followed = path(held)
    at = waits(held)
    assert off_path(followed, at) < 1e-3
    assert any(checks._WAITS in text for text in operator.said)
    assert "waiting" in activities
    assert "paused" not in activities
    monkeypatch.undo()
    assert held.answer(handle).status == SUCCEEDED
    assert held.servos.refused == []


def test_a_goal_that_waits_can_be_paused_and_goes_on_when_it_is_resumed(held, monkeypatch):
    handle = held.send(dense_goal(10, seconds=6.0))
    at = waits(held)
    assert held.done(held.pause_client.call_async(SetBool.Request(data=True))).success
    monkeypatch.undo()
    held.until(lambda: held.arm._goals._goal is None)
    held.spin(0.3)
    assert place(held) == at
    assert held.done(held.pause_client.call_async(SetBool.Request(data=False))).success
    assert held.answer(handle).status == SUCCEEDED


def test_a_paused_goal_whose_check_fails_ends_where_it_stands(solid):
    handle = solid.send(floor_goal())
    assert solid.done(solid.pause_client.call_async(SetBool.Request(data=True))).success
    answer = solid.answer(handle)
    assert STOPPED in answer.result.error_string
    solid.is_still()
    said = solid.done(solid.pause_client.call_async(SetBool.Request(data=False)))
    assert "nothing is paused" in said.message


def test_a_goal_that_waits_can_be_canceled_stopped_and_replaced(held):
    handle = held.send(long_goal())
    at = waits(held)
    canceled(held, handle)
    handle = held.send(long_goal())
    waits(held)
    held.done(held.stop_client.call_async(Trigger.Request()))
    assert "stopped by arm_controller/stop" in held.answer(handle).result.error_string
    handle = held.send(long_goal())
    waits(held)
    assert held.follow(smooth(1.0, *at)).status == SUCCEEDED
    assert "replaced by a newer goal" in held.answer(handle).result.error_string
    assert held.servos.refused == []


def test_a_cancel_while_the_check_goes_on_slows_down_on_the_path(solid):
    handle = solid.send(floor_goal())
    followed = path(solid)
    assert "the arm stands and holds" in canceled(solid, handle).result.error_string
    stands_before_the_floor(solid, followed)


@pytest.mark.parametrize("kind", ["joint", "twist"])
def test_a_jog_takes_the_place_of_a_goal_that_waits_and_a_refused_one_does_not(held, kind):
    handle = held.send(long_goal())
    at = waits(held)
    operator = Operator(held)
    if kind == "joint":
        held.press({"tail": 0.5}, times=40, until=lambda: any("'tail'" in text for text in operator.said))
    else:
        operator.press(twist("nowhere"), lambda: any("'nowhere'" in text for text in operator.said))
    assert held.arm.control.state.motion.is_waiting
    if kind == "joint":
        held.press({"waist": 0.5}, times=1)
    else:
        operator.press(twist(y=0.05), lambda: held.waist > at[0] + 0.01)
    assert "replaced by a jog" in held.answer(handle).result.error_string
    assert held.servos.refused == []


def test_a_newer_goal_that_is_refused_leaves_the_one_that_is_checked(held, monkeypatch):
    handle = held.send(dense_goal(10, seconds=6.0))
    assert held.follow(smooth(2.0, 0.0, 1.0)).status == ABORTED
    waits(held)
    monkeypatch.undo()
    assert held.answer(handle).status == SUCCEEDED


def test_a_move_and_a_goal_that_is_checked_are_told_apart(solid):
    moves = ActionClient(solid.node, topics.MOVE_JOINTS.kind, topics.MOVE_JOINTS.name)
    solid.until(moves.server_is_ready)
    told = []
    asked = joints_goal([[1.5, 0.0]])
    asked.trajectory.points[-1].time_from_start = to_duration(8.0)
    moving = solid.done(moves.send_goal_async(asked, feedback_callback=told.append))
    solid.moved(0.02)
    solid.until(lambda: len(told) > 3)
    assert solid.feedback == []
    last = solid.send(smooth(30.0, 1.0, 0.0))
    assert "replaced by a newer goal" in solid.answer(moving).result.error_string
    begun = len(told)
    solid.until(lambda: len(solid.feedback) > 3)
    assert len(told) <= begun + 1
    canceled(solid, last)
    moves.destroy()


# Sessions, stamps, some joints


@pytest.mark.parametrize("between", [("PROTECTIVE_STOP", "HOLDING"), ("HOLDING",), ()])
def test_a_goal_that_waits_does_not_outlive_its_enabling_session(held, monkeypatch, between):
    ended = held.send(long_goal()).get_result_async()
    waits(held)
    for state in between:
        held.servos.be(state, why="STOP")
        held.spin(0.05)
    held.enable_servos("s2")
    held.until(ended.done)
    answer = ended.result()
    assert answer.status == ABORTED
    assert f"the servo interface went to {(*between, 'ENABLED')[0]}" in answer.result.error_string
    held.servos.segments.clear()
    monkeypatch.undo()
    held.spin(0.3)  # in which its check would be done
    assert held.servos.segments == []
    assert held.arm._goals._goal is None


@pytest.mark.parametrize("ask", ["cancel", "stop"])
def test_a_long_goal_that_is_ended_before_its_stamp_moves_nothing(solid, ask):
    handle = solid.send(stamped(long_goal(), solid.time.now + 2.0))
    solid.spin(0.5)
    if ask == "cancel":
        canceled(solid, handle)
    else:
        solid.done(solid.stop_client.call_async(Trigger.Request()))
        assert "stopped by arm_controller/stop" in solid.answer(handle).result.error_string
    solid.spin(2.0)
    assert place(solid) == (0.0, 0.0)


def test_a_goal_that_waits_for_its_stamp_is_checked_meanwhile_and_ends_before_it_moves(solid):
    answer = solid.answer(solid.send(stamped(floor_goal(), solid.time.now + 30.0)))
    assert re.search(FLOOR.format(r"1[34]") + f".*; {STOPPED}$", answer.result.error_string), answer.result
    assert place(solid) == (0.0, 0.0)


def test_a_check_that_is_late_for_a_stamp_lets_the_arm_wait(held, monkeypatch):
    begin = held.time.now + 1.0
    handle = held.send(stamped(dense_goal(10, seconds=6.0), begin))
    waits(held)
    assert held.time.now > begin
    monkeypatch.undo()
    assert held.answer(handle).status == SUCCEEDED


def test_what_goes_on_until_a_stamp_is_checked_with_the_goal_that_comes_then(solid, monkeypatch):
    """The goal before leads into the floor, and is replaced while that is not known yet."""
    monkeypatch.setattr(solid.arm._goals, "_run_slice", lambda _check: None)
    monkeypatch.setattr(checks, "_FIRST_SAMPLES", 100)
    solid.send(floor_goal())
    solid.moved(0.01)
    last = solid.send(stamped(smooth(4.0, 0.0, 0.0), solid.time.now + 18.0))
    followed = path(solid)
    monkeypatch.undo()
    answer = solid.answer(last)
    assert re.search(FLOOR.format(r"-\d") + f".*; {STOPPED}$", answer.result.error_string), answer.result
    stands_before_the_floor(solid, followed)


def test_joints_that_a_goal_leaves_out_are_checked_on_their_way(make_motion, monkeypatch):
    motion = make_motion(urdf=SOLID, arm_parameters={"allow_partial_joints_goal": True}).enable_servos()
    monkeypatch.setattr(motion.arm._goals, "_run_slice", lambda _check: None)
    motion.send(floor_goal())
    motion.moved(0.01)
    last = motion.send(trajectory([20.0], [[0.5]], [[0.0]], joints=("waist",)))
    followed = path(motion)
    monkeypatch.undo()
    answer = motion.answer(last)
    assert re.search(FLOOR.format(r"1[234]") + f".*; {STOPPED}$", answer.result.error_string), answer.result
    stands_before_the_floor(motion, followed)


# Time that preparing takes


def slow_planning(motion, monkeypatch, seconds):
    """Let each planning of a goal take so long [s]."""
    plan = motion.arm.control.plan

    def planned(*given):
        motion.time.skip(seconds)
        return plan(*given)

    monkeypatch.setattr(motion.arm.control, "plan", planned)


def test_a_goal_that_takes_long_to_prepare_begins_later_while_the_arm_moves(solid, monkeypatch):
    first = solid.send(smooth(3.0, 0.8, 0.0))
    solid.moved(0.02)
    slow_planning(solid, monkeypatch, 0.04)
    last = solid.send(smooth(3.0, 0.4, 0.0))
    monkeypatch.undo()
    assert solid.arm._goals._goal.check.checked < 2.0  # no more than must be
    assert solid.answer(first).status == ABORTED
    assert solid.answer(last).status == SUCCEEDED
    assert solid.servos.refused == []


@pytest.mark.parametrize("wait", [0.0, 3.0])
def test_a_goal_that_takes_too_long_to_prepare_while_the_arm_moves_is_refused_and_the_arm_goes_on(
    solid, monkeypatch, wait
):
    first = solid.send(smooth(3.0, 0.8, 0.0))
    solid.moved(0.02)
    slow_planning(solid, monkeypatch, 0.16)
    message = smooth(3.0, 0.4, 0.0)
    text = solid.follow(stamped(message, solid.time.now + wait) if wait else message).result.error_string
    monkeypatch.undo()
    assert re.search(r"trajectory refused: the arm moves, and to plan it takes 0\.\d+ s here; send it with", text)
    assert solid.answer(first).status == SUCCEEDED


def test_after_a_check_that_stopped_the_arm_the_next_goal_is_taken(solid):
    assert solid.follow(floor_goal()).status == ABORTED
    solid.is_still()
    assert solid.follow(smooth(2.0, 0.0, 0.0)).status == SUCCEEDED


def test_a_goal_is_checked_as_far_as_its_first_segment_leads_however_many_samples_that_takes(
    make_motion, monkeypatch
):
    monkeypatch.setattr(checks, "_FIRST_SAMPLES", 1)
    motion = make_motion(urdf=SOLID, rest=(0.0, 0.3, 0.01)).enable_servos()
    text = motion.follow(smooth(0.8, 0.0, 0.55)).result.error_string
    assert re.search(FLOOR.format("0"), text), text
    assert STOPPED not in text
    assert motion.servos.segments == []
