"""Joints without a servo, fixed at a place."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.kinematics.kinematics import forward
from armature.core.model.fixing import _from_rpy, _to_rpy, fix_joints
from armature.core.model.urdf import read_urdf

LIMIT = '<limit lower="-3" upper="3" velocity="1" effort="1"/>'
URDF = f"""<robot name="r"><link name="a"/><link name="b"/><link name="c"/><link name="d"/><link name="e"/>
<joint name="elbow" type="revolute"><parent link="a"/><child link="b"/>
  <origin xyz="0 0 0.1" rpy="0.3 0.2 0.1"/><axis xyz="0 1 0"/>{LIMIT}</joint>
<joint name="jaw" type="KIND"><parent link="b"/><child link="c"/><origin xyz="0.2 0 0" rpy="RPY"/>
  <axis xyz="1 2 -1"/>{LIMIT}<dynamics friction="1"/></joint>
<joint name="other" type="KIND"><parent link="b"/><child link="d"/><origin rpy="1 0 0"/><axis xyz="0 0 1"/>
  {LIMIT}<mimic joint="jaw" multiplier="-2" offset="0.1"/></joint>
<joint name="tip" type="fixed"><parent link="c"/><child link="e"/><origin xyz="0 0 0.3"/></joint></robot>"""


@given(
    place=st.floats(-3.0, 3.0),
    elbow=st.floats(-3.0, 3.0),
    kind=st.sampled_from(["revolute", "prismatic", "continuous"]),
    rpy=st.sampled_from(["0 0 0", "0.4 -0.7 2.0", "0.5 1.5707963267948966 0.3", "0.2 -1.5707963267948966 1"]),
)
def test_every_frame_is_where_the_joint_would_have_it(place, elbow, kind, rpy):
    arm = read_urdf(URDF.replace("KIND", kind).replace("RPY", rpy))
    fixed = fix_joints(arm, {"jaw": place})
    assert [joint.name for joint in fixed.driven] == ["elbow"]
    again = read_urdf(fixed.urdf)
    for link in ("c", "d", "e"):
        want = forward(arm, {"elbow": elbow, "jaw": place}, link)
        for model in (fixed, again):
            pose = forward(model, {"elbow": elbow}, link)
            assert pose.translation == pytest.approx(want.translation, abs=1e-7)
            assert abs(np.dot(pose.rotation, want.rotation)) == pytest.approx(1.0, abs=1e-9)


def test_the_text_and_the_model_are_one_arm():
    arm = fix_joints(read_urdf(URDF.replace("KIND", "revolute").replace("RPY", "0 0 0")), {"jaw": 0.5})
    assert read_urdf(arm.urdf).joints == arm.joints
    assert len(mujoco.MjSpec.from_string(arm.urdf).joints) == 1


def test_fingers_that_are_fixed_leave_what_carries_them_to_the_arm():
    text = URDF.replace("KIND", "revolute").replace("RPY", "0 0 0").replace('"b"', '"gripper_link"')
    arm = read_urdf(text)
    assert [joint.name for joint in arm.gripper_joints] == ["jaw"]
    fixed = fix_joints(arm, {"jaw": 0.0})
    assert (fixed.gripper_joints, [joint.name for joint in fixed.arm_joints]) == ((), ["elbow"])


def test_a_urdf_whose_elements_are_in_a_namespace_can_be_fixed_too():
    text = URDF.replace("KIND", "revolute").replace("RPY", "0 0 0")
    spaced = text.replace("<robot ", '<robot xmlns="http://example.org/urdf" ')
    assert [joint.name for joint in fix_joints(read_urdf(spaced), {"jaw": 0.5}).driven] == ["elbow"]


def test_nothing_to_fix_changes_nothing():
    arm = read_urdf(URDF.replace("KIND", "revolute").replace("RPY", "0 0 0"))
    assert fix_joints(arm, {}) is arm


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_where_roll_and_yaw_turn_about_one_axis_they_are_one_turn(sign):
    upright = np.array([[0.0, 0.0, sign], [0.0, 1.0, 0.0], [-sign, 0.0, 0.0]])
    turned = _from_rpy((0.0, 0.0, 0.3)) @ upright
    turned[0, 0] = turned[1, 0] = turned[2, 1] = turned[2, 2] = 0.0
    assert _from_rpy(_to_rpy(turned)) == pytest.approx(turned, abs=1e-12)


def test_in_a_urdf_that_has_a_namespace_joints_are_fixed_too():
    text = URDF.replace("KIND", "revolute").replace("RPY", "0 0 0")
    arm = read_urdf(text.replace("<robot", '<robot xmlns="http://www.ros.org"', 1))
    again = read_urdf(fix_joints(arm, {"jaw": 1.0}).urdf)
    assert again.joints == fix_joints(read_urdf(text), {"jaw": 1.0}).joints
