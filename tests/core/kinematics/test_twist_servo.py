"""Velocities of the tool, and jogs that are slowed down by what is in their way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from armature.core.kinematics.twist_servo import TwistServo, build_twist_motion
from armature.core.planning.goal_checks import CheckSettings
from armature.core.trajectory.trajectory import State
from armature.errors import ConfigError, GoalRefused

from ..arms import ACCELERATION, JERK, KEEP

MARGIN = CheckSettings.margin
LEASE, RENEWAL = 0.2, 0.05


def press(arm, state, twist, in_tool=False, why=None):
    """The motion of one command."""
    asked = arm.servo.velocities(state.position, np.array(twist), in_tool)
    motion, slowed = arm.guard.scale(
        lambda share: build_twist_motion(arm.limits, state, asked.velocity * share, LEASE)
    )
    if why is not None:
        why.append(slowed or asked.reason)
    return motion


def jog(arm, position, twist, seconds, why=None, **options):
    """Where the joints are after a jog that is renewed for a time [s]."""
    state = State.at_rest(position)
    for _ in range(round(seconds / RENEWAL)):
        state = press(arm, state, twist, why=why, **options).sample(RENEWAL)
    return state


DIRECTIONS = [np.eye(3)[axis] * sign for axis in range(3) for sign in (1.0, -1.0)]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_tool_goes_straight_at_the_speed_asked_for(six, direction):
    begin = six.at(six.poses["above_pick"])
    state = jog(six, six.poses["above_pick"], [*(0.04 * direction), 0, 0, 0], 1.0)
    way = six.at(state.position) - begin
    assert way @ direction == pytest.approx(0.04, abs=0.01)  # it gains speed and goes on for the lease
    assert np.linalg.norm(way - (way @ direction) * direction) < 0.002


def test_in_the_tools_frame_it_goes_along_the_tools_axes(six):
    pose = six.poses["above_pick"]  # tool down: its x is the root's -z
    begin = six.at(pose)
    down = six.at(jog(six, pose, [0.04, 0, 0, 0, 0, 0], 1.0, in_tool=True).position) - begin
    assert down[2] < -0.03
    assert np.abs(down[:2]).max() < 0.002


def test_a_turn_leaves_the_tool_where_it_is(six):
    pose = six.poses["above_pick"]
    state = jog(six, pose, [0, 0, 0, 0, 0, 0.4], 1.0)
    assert np.linalg.norm(six.at(state.position) - six.at(pose)) < 0.003
    assert np.abs(state.position - pose).max() > 0.1


def test_an_arm_of_four_axes_gives_the_translation(four):
    begin = four.at(four.poses["home"])
    way = four.at(jog(four, four.poses["home"], [0, 0, 0.04, 0, 0, 0], 1.0).position) - begin
    assert way[2] == pytest.approx(0.04, abs=0.01)
    assert np.abs(way[:2]).max() < 0.004


def test_joint_velocities_are_the_pseudo_inverses_where_no_singularity_is_near(six):
    position = six.poses["above_pick"]
    twist = np.array([0.02, -0.01, 0.03, 0.1, 0.05, -0.1])
    velocity = six.servo.velocities(position, twist, in_tool=False).velocity
    six.mechanics.set_position(position)
    assert six.mechanics.jacobian(six.mechanics.frame("tool0")) @ velocity == pytest.approx(twist, abs=1e-5)


@settings(max_examples=15)
@given(
    data=st.data(),
    position=st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6),
    in_tool=st.booleans(),
)
def test_no_jagged_input_exceeds_a_limit_and_no_jog_collides(six, data, position, in_tool):
    limits = six.limits
    begin = limits.lower + KEEP + np.array(position) * (limits.upper - limits.lower - 2 * KEEP)
    assume(all(distance > MARGIN for distance in six.clearances.at(begin).values()))
    state = State.at_rest(begin)
    number = st.one_of(st.just(0.0), st.floats(-0.5, 0.5), st.sampled_from([-1e6, 1e6]))
    for _ in range(12):
        twist = data.draw(st.lists(number, min_size=6, max_size=6))
        motion = press(six, state, twist, in_tool)
        after = data.draw(st.sampled_from([0.01, RENEWAL, 0.1, motion.duration]))
        times = np.linspace(0.0, motion.duration, 200)
        position_, velocity, acceleration = motion.sample_many(times)
        assert (np.abs(velocity) <= limits.velocity * 1.001 + 1e-9).all()
        assert (np.abs(acceleration) <= ACCELERATION * 1.001).all()
        jerk = np.diff(acceleration, axis=0) / (times[1] - times[0])
        assert (np.abs(jerk[:-1]) <= JERK * 1.05).all()
        assert (position_ >= limits.lower).all()
        assert (position_ <= limits.upper).all()
        assert motion.sample(0.0).velocity == pytest.approx(state.velocity, abs=1e-9)
        assert motion.points[1][-1] == pytest.approx(np.zeros(6), abs=1e-9)
        state = motion.sample(min(after, motion.duration))
        assert all(distance > MARGIN - 0.003 for distance in six.clearances.at(state.position).values())


def test_near_the_floor_it_slows_down_says_so_and_can_back_out(six):
    why = []
    pose = six.poses["above_pick"]
    low = jog(six, pose, [0, 0, -0.1, 0, 0, 0], 3.0, why=why)
    assert low.velocity == pytest.approx(np.zeros(6), abs=0.02)
    nearest = min(six.clearances.at(low.position).values(), default=0.006)
    assert nearest >= MARGIN - 0.001
    assert any("comes near floor" in text for text in why)
    shares = [int(text.split("%")[0].split()[-1]) for text in why if "slowed" in text]
    assert min(shares) < 20
    up = jog(six, low.position, [0, 0, 0.1, 0, 0, 0], 1.0)
    assert six.at(up.position)[2] > six.at(low.position)[2] + 0.05


@pytest.mark.parametrize("speed", [0.002, 0.005, 0.1])
def test_within_the_margin_no_twist_however_slow_comes_nearer(six, speed):
    low = six.poses["home"].copy()
    while not (found := six.clearances.at(low)) or min(found.values()) > 0.9 * MARGIN:
        low[1] += 5e-4  # the shoulder, until the fingers are as near to the floor as by hand
    pressed = jog(six, low, [0, 0, -speed, 0, 0, 0], 5.0)
    assert min(six.clearances.at(pressed.position).values()) > min(found.values()) - 1e-4
    assert six.at(jog(six, pressed.position, [0, 0, 0.1, 0, 0, 0], 1.0).position)[2] > six.at(low)[2] + 0.03


def test_near_a_singularity_it_slows_down_says_so_and_can_back_out(six):
    why = []
    stretched = jog(six, six.poses["home"], [0.1, 0, 0, 0, 0, 0], 5.0, why=why)
    assert any("singularity is near" in text for text in why)
    assert np.abs(stretched.velocity).max() < 0.05
    assert six.servo.smallest_singular_value(stretched.position) > 0.0
    back = jog(six, stretched.position, [-0.1, 0, 0, 0, 0, 0], 1.0)
    assert six.at(back.position)[0] < six.at(stretched.position)[0] - 0.05


def test_in_a_singularity_it_can_go_where_the_arm_can_go(six):
    begin = six.at(six.poses["up"])  # stretched upward: every twist but up can be begun
    down = jog(six, six.poses["up"], [0.1, 0, 0, 0, 0, 0], 1.0)
    assert np.isfinite(down.position).all()
    assert six.at(down.position)[0] > begin[0] + 0.02


def test_near_a_joint_limit_it_slows_down_and_stops(six):
    limit = six.limits.upper[0] - KEEP
    why = []
    state = State.at_rest(np.array([limit - 0.1, *six.poses["home"][1:]]))
    for _ in range(60):
        motion, text = six.guard.scale(
            lambda share, state=state: build_twist_motion(
                six.limits, state, np.array([1.0, 0, 0, 0, 0, 0]) * share, LEASE
            )
        )
        why.append(text)
        state = motion.sample(RENEWAL)
    assert limit - 0.03 < state.position[0] <= limit + 1e-6
    assert any("waist comes to its limit" in text for text in why)


def test_a_joint_that_is_outside_its_limits_may_come_back_and_go_no_further(six):
    begin = six.poses["home"].copy()
    begin[0] = six.limits.upper[0] + 0.1
    out, back = (np.array([speed, 0, 0, 0, 0, 0]) for speed in (0.5, -0.5))
    state = State.at_rest(begin)
    assert six.guard.find_obstacle(build_twist_motion(six.limits, state, out, LEASE))
    assert not six.guard.find_obstacle(build_twist_motion(six.limits, state, back, LEASE))


def test_what_cannot_be_steered_is_an_error(six):
    with pytest.raises(ConfigError, match=r"hand.*frames are base_link"):
        TwistServo(six.mechanics, six.limits, "hand")
    with pytest.raises(GoalRefused, match=r"twist.*finite"):
        build_twist_motion(six.limits, State.at_rest(six.poses["home"]), np.full(6, np.nan), LEASE)


@pytest.mark.parametrize("bad", [1.1e6, 1e306, -1.7e308, np.inf, np.nan])
@pytest.mark.parametrize("in_tool", [False, True])
def test_a_twist_that_nobody_can_mean_is_refused(six, bad, in_tool):
    with pytest.raises(GoalRefused, match=r"twist: .*within 1e.06 m/s and rad/s"):
        six.servo.velocities(six.poses["home"], np.array([0.0, bad, 0, 0, 0, 0]), in_tool)
