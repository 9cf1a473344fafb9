"""Moves: paths, their timing, inverse kinematics, and plans for our arms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.core.kinematics.rotations import from_rotation_vector
from armature.core.planning import paths
from armature.core.planning.moves import MoveSettings
from armature.core.planning.timing import time_path
from armature.core.planning.tool_ways import Waypoint
from armature.core.planning.transfer import transfer
from armature.core.steps import run_to_end
from armature.core.trajectory.stopping import Dynamics
from armature.errors import ConfigError, GoalRefused

from ..arms import ACCELERATION, JERK

BESIDE = "tool0/base_link"


def within_limits(motion, limits):
    """Whether a motion keeps them everywhere, and begins and ends at rest."""
    times = np.linspace(0.0, motion.duration, 2000, endpoint=False)
    _, velocity, acceleration = motion.sample_many(times)
    assert (np.abs(velocity) <= limits.velocity * 1.001).all()
    assert (np.abs(acceleration) <= limits.acceleration * 1.01).all()
    assert (np.abs(motion.jerks(times)) <= limits.jerk * 1.01).all()
    assert motion.points[1][0] == pytest.approx(np.zeros(len(limits.joints)), abs=1e-9)
    assert motion.points[1][-1] == pytest.approx(np.zeros(len(limits.joints)), abs=1e-9)


# Paths


def test_a_path_has_round_corners_no_farther_from_them_than_asked():
    corner = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    path = paths.blend_corners(("x", "y"), corner, 0.2)
    position, slope, _ = path.sample_many(np.linspace(0.0, path.duration * 0.9999, 500))
    assert np.abs(slope).max() < 1.5
    off = np.linalg.norm(position - corner[1], axis=1).min()
    assert 0.0 < off < 0.2
    straight = position[position[:, 0] < 0.79]
    assert np.abs(straight[:, 1]).max() < 1e-12


def test_short_ways_and_equal_points_are_no_corner_cases():
    points = np.array([[0.0], [0.0], [0.1], [0.1], [0.0], [0.05]])
    path = paths.blend_corners(("x",), points, 1.0)
    assert path.positions[-1] == pytest.approx([0.05])
    assert (np.diff(path.times) > 0.0).all()


@given(angle=st.floats(0.1, 6.0), via=st.floats(0.1, 0.9), radius=st.floats(0.05, 0.5), tilt=st.floats(-1.5, 1.5))
def test_an_arc_is_part_of_its_circle(angle, via, radius, tilt):
    def at(turn):
        x, y = radius * math.cos(turn), radius * math.sin(turn)
        return np.array([x, y * math.cos(tilt), y * math.sin(tilt), 0.0, 0.0, turn])

    path = paths.arc(tuple("abcdef"), at(0.0), at(via * angle)[:3], at(angle))
    assert path.duration == pytest.approx(angle * radius, rel=1e-6)
    position, slope, _ = path.sample_many(np.linspace(0.0, path.duration, 50)[:-1])
    assert np.linalg.norm(position[:, :3], axis=1) == pytest.approx(radius, rel=1e-5)
    assert np.linalg.norm(slope[:, :3], axis=1) == pytest.approx(1.0, rel=1e-4)
    assert path.positions[-1] == pytest.approx(at(angle), abs=1e-9)


def test_three_places_on_a_line_make_no_arc():
    row = np.zeros(6)
    with pytest.raises(GoalRefused, match=r"must not lie on the line.*use move_line"):
        paths.arc(tuple("abcdef"), row, np.array([0.1, 0.0, 0.0]), row + 0.2 * np.eye(6)[0])


# Timing


def test_a_straight_move_is_as_quick_as_can_be(six):
    plan = six.planner.joints(six.poses["home"], [dict(zip(six.joints, six.poses["up"], strict=True))])
    ends = (dict(zip(six.joints, six.poses[name], strict=True)) for name in ("home", "up"))
    limits = {joint: six.model.limit(joint) for joint in six.joints}
    dynamics = dict.fromkeys(six.joints, Dynamics(ACCELERATION, JERK))
    assert plan.duration == pytest.approx(transfer(six.joints, *ends, limits, dynamics, 1.0).duration, rel=1e-3)
    within_limits(plan, six.limits)


@settings(max_examples=25)
@given(points=st.lists(st.lists(st.floats(-1.5, 1.5), min_size=6, max_size=6), min_size=2, max_size=6))
def test_moves_through_any_points_keep_every_limit(six, points):
    path = paths.blend_corners(six.joints, np.array(points), 0.1)
    motion = run_to_end(time_path(path, six.limits, path.times.tolist()))
    within_limits(motion, six.limits)
    within_limits(six.planner._straight(np.array(points), 0.0), six.limits)
    assert motion.positions[-1] == pytest.approx(np.array(points[-1]), abs=1e-5)


def test_points_on_the_way_cost_less_than_stops(six):
    ways = ((0.4, -0.3), (0.8, -0.2), (1.2, 0.3))
    rows = [{"waist": waist, "shoulder": shoulder} for waist, shoulder in ways]
    through = six.planner.joints(six.poses["home"], rows).duration
    stops, start = 0.0, six.poses["home"]
    for row in rows:
        stops += six.planner.joints(start, [row]).duration
        start = six.planner.joints(start, [row]).positions[-1]
    assert through < 0.85 * stops


def test_where_the_way_turns_back_the_arm_stops(six):
    there = six.planner.joints(six.poses["home"], [{"waist": 0.5}])
    and_back = six.planner.joints(six.poses["home"], [{"waist": 0.5}, {"waist": 0.0}])
    assert and_back.duration == pytest.approx(2 * there.duration)
    assert and_back.sample(there.duration).position[0] == pytest.approx(0.5)


def test_a_move_may_take_longer_and_one_to_nowhere_takes_no_time(six):
    target = [{"waist": 0.5}]
    assert six.planner.joints(six.poses["home"], target, min_duration=5.0).duration == pytest.approx(5.0)
    assert six.planner.joints(six.poses["home"], [{"waist": 0.0}]).duration < 0.1


# Plans


def test_a_line_is_straight_and_keeps_the_orientation(six):
    start = six.poses["above_pick"]
    motion = six.planner.line(start, [Waypoint(BESIDE, (0.0, 0.2, 0.03), None)])
    way = six.places(motion) - six.place(start).translation
    direction = np.array([0.0, 0.2, 0.03]) / math.hypot(0.2, 0.03)
    assert np.linalg.norm(way - np.outer(way @ direction, direction), axis=1).max() < 1e-4
    assert way[-1] == pytest.approx([0.0, 0.2, 0.03], abs=1e-5)
    turned = six.place(motion.sample(motion.duration / 2).position).rotation
    assert abs(np.dot(turned, six.place(start).rotation)) == pytest.approx(1.0, abs=1e-6)
    within_limits(motion, six.limits)


def test_offsets_go_along_the_tools_axes_or_the_roots(six):
    start = six.poses["above_pick"]  # tool down: its x is the root's -z
    in_tool = six.planner.line(start, [Waypoint("tool0", (0.03, 0.0, 0.0), None)])
    in_root = six.planner.line(start, [Waypoint(BESIDE, (0.0, 0.0, -0.03), None)])
    assert six.places(in_tool)[-1] == pytest.approx(six.places(in_root)[-1], abs=1e-3)


@pytest.mark.parametrize("frame", ["tool0", BESIDE])
def test_the_line_of_the_documents_is_followed_from_home(six, frame):
    motion = six.planner.line(six.poses["home"], [Waypoint(frame, (0.0, 0.0, -0.05), None)])
    moved = six.places(motion)[-1] - six.place(six.poses["home"]).translation
    assert np.linalg.norm(moved) == pytest.approx(0.05, abs=1e-4)


def test_a_line_over_several_points_rounds_its_corners(six):
    start = six.poses["above_pick"]
    points = [Waypoint(BESIDE, (0.0, 0.1, 0.0), None), Waypoint(BESIDE, (0.0, 0.1, 0.08), None)]
    motion = six.planner.line(start, points)
    way = six.places(motion, 200) - six.place(start).translation
    corner = np.linalg.norm(way - np.array([0.0, 0.1, 0.0]), axis=1).min()
    assert 1e-4 < corner < MoveSettings.blend_distance
    within_limits(motion, six.limits)


def speeds(arm, motion):
    """Of the tool, at times of a motion [m/s]."""
    times = np.linspace(0.0, motion.duration, 400)
    places = np.array([arm.at(row) for row in motion.sample_many(times)[0]])
    return np.linalg.norm(np.diff(places, axis=0), axis=1) / np.diff(times)


@pytest.mark.parametrize("kind", ["line", "corner", "arc"])
def test_a_speed_of_the_tool_is_held_while_it_turns_and_where_it_does_not(six, kind):
    start, asked = six.poses["above_pick"], 0.04
    turned = from_rotation_vector(np.array([0.0, 0.0, 0.5]))
    ends = [Waypoint(BESIDE, (0.0, 0.06, 0.0), None), Waypoint(BESIDE, (0.0, 0.06, 0.06), turned)]
    if kind == "arc":
        ends = [Waypoint(BESIDE, (0.03, 0.03, 0.0), None), Waypoint(BESIDE, (0.0, 0.06, 0.0), turned)]
    plan = six.planner.arc if kind == "arc" else six.planner.line
    motion = plan(start, ends[-1:] if kind == "line" else ends, speed=asked)
    found = speeds(six, motion)
    assert found.max() <= asked * 1.002
    held = found[60:-60]  # behind its ramps; a corner that is cut is shorter than its lines
    assert held.min() >= asked * (0.7 if kind == "corner" else 0.98)
    within_limits(motion, six.limits)


def test_a_speed_of_the_tool_beyond_its_limits_is_as_quick_as_they_allow(six):
    start, end = six.poses["above_pick"], [Waypoint(BESIDE, (0.0, 0.1, 0.0), None)]
    fast = six.planner.line(start, end, speed=50.0)
    assert fast.duration == pytest.approx(six.planner.line(start, end).duration, rel=0.02)
    within_limits(fast, six.limits)


def test_an_arc_is_an_arc(six):
    start = six.poses["above_pick"]
    ends = [Waypoint(BESIDE, (0.05, 0.05, 0.0), None), Waypoint(BESIDE, (0.0, 0.1, 0.0), None)]
    motion = six.planner.arc(start, ends)
    centre = np.add(six.place(start).translation, (0.0, 0.05, 0.0))
    assert np.linalg.norm(six.places(motion) - centre, axis=1) == pytest.approx(0.05, abs=2e-4)
    within_limits(motion, six.limits)


def test_an_arm_of_four_axes_moves_to_places_and_along_its_plane(four):
    start = four.poses["home"]
    there = four.place(start).translation
    motion = four.planner.poses(start, [Waypoint("base_link", (there[0], 0.05, there[2] + 0.02), None)])
    assert four.places(motion)[-1] == pytest.approx([there[0], 0.05, there[2] + 0.02], abs=2e-4)
    up = four.planner.line(start, [Waypoint(BESIDE, (0.0, 0.0, 0.03), None)])
    assert four.places(up)[-1][2] == pytest.approx(there[2] + 0.03, abs=2e-4)


def test_a_preview_tells_what_is_near(six):
    start = six.poses["above_pick"]
    preview = six.planner.preview(six.planner.line(start, [Waypoint(BESIDE, (0.0, 0.0, -0.05), None)]))
    assert preview.clearance == pytest.approx(six.place(start).translation[2] - 0.05 - 0.006, abs=0.01)
    assert preview.limit_joint == "wrist_pitch"
    assert 0.0 < preview.torque < 0.5
    assert preview.reach > 0.2
    assert preview.singularity > 0.05


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (lambda p, s: p.joints(s, [{"tail": 0.0}]), "tail.*joints are waist"),
        (lambda p, s: p.joints(s, [{"elbow": 5.0}]), r"position of elbow: 5\.0 rad refused.*limits are"),
        (lambda p, s: p.poses(s, []), "one pose at least"),
        (lambda p, s: p.poses(s, [Waypoint("map", (0.2, 0.0, 0.1), None)]), "'map'.*use base_link, tool0"),
        (lambda p, s: p.poses(s, [Waypoint("", (2.0, 0.0, 0.1), None)]), r"pose 1.*nearest is \(0\.\d+.* m and"),
        (lambda p, s: p.line(s, [Waypoint(BESIDE, (0.6, 0.0, 0.0), None)]), r"the way at \d+%.*nearest is"),
        (lambda p, s: p.arc(s, [Waypoint(BESIDE, (0.1, 0.0, 0.0), None)]), "an arc has two"),
    ],
)
def test_what_cannot_be_planned_is_refused_with_what_would_work(six, plan, says):
    with pytest.raises(GoalRefused, match=says):
        plan(six.planner, six.poses["above_pick"])


def test_a_preview_of_a_way_into_the_floor_is_refused(six):
    down = six.planner.joints(six.poses["above_pick"], [{"shoulder": 1.5}])
    with pytest.raises(GoalRefused, match="to floor at"):
        six.planner.preview(down)


@pytest.mark.parametrize("value", [0.0, -1.0, 9.0, math.nan])
def test_corners_that_make_no_sense_are_errors(value):
    with pytest.raises(ConfigError, match=r"moves\.blend"):
        MoveSettings(blend=value)
    with pytest.raises(ConfigError, match=r"moves\.blend_distance"):
        MoveSettings(blend_distance=value)


@pytest.mark.parametrize("frame", ["base_link", "tool0", BESIDE])
@pytest.mark.parametrize("far", [101.0, -1e154, 1.7e308, math.nan])
def test_a_place_that_nobody_can_mean_is_refused_with_its_bound(six, frame, far):
    near, place = Waypoint(frame, (0.05, 0.0, 0.0), None), Waypoint(frame, (0.0, far, 0.0), None)
    for plan in (six.planner.poses, six.planner.line, six.planner.arc):
        with pytest.raises(GoalRefused, match=r"pose 2: .* refused; each of its coordinates must be within 100 m"):
            plan(six.poses["home"], [near, place])


def test_an_arc_from_a_place_to_itself_by_itself_is_refused(six):
    here = Waypoint(BESIDE, (0.0, 0.0, 0.0), None)
    with pytest.raises(GoalRefused, match="must not lie on the line"):
        six.planner.arc(six.poses["home"], [here, here])


# Steps


def most_work(arm, monkeypatch, steps):
    """The most places of the arm that are sampled in one step, and what comes of the steps."""
    samples, most, place = 0, 0, arm.mechanics.set_position

    def counted(position):
        nonlocal samples
        samples += 1
        place(position)

    monkeypatch.setattr(arm.mechanics, "set_position", counted)
    try:
        while True:
            samples = 0
            next(steps)
            most = max(most, samples)
    except StopIteration as done:
        return max(most, samples), done.value
    except GoalRefused:
        return max(most, samples), None
    finally:
        monkeypatch.undo()


A_STEP = 400  # samples, of about 0.1 ms each


@pytest.mark.parametrize("seconds", [0.0, 60.0, 3600.0])
def test_a_preview_takes_little_at_a_time_and_its_way_sets_how_much_in_all(six, monkeypatch, seconds):
    motion = six.planner.joints(six.poses["home"], [{"waist": 1.0}, {"waist": -1.0}], min_duration=seconds)
    most, preview = most_work(six, monkeypatch, six.in_steps.preview(motion))
    assert most <= A_STEP
    assert preview.duration >= seconds
    quick = six.planner.preview(six.planner.joints(six.poses["home"], [{"waist": 1.0}, {"waist": -1.0}]))
    assert (preview.reach, preview.limit_margin) == pytest.approx((quick.reach, quick.limit_margin), abs=1e-3)


@pytest.mark.parametrize("place", [(0.25, 0.1, 0.1), (99.0, 0.3, 0.0), (0.25, 0.0, -0.02), (-0.3, 0.0, 0.2)])
@pytest.mark.parametrize("turn", [None, (0.0, 0.0, 0.0, 1.0)])
def test_a_plan_takes_little_at_a_time_whether_it_is_found_or_not(six, monkeypatch, place, turn):
    waypoints = [Waypoint("base_link", place, turn)] * 3
    for plan in (six.in_steps.poses, six.in_steps.line):
        assert most_work(six, monkeypatch, plan(six.poses["home"], waypoints))[0] <= A_STEP


def test_more_points_than_a_move_may_have_are_refused_with_their_bound(six):
    here = Waypoint(BESIDE, (0.0, 0.0, 0.0), None)
    with pytest.raises(GoalRefused, match=r"points: 51 refused; a move passes up to 50 points; send it in parts"):
        six.planner.joints(six.poses["home"], [{"waist": 0.0}] * 51)
    for plan in (six.planner.poses, six.planner.line):
        with pytest.raises(GoalRefused, match=r"points: 51 refused; a move passes up to 50"):
            plan(six.poses["home"], [here] * 51)
