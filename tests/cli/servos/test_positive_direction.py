"""What a person is told of a joint's positive direction agrees with where it moves."""

from __future__ import annotations

import numpy as np
import pytest

from armature.bench.simulation.virtual import ARM
from armature.cli.servos.calibration.positive_direction import describe_positive
from armature.core.kinematics.kinematics import forward

ZERO = {joint.name: 0.0 for joint in ARM.driven}
_STEP = 1e-4
_AXES = (("back", "forward"), ("right", "left"), ("down", "up"))


@pytest.mark.parametrize("joint", [joint.name for joint in ARM.arm_joints])
def test_where_the_far_end_goes_is_where_the_tool_goes(joint):
    pose = {**ZERO, "shoulder": 0.3, "elbow": 0.4, "wrist_pitch": 0.2}
    told = describe_positive(ARM, joint, pose)
    if "counter-clockwise" in told:
        return
    before, after = (
        np.array(forward(ARM, {**pose, joint: pose[joint] + step}, "tool0").translation) for step in (0.0, _STEP)
    )
    moved = after - before
    axis = int(np.argmax(np.abs(moved)))
    assert _AXES[axis][int(moved[axis] > 0.0)] in told


def test_an_upright_axis_is_told_from_above():
    assert describe_positive(ARM, "waist", ZERO) == "it turns counter-clockwise, seen from above"


def test_fingers_part_or_close():
    assert describe_positive(ARM, "gripper", ZERO) == "the fingers part"
