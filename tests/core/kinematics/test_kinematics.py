from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.kinematics import kinematics
from armature.core.model.urdf import read_urdf
from armature.errors import ConfigError, GoalRefused

URDF = """<robot name="r">
<link name="base_link"/><link name="upper"/><link name="finger"/><link name="other"/><link name="tool0"/>
<joint name="waist" type="revolute"><parent link="base_link"/><child link="upper"/>
  <origin xyz="0 0 0.1" rpy="0 0 1.5707963267948966"/><axis xyz="0 0 1"/>
  <limit lower="-3" upper="3" velocity="1" effort="1"/></joint>
<joint name="gripper" type="prismatic"><parent link="upper"/><child link="finger"/><origin xyz="0.2 0 0"/>
  <axis xyz="0 1 0"/><limit lower="0" upper="0.03" velocity="1" effort="1"/></joint>
<joint name="follower" type="prismatic"><parent link="upper"/><child link="other"/><axis xyz="0 1 0"/>
  <limit lower="-0.03" upper="0" velocity="1" effort="1"/>
  <mimic joint="gripper" multiplier="-1" offset="0.001"/></joint>
<joint name="tool0_joint" type="fixed"><parent link="upper"/><child link="tool0"/><origin xyz="0.3 0 0"/></joint>
</robot>"""
ARM = read_urdf(URDF)
ANGLE = st.floats(-math.pi, math.pi)
RPY = st.tuples(ANGLE, ANGLE, ANGLE)
VECTOR = st.tuples(*[st.floats(-2.0, 2.0)] * 3)


def matrix(rpy):
    """Rz Ry Rx, as the URDF's specification of rpy has it."""
    r, p, y = rpy
    x = [[1, 0, 0], [0, math.cos(r), -math.sin(r)], [0, math.sin(r), math.cos(r)]]
    yy = [[math.cos(p), 0, math.sin(p)], [0, 1, 0], [-math.sin(p), 0, math.cos(p)]]
    z = [[math.cos(y), -math.sin(y), 0], [math.sin(y), math.cos(y), 0], [0, 0, 1]]
    return np.array(z) @ np.array(yy) @ np.array(x)


@given(RPY, VECTOR)
def test_rpy_turns_about_fixed_axes_x_y_z(rpy, vector):
    assert np.allclose(kinematics.rotate(kinematics.from_rpy(rpy), vector), matrix(rpy) @ vector, atol=1e-9)


@given(RPY, RPY, VECTOR)
def test_a_product_is_one_rotation_after_the_other(first, second, vector):
    a, b = kinematics.from_rpy(second), kinematics.from_rpy(first)
    together = kinematics.rotate(kinematics.product(a, b), vector)
    assert np.allclose(together, matrix(second) @ matrix(first) @ vector, atol=1e-9)


@given(RPY)
def test_rotations_are_unit_quaternions(rpy):
    assert math.hypot(*kinematics.from_rpy(rpy)) == pytest.approx(1.0)


def test_a_revolute_joint_turns_after_its_origin():
    pose = kinematics.joint_pose(ARM.joint("waist"), 0.5)
    assert pose.translation == (0.0, 0.0, 0.1)
    half = (math.pi / 2 + 0.5) / 2
    assert pose.rotation == pytest.approx((0.0, 0.0, math.sin(half), math.cos(half)))


def test_a_prismatic_joint_slides_along_its_axis_in_the_joints_frame():
    pose = kinematics.joint_pose(ARM.joint("gripper"), 0.02)
    assert pose.translation == pytest.approx((0.2, 0.02, 0.0))


def test_a_tool_is_where_geometry_says():
    pose = kinematics.forward(ARM, {"waist": 0.0}, "tool0")
    assert pose.translation == pytest.approx((0.0, 0.3, 0.1))
    pose = kinematics.forward(ARM, {"waist": -math.pi / 2}, "tool0")
    assert pose.translation == pytest.approx((0.3, 0.0, 0.1))


def test_the_root_is_at_itself():
    assert kinematics.forward(ARM, {}, "base_link").translation == (0.0, 0.0, 0.0)


def test_a_mimic_joint_follows():
    frames = {frame.child: frame for frame in kinematics.moving_frames(ARM, {"gripper": 0.02})}
    assert frames["other"].pose.translation == pytest.approx((0.0, -0.019, 0.0))


def test_frames_of_joints_that_were_not_read_are_left_out():
    assert {frame.child for frame in kinematics.moving_frames(ARM, {"waist": 0.1})} == {"upper"}
    assert {frame.child for frame in kinematics.moving_frames(ARM, {"gripper": 0.1})} == {"finger", "other"}
    assert kinematics.moving_frames(ARM, {}) == []


def test_fixed_frames_need_no_reading():
    (frame,) = kinematics.fixed_frames(ARM)
    assert (frame.parent, frame.child) == ("upper", "tool0")
    assert frame.pose.translation == (0.3, 0.0, 0.0)


def test_an_unknown_frame_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"frame: 'hand' .*base_link, upper, finger, other, tool0"):
        kinematics.forward(ARM, {}, "hand")


def test_a_missing_position_is_refused_by_name():
    with pytest.raises(GoalRefused, match="the position of waist is needed"):
        kinematics.forward(ARM, {"gripper": 0.0}, "tool0")
