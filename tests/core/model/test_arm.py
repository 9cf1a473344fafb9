from __future__ import annotations

import itertools
import math

import pytest

from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.arm import require_bounds
from armature.core.model.urdf import read_urdf
from armature.errors import ConfigError

LIMIT = '<limit lower="-1" upper="2" velocity="3" effort="4"/>'


def joint(name="elbow", kind="revolute", parent="base", child="arm", inside=LIMIT):
    links = f'<parent link="{parent}"/><child link="{child}"/>'
    return f'<joint name="{name}" type="{kind}">{links}{inside}</joint>'


def robot(*joints, links=("base", "arm", "hand")):
    return f'<robot name="r">{"".join(f"<link name={link!r}/>" for link in links)}{"".join(joints)}</robot>'


HAND = joint("hand_joint", "fixed", "arm", "hand", "")


def test_a_joint_carries_what_its_element_says():
    inside = '<origin xyz="1 2 3" rpy="0.1 0.2 0.3"/><axis xyz="0 0 5"/>' + LIMIT
    arm = read_urdf(robot(joint(inside=inside), HAND))
    elbow = arm.joint("elbow")
    assert (elbow.xyz, elbow.rpy, elbow.axis) == ((1, 2, 3), (0.1, 0.2, 0.3), (0, 0, 1))
    assert (elbow.parent, elbow.child, elbow.kind) == ("base", "arm", "revolute")
    limit = arm.limit("elbow")
    assert (limit.lower, limit.upper, limit.velocity, limit.effort) == (-1, 2, 3, 4)


def test_defaults_are_those_of_the_urdf_specification():
    elbow = read_urdf(robot(joint(), HAND)).joint("elbow")
    assert (elbow.xyz, elbow.rpy, elbow.axis) == ((0, 0, 0), (0, 0, 0), (1, 0, 0))


def test_the_root_is_the_link_that_no_joint_carries():
    assert read_urdf(robot(HAND, joint())).root == "base"


def test_a_fixed_joint_and_a_mimic_joint_are_not_driven():
    mimic = joint("finger", "prismatic", "arm", "hand", LIMIT + '<mimic joint="elbow" multiplier="-2"/>')
    arm = read_urdf(robot(joint(), mimic))
    assert [driven.name for driven in arm.driven] == ["elbow"]
    follower = arm.joint("finger").mimic
    assert follower is not None
    assert (follower.joint, follower.multiplier, follower.offset) == ("elbow", -2, 0)


def test_a_continuous_joint_has_no_bounds_but_a_velocity():
    arm = read_urdf(robot(joint(kind="continuous", inside='<limit velocity="3" effort="4"/>'), HAND))
    limit = arm.limit("elbow")
    assert (limit.lower, limit.upper) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("kind", "inside", "expected"),
    [
        ("revolute", '<limit upper="2" velocity="3" effort="4"/>', (0, 2, 3, 4)),
        ("revolute", '<limit lower="-1" velocity="3" effort="4"/>', (-1, 0, 3, 4)),
        ("prismatic", '<limit lower="-1" upper="2" velocity="0" effort="0"/>', (-1, 2, math.inf, math.inf)),
        ("revolute", '<limit lower="-1" upper="2"/>', (-1, 2, math.inf, math.inf)),
        ("continuous", "", (-math.inf, math.inf, math.inf, math.inf)),
        ("continuous", '<limit lower="0" upper="0" velocity="3" effort="4"/>', (-math.inf, math.inf, 3, 4)),
    ],
)
def test_limits_that_are_left_out_are_those_of_the_specification_or_not_known(kind, inside, expected):
    limit = read_urdf(robot(joint(kind=kind, inside=inside), HAND)).limit("elbow")
    assert (limit.lower, limit.upper, limit.velocity, limit.effort) == expected


def test_what_neither_the_urdf_nor_a_servo_bounds_is_refused():
    arm = read_urdf(robot(joint(inside='<limit upper="1" velocity="3"/>'), HAND))
    with pytest.raises(ConfigError, match=r"joint elbow: limit effort.*no rating of a servo is known"):
        require_bounds(arm)


def test_an_unknown_joint_is_answered_with_those_that_exist():
    arm = read_urdf(robot(joint(), HAND))
    with pytest.raises(ConfigError, match=r"'elbwo'.*has elbow"):
        arm.joint("elbwo")


def test_a_fixed_joint_has_no_limit():
    with pytest.raises(ConfigError, match="does not move"):
        read_urdf(robot(joint(), HAND)).limit("hand_joint")


@pytest.mark.parametrize(
    ("urdf", "message"),
    [
        ("<robot>", "well-formed"),
        ("", "well-formed"),
        ("<sdf/>", "outermost element of a URDF is <robot>"),
        (robot(joint(inside=""), HAND), "needs <limit"),
        (
            robot(joint(inside='<limit lower="1" velocity="3" effort="4"/>'), HAND),
            r"\[1.0, 0.0\].*0 where left out",
        ),
        (robot(joint(inside=LIMIT.replace('"-1"', '"2"')), HAND), "lower must be less than upper"),
        (robot(joint(inside=LIMIT.replace('"-1"', '"5"')), HAND), r"\[5.0, 2.0\].*lower must be less"),
        (robot(joint(inside=LIMIT.replace('"-1"', '"nan"')), HAND), "nan.*finite"),
        (robot(joint(inside=LIMIT.replace('"2"', '"inf"')), HAND), "inf.*finite"),
        (robot(joint(inside=LIMIT.replace('"2"', '"two"')), HAND), "two.*finite"),
        (robot(joint(inside=LIMIT.replace('"3"', '"-3"')), HAND), "velocity and effort must be > 0"),
        (robot(joint(inside=LIMIT.replace('"4"', '"-4"')), HAND), "velocity and effort must be > 0"),
        (robot(joint(inside='<axis xyz="0 0 0"/>' + LIMIT), HAND), "axis must not be zero"),
        (robot(joint(inside='<axis xyz="0 1"/>' + LIMIT), HAND), "3 finite numbers"),
        (robot(joint(inside='<origin xyz="0 0 nan"/>' + LIMIT), HAND), "3 finite numbers"),
        (robot(joint(inside=LIMIT + '<dynamics damping="nan"/>'), HAND), "dynamics damping: 'nan' .*finite"),
        (robot(joint(inside=LIMIT + '<dynamics friction="-1"/>'), HAND), "dynamics friction: '-1' .*at least 0"),
        (robot(joint(kind="planar"), HAND), "'planar'.*revolute, prismatic, continuous, fixed"),
        (robot(joint(child="leg"), HAND), "'leg'.*links are base, arm, hand"),
        (robot(joint(name=""), HAND), "attribute 'name'"),
        ('<robot name="r"><link name="a"/><joint name="j" type="fixed"/></robot>', "needs a <parent"),
        (robot(joint(), joint(child="hand")), "'elbow'.*each name may stand once"),
        (robot(joint(), joint("wrist"), HAND), "'arm'.*each name may stand once"),
        (robot(joint(), HAND, links=("base", "arm", "hand", "arm")), "'arm'.*each name may stand once"),
        (robot(joint()), "one tree with one root"),
        (robot(joint(parent="hand", child="arm"), HAND), r"\[arm, hand\].*not on a loop"),
        (robot(joint(), joint("f", child="hand", inside=LIMIT + '<mimic joint="x"/>')), "'x'.*elbow"),
        (robot(joint(), joint("f", child="hand", inside=LIMIT + "<mimic/>")), "attribute 'joint'"),
    ],
)
def test_a_urdf_that_cannot_be_used_is_refused_with_the_reason(urdf, message):
    with pytest.raises(ConfigError, match=message):
        read_urdf(urdf, "arm.urdf")


def test_a_fixed_joint_follows_nothing():
    fixed = joint("hand_joint", "fixed", "arm", "hand", '<mimic joint="elbow"/>')
    arm = read_urdf(robot(joint(), fixed))
    assert arm.joint("hand_joint").mimic is None
    assert Mechanics(arm, ["elbow"]).model.njnt == 1


@pytest.mark.timeout(10)
def test_a_thousand_joints_in_a_row_are_read_in_a_moment():
    names = [f"l{number}" for number in range(1001)]
    chain = [joint(child, "revolute", parent, child) for parent, child in itertools.pairwise(names)]
    assert len(read_urdf(robot(*chain, links=names)).driven) == 1000


def test_errors_name_the_file_and_the_joint():
    with pytest.raises(ConfigError, match=r"arm\.urdf: joint elbow: limit"):
        read_urdf(robot(joint(inside=""), HAND), "arm.urdf")
