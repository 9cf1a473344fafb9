"""Lines, arcs and poses of arms that cannot turn their tools as they like."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from armature.core.kinematics.kinematics import product, rotate
from armature.core.kinematics.levenberg_marquardt import Target
from armature.core.kinematics.rotations import from_rotation_vector, invert, rotation_vector
from armature.core.model.urdf import read_urdf
from armature.core.planning.tool_ways import Waypoint
from armature.errors import GoalRefused

from ..arms import ROOT, Rig, free_place

BESIDE = "tool0/base_link"
UNTURNED = (0.0, 0.0, 0.0, 1.0)
SHORT = 100  # random lines of each arm
# Why the tool cannot go on a straight line between two places that it can be at.
TRUE_REASONS = ("at the limit", "joints would jump there, at a singularity", "the arm does not reach so far")


@pytest.fixture(scope="module", params=["open_manipulator_x", "armature5", "koch_follower"])
def few(request):
    return Rig(read_urdf(Path(ROOT, "urdf", f"{request.param}.urdf").read_text("utf-8")))


def ways(arm, motion, count=60):
    """Places of the tool along a motion from where it begins [m], Shape (count, 3)."""
    rows = motion.sample_many(np.linspace(0.0, motion.duration, count))[0]
    places = np.array([arm.inverse.pose(row).translation for row in rows])
    return places - places[0]


def short_lines(arm, count):
    """Starts, and ways over places that the arm can be at without a turn of its arm or its base."""
    draw = np.random.default_rng(8)
    while count:
        start, way = free_place(arm, draw), draw.normal(size=3)
        way *= draw.uniform(0.005, 0.05) / np.linalg.norm(way)
        begin = np.array(arm.inverse.pose(start).translation)
        places = (tuple(begin + share * way) for share in (0.25, 0.5, 0.75, 1.0))
        if all(arm.inverse.descend(Target(place), start).meets_target for place in places):
            count -= 1
            yield start, way


@pytest.mark.soak
@pytest.mark.parametrize("turn", [None, UNTURNED])
def test_short_lines_within_the_workspace_are_followed_straight(few, turn, soak):
    refused, count = Counter(), SHORT if soak.is_whole else SHORT // 3
    for start, way in short_lines(few, count):
        try:
            motion = few.planner.line(start, [Waypoint(BESIDE, tuple(way), turn)])
        except GoalRefused as error:
            refused[str(error)] += 1
            continue
        moved, ahead = ways(few, motion), way / np.linalg.norm(way)
        assert moved[-1] == pytest.approx(way, abs=2e-4)
        assert np.linalg.norm(moved - np.outer(moved @ ahead, ahead), axis=1).max() < 1e-3
    assert refused.total() <= 0.05 * count, refused
    assert all(any(reason in text for reason in TRUE_REASONS) for text in refused), refused


@pytest.mark.parametrize("way", [(0.0, 0.01, 0.0), (0.0, -0.05, 0.0), (0.02, 0.04, -0.02)])
@pytest.mark.parametrize("frame", [BESIDE, "tool0"])
def test_from_home_the_arm_of_four_axes_goes_sideways(four, way, frame):
    motion = four.planner.line(four.poses["home"], [Waypoint(frame, way, UNTURNED)])
    assert np.linalg.norm(four.places(motion)[-1] - four.at(four.poses["home"])) == pytest.approx(
        np.linalg.norm(way), abs=2e-4
    )


def pitch(arm, position):
    """How far the tool's x axis points down [rad]."""
    return math.asin(-rotate(arm.place(position).rotation, (1.0, 0.0, 0.0))[2])


def test_what_an_arm_of_four_axes_can_keep_of_its_orientation_it_keeps(four):
    start = four.poses["home"]
    for kind, points in (
        ("line", [(0.0, 0.08, 0.0)]),
        ("line", [(0.0, 0.05, 0.03), (-0.03, 0.05, 0.0)]),
        ("arc", [(0.0, 0.03, 0.03), (0.0, 0.06, 0.0)]),
        ("poses", [(-0.02, 0.08, 0.02)]),
    ):
        motion = getattr(four.planner, kind)(start, [Waypoint(BESIDE, point, None) for point in points])
        rows = motion.sample_many(np.linspace(0.0, motion.duration, 30))[0]
        kept = rows[-1:] if kind == "poses" else rows
        assert [pitch(four, row) for row in kept] == pytest.approx([pitch(four, start)] * len(kept), abs=2e-3)
        assert four.at(rows[-1]) == pytest.approx(four.at(start) + points[-1], abs=2e-4)


def test_an_arc_around_the_base_is_followed_with_the_tool_outward(four):
    start = four.poses["home"]
    begin, axis = four.at(start), 0.012  # of its first joint, in front of the base [m]

    def around(angle):
        x, y = (begin[0] - axis) * np.array([math.cos(angle), math.sin(angle)])
        return Waypoint("base_link", (x + axis, y, begin[2]), None)

    motion = four.planner.arc(start + np.array([-1.9, 0.0, 0.0, 0.0]), [around(0.6), around(1.9)])
    places = four.places(motion)
    assert np.hypot(places[:, 0] - axis, places[:, 1]) == pytest.approx(begin[0] - axis, abs=3e-4)
    assert motion.positions[-1] == pytest.approx(start + np.array([1.9, 0.0, 0.0, 0.0]), abs=2e-3)


def test_an_orientation_that_the_arm_can_have_at_the_end_of_a_line_it_has_there(four):
    start = four.poses["home"]
    end = start + np.array([0.3, 0.1, -0.1, 0.3])
    there = four.place(end)
    motion = four.planner.line(start, [Waypoint("base_link", there.translation, there.rotation)])
    reached = four.place(motion.positions[-1])
    assert reached.translation == pytest.approx(there.translation, abs=2e-4)
    turn = rotation_vector(product(there.rotation, invert(reached.rotation)))
    assert np.linalg.norm(turn) < 1e-3


@pytest.mark.parametrize("kind", ["line", "arc", "poses"])
def test_an_orientation_that_it_cannot_have_is_refused_with_the_true_reason_and_the_nearest(four, kind):
    start = four.poses["home"]
    askew = from_rotation_vector(np.array([0.3, 0.0, 0.0]))
    end = Waypoint(BESIDE, (0.0, 0.02, 0.01), askew)
    points = [Waypoint(BESIDE, (0.0, 0.01, 0.01), None), end] if kind == "arc" else [end]
    says = (
        r"pose \d: .* refused; an arm of 4 joints cannot turn the tool so there; leave out roll, pitch and yaw .*"
        r"nearest is \(0\.\d+, .* m at joint1=.*, 0\.0000 m and \d+\.\d deg off"
    )
    with pytest.raises(GoalRefused, match=says):
        getattr(four.planner, kind)(start, points)


def test_an_orientation_to_which_the_line_does_not_lead_is_refused_with_where_it_ends(four):
    start, end = np.array([1.688, -0.985, -0.323, -0.137]), np.array([-1.987, -0.273, -0.411, -1.095])
    there = four.place(end)  # beyond the base: the arm would have to turn around
    with pytest.raises(
        GoalRefused, match=r"in another posture, to which this way does not lead; it ends at \(.* use move_to"
    ):
        four.planner.line(start, [Waypoint("base_link", there.translation, there.rotation)])


def test_a_limit_that_keeps_the_tool_from_turning_is_named_instead(four):
    start = four.poses["home"]
    lower = four.limits.upper[3]
    bent = start.copy()
    bent[3] = lower - 0.05
    beyond = product(four.place(bent).rotation, from_rotation_vector(np.array([0.0, 0.4, 0.0])))
    with pytest.raises(GoalRefused, match=r"'?joint4'? at the limit"):
        four.planner.poses(bent, [Waypoint("base_link", four.place(bent).translation, beyond)])


def test_a_line_beyond_the_reach_says_so_and_not_that_the_tool_cannot_be_turned(four):
    with pytest.raises(GoalRefused, match=r"the way at \d+%.*(does not reach so far|at the limit); nearest is"):
        four.planner.line(four.poses["home"], [Waypoint(BESIDE, (0.3, 0.0, 0.0), UNTURNED)])
