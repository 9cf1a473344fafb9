"""Inverse kinematics: within limits, free of collisions, and a reason where there is no way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from armature.core.kinematics.collision import Clearances
from armature.core.kinematics.inverse_kinematics import InverseKinematics
from armature.core.kinematics.levenberg_marquardt import Target
from armature.core.kinematics.mechanics import Mechanics
from armature.core.kinematics.rotations import from_rotation_vector, rotation_vector
from armature.core.model.urdf import read_urdf
from armature.core.planning.goal_checks import CheckSettings
from armature.core.trajectory.limits import GroupLimits

from ..arms import Whole

MARGIN = CheckSettings.margin
HARD = 40  # random questions, from one random free place to another
# An arm in a plane that reaches forward at 0.3 m over the floor, its elbow above or below, and what is in its way.
PLANAR = """<robot name="planar">
<link name="base">{}</link>
<link name="upper">{link}</link><link name="fore">{link}</link><link name="hand"/><link name="tool0"/>
<joint name="shoulder" type="revolute"><origin xyz="0 0 0.3"/><parent link="base"/><child link="upper"/>
  {turns}</joint>
<joint name="elbow" type="revolute"><origin xyz="0.25 0 0"/><parent link="upper"/><child link="fore"/>
  {turns}</joint>
<joint name="wrist" type="revolute"><origin xyz="0.25 0 0"/><parent link="fore"/><child link="hand"/>
  {turns}</joint>
<joint name="tool" type="fixed"><origin xyz="0.1 0 0"/><parent link="hand"/><child link="tool0"/></joint>
</robot>"""
LINK = '<collision><origin xyz="0.125 0 0"/><geometry><box size="0.2 0.03 0.03"/></geometry></collision>'
TURNS = '<axis xyz="0 1 0"/><limit lower="-2.5" upper="2.5" velocity="2" effort="9"/>'
BLOCK = '<collision><origin xyz="0.2 0 {}"/><geometry><box size="0.1 0.1 0.1"/></geometry></collision>'


def is_free(arm, position):
    return all(gap >= MARGIN for gap in arm.clearances.at(position).values())


class Planar:
    """The arm in a plane, with shapes of its base in the way."""

    def __init__(self, shapes):
        urdf = PLANAR.format(shapes, link=LINK, turns=TURNS)
        model = read_urdf(urdf)
        joints = tuple(joint.name for joint in model.driven)
        mechanics = Mechanics(model, joints, tool="tool0")
        limits = GroupLimits.of(model, joints, dict.fromkeys(joints, 4.0), dict.fromkeys(joints, 40.0))
        self.inverse = Whole(InverseKinematics(mechanics, limits, Clearances(mechanics, MARGIN + 0.001), MARGIN))

    def target(self, position):
        pose = self.inverse.pose(position)
        return Target(pose.translation, pose.rotation)


def free_places(arm, count, seed=3):
    """Random places of the joints where nothing collides, by a generator of their own."""
    draw = np.random.default_rng(seed)
    span = arm.limits.upper - arm.limits.lower
    places = (arm.limits.lower + draw.random(len(span)) * span for _ in range(20 * count))
    free = [place for place in places if is_free(arm, place)]
    return free[:count]


def pose_of(arm, position, turned=True):
    pose = arm.place(position)
    return Target(pose.translation, pose.rotation if turned else None)


def is_within(arm, position):
    return bool((position >= arm.limits.lower).all() and (position <= arm.limits.upper).all())


@settings(max_examples=30)
@given(share=st.lists(st.floats(0.02, 0.98), min_size=6, max_size=6))
def test_where_the_tool_can_be_it_is_brought_to(six, share):
    position = six.limits.lower + np.array(share) * (six.limits.upper - six.limits.lower)
    assume(all(gap > 0.006 for gap in six.clearances.at(position).values()))
    target = pose_of(six, position)
    found = six.inverse.solve(target, position + 0.1)
    assert found.is_reached
    assert six.at(found.position) == pytest.approx(target.translation, abs=2e-4)
    assert is_within(six, found.position)


@pytest.mark.parametrize("turned", [True, False])
@pytest.mark.parametrize("name", ["six", "four"])
def test_from_anywhere_to_anywhere_a_free_solution_is_found(request, name, turned):
    arm = request.getfixturevalue(name)
    places = free_places(arm, HARD)
    reached = 0
    for begin, end in zip(places, places[1:] + places[:1], strict=True):
        target = pose_of(arm, end, turned)
        found = arm.inverse.solve(target, begin)
        assert is_within(arm, found.position)
        assert is_free(arm, found.position)
        reached += found.is_reached
        if found.is_reached:
            assert arm.at(found.position) == pytest.approx(target.translation, abs=2e-4)
    # Of 300 it is all.
    assert reached >= 0.95 * HARD


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_where_the_elbow_is_in_the_way_one_way_it_goes_the_other(side):
    arm = Planar(BLOCK.format(0.3 - 0.18 * side))
    blocked, free = np.array([0.6, -1.2, 0.6]) * side, np.array([-0.6, 1.2, -0.6]) * side
    target = arm.target(blocked)
    assert arm.inverse.assess(arm.inverse.descend(target, blocked)).in_collision
    found = arm.inverse.solve(target, blocked)
    assert found.is_reached
    assert found.position == pytest.approx(free, abs=1e-3)


def test_where_the_elbow_is_in_the_way_both_ways_it_says_what_is_in_the_way_the_least():
    arm = Planar(BLOCK.format(0.12) + BLOCK.format(0.49))
    blocked = np.array([0.6, -1.2, 0.6])
    found = arm.inverse.solve(arm.target(blocked), blocked)
    assert not found.is_reached
    assert "base would be 0.000" in found.reason  # above; below they would overlap by 9 mm
    assert "m from fore; 0.005 m at least are kept" in found.reason
    assert not arm.inverse.assess(found.arrival).in_collision
    assert 0.001 < found.arrival.remaining < 0.03


def test_where_a_solution_collides_its_parts_move_apart_if_the_target_leaves_room(six):
    blocked = []
    for begin, end in pairwise(free_places(six, 2 * HARD, seed=5)):
        target = pose_of(six, end, turned=False)
        first = six.inverse.descend(target, begin)
        if first.meets_target and not is_free(six, first.position):
            blocked.append((first, six.inverse.solve(target, begin)))
    assert blocked
    for first, found in blocked:
        assert found.is_reached
        assert is_free(six, found.position)
        assert np.abs(found.position - first.position).max() < 1.0  # not somewhere else altogether


def test_of_the_solutions_the_quickest_to_reach_is_taken(six):
    begin, end = six.poses["home"], six.poses["above_pick"]
    # The same pose with the wrist turned over: the forearm half round, the wrist bent the other way.
    pick = end + np.array([0.0, 0.0, 0.0, 1.5, 0.0, 1.5])
    over = pick + np.array([0.0, 0.0, 0.0, -np.pi, -2 * end[4], -np.pi])
    assert six.at(over) == pytest.approx(six.at(pick), abs=1e-9)
    target = pose_of(six, pick)
    assert six.inverse.solve(target, begin + 0.8 * (pick - begin)).position == pytest.approx(pick, abs=1e-3)
    assert six.inverse.solve(target, begin + 0.8 * (over - begin)).position == pytest.approx(over, abs=1e-3)


def test_a_solution_whose_straight_way_is_free_comes_first(six):
    """Between places on both sides of the arm the quickest way may lead through the arm or the floor."""
    places = free_places(six, HARD // 2, seed=11)
    free = 0
    for begin, end in pairwise(places):
        found = six.inverse.solve(pose_of(six, end), begin)
        ways = np.linspace(begin, found.position, 60)
        free += all(is_free(six, place) for place in ways)
    assert free >= 0.9 * (len(places) - 1)


def test_a_place_out_of_reach_gives_the_nearest_and_the_reason(six):
    found = six.inverse.solve(Target((1.0, 0.0, 0.06)), six.poses["home"])
    assert not found.is_reached
    assert "does not reach so far" in found.reason
    assert found.arrival.distance == pytest.approx(1.0 - six.at(found.position)[0], abs=0.02)
    assert not found.in_collision


def test_where_every_solution_collides_it_says_what_with_what_and_how_near(six):
    found = six.inverse.solve(Target((0.25, 0.0, -0.02)), six.poses["home"])
    assert not found.is_reached
    assert "finger' would be -0.0" in found.reason
    assert "m from floor; 0.005 m at least are kept (negative: they overlap)" in found.reason
    assert is_free(six, found.position)
    # The nearest place is as low as the parts around the tool let it be.
    assert 0.0 < six.at(found.position)[2] + 0.02 == pytest.approx(found.arrival.distance, abs=0.02)


def test_a_solution_beyond_limits_that_were_narrowed_is_none(six):
    narrow = six.limits.of_joints(six.joints)
    narrow.upper[0] = 0.5
    inverse = Whole(InverseKinematics(six.mechanics, narrow, six.clearances, MARGIN))
    begin = six.poses["home"]
    beyond = begin + np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert six.inverse.solve(pose_of(six, beyond), begin).is_reached
    found = inverse.solve(pose_of(six, beyond), begin)
    assert not found.is_reached
    assert found.position[0] <= 0.5
    assert "waist" in found.reason
    assert "at the limit" in found.reason


def test_without_collision_checks_the_nearest_solution_is_taken(six):
    inverse = Whole(InverseKinematics(six.mechanics, six.limits, None, MARGIN))
    found = inverse.solve(Target((0.25, 0.0, -0.02)), six.poses["home"])
    assert found.is_reached
    assert not is_free(six, found.position)


def test_distances_change_with_the_joints_as_their_gradients_say(six):
    """Held against differences, with parts near each other and the floor, and in each other."""
    clearances, step, compared, agree = Clearances(six.mechanics, 0.05), 1e-6, 0, 0
    draw = np.random.default_rng(2)
    for _ in range(40):
        position = six.limits.lower + draw.random(6) * (six.limits.upper - six.limits.lower)
        gradients = clearances.gradients(position, 0.05)
        for axis in np.eye(6):
            after = clearances.gradients(position + step * axis, 0.05)
            if len(after) != len(gradients):
                continue
            slopes = [(late - early) / step for (late, _), (early, _) in zip(after, gradients, strict=True)]
            compared += len(slopes)
            agree += sum(
                slope == pytest.approx(gradient @ axis, abs=2e-3)
                for slope, (_, gradient) in zip(slopes, gradients, strict=True)
            )
    assert compared > 100
    # Where the nearest points change over from one edge to another, a distance has a kink.
    assert agree > 0.95 * compared, f"{agree} of {compared}"


@given(st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3))
def test_rotation_vectors_and_quaternions_are_each_others_inverse(values):
    vector = np.array(values)
    assume(np.linalg.norm(vector) < 3.1)
    assert rotation_vector(from_rotation_vector(vector)) == pytest.approx(vector, abs=1e-9)
