"""Moves are as slow as the torques of the servos need them, and no slower."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.core.kinematics.drive_ratings import DriveRatings
from armature.core.model.urdf import read_urdf
from armature.core.planning.tool_ways import Waypoint
from armature.core.steps import run_to_end
from armature.core.trajectory import retiming
from armature.errors import GoalRefused

from ..arms import Rig, chain
from .test_goal_checks import ARM, FRICTION, GRAVITY, MASS, checks, passes, swing

ROOT = Path(__file__).resolve().parents[3]
ARMATURE6 = read_urdf((ROOT / "urdf" / "armature6.urdf").read_text("utf-8"))
WEIGHT = MASS * GRAVITY * ARM  # of the bar, held level [N·m]
# Two links and a wrist, whose motors are slow: the nearer to their no-load speed, the less they give.
HEAVY = read_urdf(chain("zyy", (0.1, 0.25, 0.25), mass=0.6))


def rig(model, share=1.0, speed=math.inf, payload=0.0):
    drives = {joint.name: DriveRatings(share * joint.limit.effort, speed) for joint in model.arm_joints}
    return Rig(model, drives, payload, collision=False)


def lifting(stall, speed, seconds=0.45):
    """A bar lifted from nearly hanging to level: the checks, and the motion as a client would time it."""
    plan = swing((seconds, 0.0), start=1.4)
    return checks(DriveRatings(stall, speed), collision=False), retiming.round_corners(plan)


def slowed(made, motion):
    return run_to_end(made.shares.slow_down(motion))


def test_a_motion_that_asks_for_little_is_left_as_it_is():
    made, motion = lifting(50.0, 40.0)
    assert slowed(made, motion) is motion


@pytest.mark.parametrize(("stall", "speed"), [(7.1, math.inf), (8.5, 4.0), (7.2, 2.0)])
def test_a_motion_that_asks_for_too_much_is_slowed_down_as_far_as_needed(stall, speed):
    made, motion = lifting(stall, speed)
    with pytest.raises(GoalRefused, match=r"torque of swing .* take longer"):
        passes(made, motion)
    slower = slowed(made, motion)
    assert passes(made, slower).highest_torque > 0.95 * made.settings.torque_share
    assert slower.duration > motion.duration
    assert slower.positions[-1] == pytest.approx(motion.positions[-1])


def test_what_stands_on_its_way_where_the_servo_cannot_hold_it_is_refused_with_the_place():
    made, motion = lifting(6.0, math.inf)
    with pytest.raises(GoalRefused, match=r"torque of swing at 0\.\d+ s: -5\.\d+ N·m .*5\.400 N·m.*stand still"):
        slowed(made, motion)


def test_just_possible_is_possible_and_just_not_is_refused_however_slow():
    possible = (WEIGHT + FRICTION) / 0.9
    made, motion = lifting(possible * 1.001, math.inf, 30.0)
    passes(made, slowed(made, motion))
    with pytest.raises(GoalRefused, match=r"at 0\.00 rad/s .*however slowly it moves"):
        slowed(*lifting(possible * 0.999, math.inf, 30.0))


@settings(max_examples=25)
@given(
    points=st.lists(st.lists(st.floats(-1.2, 1.2), min_size=6, max_size=6), min_size=1, max_size=3),
    share=st.floats(0.2, 1.0),
    speed=st.floats(3.0, 10.0),
    payload=st.floats(0.0, 0.7),
    seconds=st.sampled_from([0.0, 4.0]),
)
def test_whatever_is_planned_passes_the_check(points, share, speed, payload, seconds):
    made = rig(ARMATURE6, share, speed, payload)
    rows = np.clip(points, made.limits.lower, made.limits.upper)
    targets = [dict(zip(made.joints, row, strict=True)) for row in rows]
    try:
        motion = made.planner.joints(np.zeros(6), targets, seconds)
    except GoalRefused as refused:
        assert "even to stand" in str(refused) or "however slowly" in str(refused)  # noqa: PT017  # both are right
        return
    made.check(motion)
    assert motion.duration >= seconds * (1.0 - 1e-12)


@pytest.mark.parametrize("payload", [0.0, 0.2])
def test_moves_of_all_kinds_pass_the_check_on_slow_motors(payload):
    made, free = rig(HEAVY, 0.2, 2.5, payload), rig(HEAVY)
    start, target = np.array([0.0, 0.9, 0.9]), [{"joint2": 0.2, "joint3": 0.4}]
    there = Waypoint("base_link", made.inverse.pose(start - 0.2).translation, None)
    for motion in (made.planner.joints(start, target), made.planner.poses(start, [there])):
        made.check(motion)
    assert made.planner.joints(start, target).duration > free.planner.joints(start, target).duration


def test_an_arm_that_asks_too_much_where_it_stands_may_still_move_to_where_it_asks_less():
    made = rig(HEAVY, 0.2)
    level = np.array([0.0, math.pi / 2.0, 0.0])
    made.check(made.planner.joints(level, [{"joint2": 2.6}]))
