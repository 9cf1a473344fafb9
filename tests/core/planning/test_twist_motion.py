"""Held twists: the tool stays on its way, within limits, and nothing is caught up with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from armature.core.control.tracker import Tracker
from armature.core.kinematics.kinematics import product
from armature.core.kinematics.rotations import invert, rotation_vector
from armature.core.kinematics.twist_servo import matrix
from armature.core.planning.twist_motion import TwistMotion
from armature.core.trajectory.trajectory import State
from armature.errors import GoalRefused

from ..arms import KEEP, free_place

LEASE, RENEWAL = 0.25, 0.05
FREE = 0.0002, 0.0005  # off its way, at p50 and at most [m]
STARTS = 24
IN_THE_WAY = "comes to its limit", "comes near", "singularity"


class Held:
    """A twist that is renewed every 50 ms, and the set-points that come of it at 100 Hz."""

    def __init__(self, arm, begin):
        self.arm, self.now, self.last = arm, 0.0, np.zeros(6)
        self.tracker = Tracker(arm.limits, begin)
        self.setpoints, self.poses = [], []
        self.told = []

    def press(self, twist, in_tool=False, share=1.0):
        rest = LEASE - (self.tracker.switch_time(self.now) - self.now)

        def build(state):
            motion = TwistMotion(self.arm.servo, self.arm.limits, state, np.array(twist, dtype=float), in_tool)
            found, why = self.arm.guard.scale(lambda part: motion.build(part * share, rest))
            self.told += filter(None, (why, motion.reason))
            return found

        self.tracker.jog(build, self.now)

    def hold(self, twist, seconds, **options):
        for step in range(round(seconds * 100)):
            if step % round(RENEWAL * 100) == 0:
                self.press(twist, **options)
            self.pass_time()
        return self

    def release(self, twist, **options):
        self.press(twist, share=0.0, **options)
        for _ in range(80):
            self.pass_time()
        return self

    def pass_time(self):
        self.setpoints.append(self.tracker.setpoint(self.now))
        self.poses.append(self.arm.place(self.setpoints[-1].position))
        self.now += 0.01

    @property
    def is_free(self):
        """Whether nothing was in the tool's way."""
        return not any(words in text for words in IN_THE_WAY for text in self.told)

    def places(self):
        """Places of the tool from where it began [m], Shape (k, 3)."""
        found = np.array([pose.translation for pose in self.poses])
        return found - found[0]


def free_starts(arm, count, seed=2):
    """Places from where the tool has room."""
    draw, found = np.random.default_rng(seed), []
    while len(found) < count:
        place = free_place(arm, draw)
        if arm.servo.smallest_singular_value(place) > 0.03:
            found.append((place, draw.normal(size=3)))
    return [(place, way / np.linalg.norm(way)) for place, way in found]


def aside(places, direction):
    return np.linalg.norm(places - np.outer(places @ direction, direction), axis=1).max()


@pytest.fixture
def starts(soak):
    """From how many places."""
    return STARTS if soak.is_whole else STARTS // 3


@pytest.mark.soak
@pytest.mark.parametrize("name", ["six", "four"])
def test_a_line_of_ten_centimetres_stays_on_its_axis(request, name, starts):
    arm, off = request.getfixturevalue(name), []
    for begin, direction in free_starts(arm, starts):
        held = Held(arm, begin).hold([*(0.1 * direction), 0, 0, 0], 1.1).release([*(0.1 * direction), 0, 0, 0])
        if held.is_free:
            off.append(aside(held.places(), direction))
    assert len(off) > 10 / 24 * starts
    assert np.median(off) <= FREE[0]
    assert max(off) <= FREE[1]


@pytest.mark.soak
@pytest.mark.parametrize("in_tool", [False, True])
def test_a_turn_of_more_than_half_a_radian_leaves_the_tool_where_it_is(six, in_tool, starts):
    off, turned = [], []
    for begin, axis in free_starts(six, starts, seed=5):
        twist = [0, 0, 0, *(0.6 * axis)]
        held = Held(six, begin).hold(twist, 1.1, in_tool=in_tool).release(twist, in_tool=in_tool)
        if held.is_free:
            off.append(np.linalg.norm(held.places(), axis=1).max())
            first, last = held.poses[0].rotation, held.poses[-1].rotation
            turn = rotation_vector(product(last, invert(first)))
            about = matrix(first) @ axis if in_tool else axis
            turned.append(turn @ about)
            assert turn == pytest.approx(turned[-1] * about, abs=2e-3)
    assert len(off) > 10 / 24 * starts
    assert max(turned) > 0.6
    assert np.median(off) <= FREE[0]
    assert max(off) <= FREE[1]


def test_an_arm_of_four_axes_turns_what_it_can_and_stays_where_it_is(four):
    begin = four.poses["home"]
    held = Held(four, begin).hold([0, 0, 0, 0, 0.5, 0], 0.8)
    assert np.linalg.norm(held.places(), axis=1).max() <= FREE[1]
    assert abs(held.setpoints[-1].position - begin)[3] > 0.1


def test_a_twist_along_the_tools_axes_turns_with_the_tool(six):
    """Forward and turning at once: the tool goes around a circle, and comes back to it."""
    begin = six.poses["above_pick"]
    twist = [0, 0, 0.05, 0, 0.5, 0]  # a circle of 0.1 m
    places = Held(six, begin).hold(twist, 1.5, in_tool=True).places()
    turned = matrix(six.place(begin).rotation)
    centre = turned @ np.array([0.1, 0.0, 0.0])
    radii = [np.linalg.norm(places - side * centre, axis=1) for side in (1.0, -1.0)]
    assert min(np.abs(radius - 0.1).max() for radius in radii) < FREE[1]


@pytest.mark.parametrize("share", [0.3, 0.05])
def test_what_scales_a_twist_down_keeps_it_on_its_way_and_is_not_caught_up_with(six, share):
    twist = [0, 0.08, 0, 0, 0, 0]
    held = Held(six, six.poses["above_pick"]).hold(twist, 0.4)
    held.hold(twist, 0.4, share=share)
    slow = len(held.setpoints)
    held.hold(twist, 0.4)
    assert aside(held.places(), np.array([0.0, 1.0, 0.0])) <= FREE[1]
    speeds = np.diff(held.places() @ np.array([0.0, 1.0, 0.0])) / 0.01
    assert speeds[slow - 2] == pytest.approx(0.08 * share, abs=0.002)
    assert speeds.max() <= 0.081  # never faster than asked for


def test_a_change_of_direction_begins_a_new_way_without_a_lurch(six):
    held = Held(six, six.poses["above_pick"]).hold([0, 0.06, 0, 0, 0, 0], 0.6)
    turned = len(held.setpoints)
    held.hold([0, 0, 0.06, 0, 0, 0], 1.0)
    places = held.places()
    speeds = np.linalg.norm(np.diff(places, axis=0), axis=1) / 0.01
    assert speeds.max() <= 0.0625
    after = places[turned + 50 :] - places[turned + 50]
    assert aside(after, np.array([0.0, 0.0, 1.0])) <= FREE[1]
    limits = six.limits
    for state in held.setpoints:
        assert (np.abs(state.velocity) <= limits.velocity * 1.001).all()
        assert (np.abs(state.acceleration) <= limits.acceleration * 1.001).all()


@settings(max_examples=15)
@given(data=st.data(), position=st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6), in_tool=st.booleans())
def test_whatever_twists_come_the_limits_are_kept_and_nothing_steps(six, data, position, in_tool):
    limits = six.limits
    begin = limits.lower + KEEP + np.array(position) * (limits.upper - limits.lower - 2 * KEEP)
    assume(all(distance > 0.005 for distance in six.clearances.at(begin).values()))
    state = State.at_rest(begin)
    number = st.one_of(st.just(0.0), st.floats(-0.5, 0.5), st.sampled_from([-1e6, 1e6]))
    for _ in range(6):
        twist = np.array(data.draw(st.lists(number, min_size=6, max_size=6)))
        press = TwistMotion(six.servo, limits, state, twist, in_tool)
        motion, _ = six.guard.scale(lambda part, press=press: press.build(part, LEASE))
        times = np.linspace(0.0, motion.duration, 200)
        position_, velocity, acceleration = motion.sample_many(times)
        assert (np.abs(velocity) <= limits.velocity * 1.001 + 1e-9).all()
        assert (np.abs(acceleration) <= limits.acceleration * 1.001).all()
        jerk = np.diff(acceleration, axis=0)[:-1] / (times[1] - times[0])
        assert (np.abs(jerk) <= limits.jerk * 1.01).all()
        assert (position_ >= limits.lower).all()
        assert (position_ <= limits.upper).all()
        first = motion.sample(0.0)
        for begun, was in zip(vars(first).values(), vars(state).values(), strict=True):
            assert begun == pytest.approx(was, abs=1e-9)
        assert motion.points[1][-1] == pytest.approx(np.zeros(6), abs=1e-9)
        after = data.draw(st.sampled_from([0.01, RENEWAL, 0.1, motion.duration]))
        state = motion.sample(min(after, motion.duration))


def test_in_a_singularity_and_out_of_it_a_twist_goes_on_as_velocities(six):
    begin = six.at(six.poses["up"])
    state = Held(six, six.poses["up"]).hold([0.1, 0, 0, 0, 0, 0], 1.0).setpoints[-1]
    assert np.isfinite(state.position).all()
    assert six.at(state.position)[0] > begin[0] + 0.02


@pytest.mark.parametrize("bad", [1.1e6, np.inf, np.nan])
def test_a_twist_that_nobody_can_mean_is_refused(six, bad):
    with pytest.raises(GoalRefused, match=r"twist: .*within 1e.06 m/s and rad/s"):
        TwistMotion(six.servo, six.limits, State.at_rest(six.poses["home"]), np.array([0, bad, 0, 0, 0, 0]), False)
