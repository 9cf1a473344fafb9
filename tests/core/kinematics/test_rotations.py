from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from armature.core.kinematics.kinematics import from_rpy
from armature.core.kinematics.rotations import to_rpy

ANGLE = st.floats(-math.pi, math.pi)


def same(one, other):
    """Whether two quaternions are one rotation."""
    return abs(sum(a * b for a, b in zip(one, other, strict=True))) == pytest.approx(1.0, abs=1e-11)


@given(ANGLE, ANGLE, ANGLE)
@example(0.3, math.pi / 2.0, -0.4)
@example(0.3, -math.pi / 2.0, -0.4)
@example(0.3, math.pi / 2.0 + 1e-6, 3.0)
def test_roll_pitch_and_yaw_are_those_of_the_rotation(roll, pitch, yaw):
    rotation = from_rpy((roll, pitch, yaw))
    assert same(from_rpy(to_rpy(rotation)), rotation)


def test_within_a_quarter_turn_of_pitch_they_come_back():
    assert to_rpy(from_rpy((0.1, -1.2, 3.0))) == pytest.approx((0.1, -1.2, 3.0))
