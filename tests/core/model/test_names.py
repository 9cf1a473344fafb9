from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.model.names import check_ros_names, ros_name
from armature.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shoulder_pan", "shoulder_pan"),
        ("joint-1", "joint_1"),
        ("joint 1", "joint_1"),
        ("arm.joint1", "arm_joint1"),
        ("1", "name_1"),
        ("gelenk_ä", "gelenk_a"),
        ("Revolute 2", "Revolute_2"),
        ("关节1", "name_1"),
        ("_hidden", "_hidden"),
        ("-x", "name_x"),
    ],
)
def test_a_name_is_changed_where_ros_does_not_allow_it(name, expected):
    assert ros_name(name) == expected


@given(st.text(min_size=1))
def test_every_name_becomes_one_that_ros_allows_and_then_stays(name):
    safe = ros_name(name)
    assert re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", safe)
    assert ros_name(safe) == safe


def test_names_that_ros_could_not_tell_apart_are_refused():
    with pytest.raises(ConfigError, match=r"'joint_1' cannot be used; 'joint-1' and it would both be 'joint_1'"):
        check_ros_names(["joint-1", "elbow", "joint_1"], "servos.yaml: joints")
