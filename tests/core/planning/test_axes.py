"""Arms of four to seven axes, and joints of more than a turn."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from armature.core.model.urdf import read_urdf
from armature.core.planning.tool_ways import Waypoint
from armature.errors import GoalRefused

from ..arms import Rig, chain

BESIDE = "tool0/base_link"
LEVEL = (0.0, math.sqrt(0.5), 0.0, math.sqrt(0.5))  # the tool's z forward
# Axes of the joints from the foot on, lengths of the links [m], and a posture in which the tool is level.
ARMS = {
    4: ("zyyy", (0.1, 0.2, 0.2, 0.1), (0.2, -0.4, 1.3, math.pi / 2.0 - 0.9)),
    5: ("zyyyz", (0.1, 0.2, 0.2, 0.05, 0.05), (0.2, -0.4, 1.3, math.pi / 2.0 - 0.9, 0.3)),
    6: ("zyyzyz", (0.1, 0.2, 0.1, 0.1, 0.05, 0.05), (0.2, -0.4, 1.3, 0.3, 0.6, -0.2)),
    7: ("zyzyzyz", (0.1, 0.15, 0.15, 0.15, 0.1, 0.05, 0.05), (0.2, -0.4, 0.3, 1.5, 0.2, 0.6, -0.2)),
}


@pytest.fixture(scope="module", params=ARMS)
def arm(request):
    axes, lengths, start = ARMS[request.param]
    made = Rig(read_urdf(chain(axes, lengths)), collision=False)
    return made, np.array(start)


def many_turns(axes):
    """An arm whose turning joints are continuous, on servos that count their turns."""
    turning, lengths, _ = ARMS[axes]
    model = read_urdf(chain(turning, lengths, ["continuous" if axis == "z" else "revolute" for axis in turning]))
    turns = (-1608.0, 1608.0)
    limits = {
        joint.name: replace(joint.limit, **dict(zip(("lower", "upper"), ends, strict=True)))
        for joint in model.driven
        for ends in [turns if joint.kind == "continuous" else (-1.6, 1.6)]
    }
    return Rig(model.limited(limits), collision=False)


def place(rig, position):
    return rig.inverse.pose(np.array(position))


def test_the_tool_comes_to_a_place_with_its_orientation_free(arm):
    rig, start = arm
    target = place(rig, start + 0.15).translation
    motion = rig.planner.poses(start, [Waypoint("base_link", target, None)])
    assert place(rig, motion.positions[-1]).translation == pytest.approx(target, abs=2e-4)


def test_the_tool_comes_to_a_pose_that_the_arm_can_have(arm):
    rig, start = arm
    target = place(rig, start + 0.15)
    motion = rig.planner.poses(start, [Waypoint("base_link", target.translation, target.rotation)])
    reached = place(rig, motion.positions[-1])
    assert reached.translation == pytest.approx(target.translation, abs=2e-4)
    assert abs(np.dot(reached.rotation, target.rotation)) == pytest.approx(1.0, abs=1e-5)


def test_a_line_in_the_arms_own_plane_is_straight_and_keeps_the_orientation(arm):
    rig, start = arm
    motion = rig.planner.line(start, [Waypoint(BESIDE, (0.0, 0.0, 0.04), None)])
    begin, end = place(rig, start), place(rig, motion.positions[-1])
    assert np.subtract(end.translation, begin.translation) == pytest.approx([0.0, 0.0, 0.04], abs=2e-4)
    middle = place(rig, motion.sample(motion.duration / 2.0).position)
    assert middle.translation[:2] == pytest.approx(begin.translation[:2], abs=2e-4)
    assert abs(np.dot(middle.rotation, begin.rotation)) == pytest.approx(1.0, abs=1e-5)


def test_a_twist_moves_the_tool_in_its_direction(arm):
    rig, start = arm
    velocity = rig.servo.velocities(start, np.array([0.0, 0.0, 0.02, 0.0, 0.0, 0.0]), in_tool=False).velocity
    moved = np.subtract(place(rig, start + 0.01 * velocity).translation, place(rig, start).translation) / 0.01
    assert moved == pytest.approx([0.0, 0.0, 0.02], abs=1e-3)


@pytest.mark.parametrize("axes", [4, 5])
def test_an_orientation_that_few_axes_cannot_have_is_refused_with_what_can(axes):
    made = Rig(read_urdf(chain(*ARMS[axes][:2])), collision=False)
    start = np.array(ARMS[axes][2])
    there = place(made, start).translation
    askew = (math.sin(0.4), 0.0, 0.0, math.cos(0.4))
    with pytest.raises(
        GoalRefused, match=rf"an arm of {axes} joints cannot turn the tool so there; leave out roll, pitch and yaw"
    ):
        made.planner.poses(start, [Waypoint("base_link", there, askew)])
    made.planner.poses(start, [Waypoint("base_link", there, None)])
    with pytest.raises(GoalRefused, match=r"does not reach so far|at the limit"):
        made.planner.poses(start, [Waypoint("base_link", (2.0, 0.0, 0.2), askew)])


@pytest.mark.parametrize("turns", [0, 1, -3, 200])
@pytest.mark.parametrize("axes", [6, 7])
def test_joints_of_many_turns_stay_in_the_turn_in_which_they_are(axes, turns):
    made, turning = many_turns(axes), np.array([axis == "z" for axis in ARMS[axes][0]])
    start = np.array(ARMS[axes][2]) + math.tau * turns * turning
    draw = np.random.default_rng(5)
    for _ in range(60):  # of some it is brought there from other places than where it is
        goal = place(made, draw.uniform(-1.55, 1.55, axes) * (1.0 + turning))
        motion = made.planner.poses(start, [Waypoint("base_link", goal.translation, goal.rotation)])
        assert place(made, motion.positions[-1]).translation == pytest.approx(goal.translation, abs=2e-4)
        assert np.abs(motion.positions[-1] - start).max() < 1.5 * math.tau


def test_joints_of_many_turns_are_moved_and_previewed_like_any_other():
    seven = many_turns(7)
    start = np.array(ARMS[7][2])
    motion = seven.planner.joints(start, [{"joint1": 9.0, "joint7": -12.0}])
    preview = seven.planner.preview(motion)
    assert motion.positions[-1][[0, 6]] == pytest.approx([9.0, -12.0])
    assert math.isfinite(preview.limit_margin)
    with pytest.raises(
        GoalRefused, match=r"position of joint1: 1700\.0 rad refused; its limits are -1608 to 1608 rad"
    ):
        seven.planner.joints(start, [{"joint1": 1700.0}])
