from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.core.control import jog
from armature.core.control.tracker import SWITCH_DELAY, Tracker
from armature.core.trajectory.trajectory import State
from armature.errors import GoalRefused

from ..groups import group

LIMITS = group()
MARGIN = np.full(2, 0.02)
LEASE = 0.25
SPEEDS = st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)).map(np.array)
STARTS = st.builds(
    lambda p, v: State(np.array(p), np.array(v), np.zeros(2)),
    st.tuples(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2)),
    st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)),
)


def pressed(start, speeds):
    return jog.jog(LIMITS, start, speeds, lease=LEASE, margin=MARGIN)


def press_for(seconds, speeds, tracker=None, now=0.0, every=0.1):
    """Renew a jog as a page does, then fall silent."""
    tracker = tracker or Tracker(LIMITS, np.zeros(2))
    for _ in range(round(seconds / every)):
        tracker.move(lambda state: pressed(state, speeds), now)
        now += every
    return tracker, now


def asked_for(speeds):
    return jog.JointJog.of(dict(zip(LIMITS.joints, speeds.tolist(), strict=True)), LIMITS, MARGIN, 1.0)


@given(STARTS, SPEEDS)
def test_a_jog_begins_where_the_arm_is_and_ends_at_rest(start, speeds):
    motion = pressed(start, speeds)
    begin, end = motion.sample(0.0), motion.sample(motion.duration)
    assert np.allclose(begin.position, start.position, atol=1e-9)
    assert np.allclose(begin.velocity, start.velocity, atol=1e-9)
    assert end.is_resting


@given(STARTS, SPEEDS.filter(lambda speeds: np.abs(speeds).min() > 0.01))
def test_what_a_limit_slows_down_is_said_and_nothing_else(start, speeds):
    motion = pressed(start, speeds)
    said = asked_for(speeds).describe_end(motion)
    free = jog.jog(group(reach=90.0), start, speeds, lease=LEASE, margin=MARGIN)
    for index, joint in enumerate(LIMITS.joints):
        is_slower = abs(motion.sample(LEASE).velocity[index] - free.sample(LEASE).velocity[index]) > 1e-3
        assert not is_slower or f"{joint} comes to its limit" in said
        is_far = np.abs(motion.positions[-1][index]) < 2.0 - MARGIN[index] - 0.01
        assert not is_far or joint not in said


def test_what_is_too_slow_to_move_is_said():
    speeds = np.array([0.001, 0.0])
    said = asked_for(speeds).describe_end(pressed(State.at_rest([0.0, 0.0]), speeds))
    assert said == "waist: 0.001 rad/s is too slow to move"


@given(STARTS, SPEEDS)
def test_a_jog_keeps_within_acceleration_and_jerk(start, speeds):
    motion = pressed(start, speeds)
    times = np.linspace(0.0, motion.duration, 400)
    _, _, acceleration = motion.sample_many(times[:-1])
    jerk = np.diff(acceleration, axis=0) / np.diff(times)[:-1, None]
    assert np.abs(acceleration).max() <= 4.0 * (1.0 + 1e-4)
    assert np.abs(jerk).max() <= 40.0 * 1.01


@given(SPEEDS)
def test_silence_stops_a_jog_within_lease_and_stopping_time(speeds):
    tracker, released = press_for(1.0, speeds)
    stopping = np.abs(speeds).max() / 4.0 + 4.0 / 40.0
    assert tracker.end <= released - 0.1 + SWITCH_DELAY + LEASE + stopping + 0.05 + 1e-9  # rounding


@settings(max_examples=30)
@given(SPEEDS)
def test_a_held_jog_comes_to_the_asked_speed_without_steps(speeds):
    tracker, now = press_for(1.5, speeds, every=0.1)
    state = tracker.setpoint(now)
    free = np.abs(state.position) < 1.0
    assert np.allclose(state.velocity[free], speeds[free], atol=0.02)


@settings(max_examples=30)
@given(SPEEDS)
def test_a_joint_stops_at_its_limit_less_the_margin(speeds):
    tracker, now = press_for(12.0, np.where(np.abs(speeds) < 0.5, 0.5, speeds), every=0.2)
    rest = tracker.setpoint(max(now, tracker.end))
    assert np.allclose(np.abs(rest.position), 2.0 - 0.02, atol=1e-3)


def test_a_joint_at_its_limit_does_not_move_further_and_can_leave():
    at_limit = State.at_rest([2.0, -2.0])
    assert np.allclose(pressed(at_limit, np.array([1.0, -1.0])).positions[-1], [2.0, -2.0])
    assert pressed(at_limit, np.array([-1.0, 0.0])).positions[-1][0] < 1.95


def test_a_joint_that_is_not_pressed_stops_while_another_goes_on():
    tracker, now = press_for(1.0, np.array([1.0, 1.0]))
    tracker, now = press_for(1.0, np.array([1.0, 0.0]), tracker, now)
    state = tracker.setpoint(now)
    assert state.velocity == pytest.approx([1.0, 0.0], abs=0.02)


def test_a_joint_without_limits_goes_on():
    free = group(reach=math.inf)
    motion = jog.jog(free, State.at_rest([0.0, 0.0]), np.array([1.0, 0.0]), lease=LEASE, margin=MARGIN)
    assert motion.positions[-1][0] > 0.05


def test_the_brief_acceleration_of_a_rounded_corner_is_not_carried_into_a_jog():
    from armature.core.trajectory.trajectory import Trajectory

    tracker = Tracker(LIMITS, np.zeros(2))
    tracker.accept(Trajectory.from_rows(LIMITS.joints, [1.0, 2.0], [[1.0, 0.0], [0.0, 0.0]]), 0.0)
    for now in np.arange(0.98, 1.05, 0.001):
        corner = Tracker(LIMITS, np.zeros(2))
        corner.accept(Trajectory.from_rows(LIMITS.joints, [1.0, 2.0], [[1.0, 0.0], [0.0, 0.0]]), 0.0)
        corner.move(lambda state: pressed(state, np.array([0.5, 0.0])), now)
        assert corner.end - now < 1.5
        times = np.linspace(now, corner.end, 100)
        assert max(corner.setpoint(time).position[0] for time in times) < 1.6


@pytest.mark.parametrize(
    ("asked", "kept", "says"),
    [
        ([3.0, -1.0], [2.0, -1.0], "waist: 3.000 clamped to 2.000 rad/s"),
        ([-9.0, 9.0], [-2.0, 2.0], "waist: -9.000 clamped to -2.000 rad/s, elbow: 9.000 clamped to 2.000 rad/s"),
        ([2.0, 0.0], [2.0, 0.0], ""),
    ],
)
def test_speeds_above_the_limits_are_clamped_and_said(asked, kept, says):
    found = asked_for(np.array(asked))
    assert found.velocities.tolist() == kept
    assert found.clamped == says


@given(STARTS, st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)))
def test_a_move_reaches_its_target_within_the_asked_speed(start, target):
    motion = jog.move(LIMITS, start, np.array(target), np.full(2, 1.0))
    assert np.allclose(motion.positions[-1], target, atol=1e-6)
    _, velocity, _ = motion.sample_many(np.linspace(0.0, motion.duration, 300))
    assert np.abs(velocity).max() <= 1.0 * 1.02 + np.abs(start.velocity).max() * 0.2


@pytest.mark.parametrize("target", [2.1, -2.1, math.nan])
def test_a_move_outside_the_limits_is_refused_with_joint_value_and_bounds(target):
    with pytest.raises(GoalRefused, match=r"position of elbow: .* refused; its limits are -2 to 2 rad"):
        jog.move(LIMITS, State.at_rest([0.0, 0.0]), np.array([0.0, target]), np.full(2, 1.0))


@pytest.mark.parametrize("speed", [0.0, -1.0, 1e-6, math.nan])
def test_a_move_that_would_take_for_ever_is_refused(speed):
    with pytest.raises(GoalRefused, match=r"velocity of waist: .* refused; give at least 0.002 rad/s"):
        jog.move(LIMITS, State.at_rest([0.0, 0.0]), np.array([1.0, 0.0]), np.array([speed, 1.0]))
