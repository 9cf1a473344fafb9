from __future__ import annotations

import pytest

from armature.core.model.urdf import read_urdf
from armature.errors import ConfigError

FULL = '<mass value="1"/><inertia ixx="{}" iyy="{}" izz="{}" ixy="{}" ixz="0" iyz="0"/>'


def arm(inside):
    return f'<robot name="r"><link name="base">{inside}</link></robot>'


def inertial(*moments):
    return f"<inertial>{FULL.format(*moments)}</inertial>"


def shape(geometry):
    return f"<collision><geometry>{geometry}</geometry></collision>"


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (inertial(1, 1, 3, 0), "link base: inertia.*no body has the principal moments 1, 1, 3"),
        (inertial(-1, 1, 1, 0), "no body has the principal moments -1"),
        (inertial(1, 1, 1, 2), "no body has"),
        (inertial(1e39, 1e39, 1e39, 0), "inertia ixx: '1e.39' .*at most 1,000,000"),
        (inertial(1, 1, 1, 0).replace('value="1"', 'value="1e39"', 1), "mass: '1e39' .*at most 1,000,000"),
        (shape('<sphere radius="1e39"/>'), "sphere radius: '1e39' .*at most 1,000,000"),
        (inertial("nan", 1, 1, 0), "inertia ixx.*nan.*finite"),
        (inertial(1, 1, 1, 0).replace('"1"/>', '"-2"/>', 1), "mass.*at least 0"),
        (inertial(1, 1, 1, 0).replace('value="1"', 'value="heavy"', 1), "heavy"),
        (inertial(1, 1, 1, 0).replace("<mass", '<origin xyz="0 0 nan"/><mass'), "inertial: origin xyz"),
        (shape('<box size="1 -1 1"/>'), "box size.*above 0"),
        (shape('<box size="1 1"/>'), "3 finite numbers"),
        (shape('<cylinder radius="1"/>'), "cylinder length"),
        (shape('<sphere radius="nan"/>'), "sphere radius"),
        (shape('<mesh filename=""/>'), "filename"),
        (shape('<mesh filename="a.stl" scale="1 0 1"/>'), "scale.*no number may be 0"),
        (shape("<cone/>"), "'cone'.*box, cylinder"),
        (shape(""), "<geometry> holds one of"),
        ("<collision/>", "<geometry> holds one of"),
    ],
)
def test_a_link_that_cannot_be_is_refused_with_its_name(inside, message):
    with pytest.raises(ConfigError, match=message) as error:
        read_urdf(arm(inside), "arm.urdf")
    assert str(error.value).startswith("arm.urdf: link base")


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<inertial/>",
        "<inertial><mass value='0'/></inertial>",
        "<inertial><mass value='2'/></inertial>",
        inertial(1, 1, 2, 0),
        inertial(0.00012, 0.00011, 0.000231, 0),  # rounded
        inertial(0, 0, 0, 0),
        shape('<capsule radius="1" length="2"/>'),
    ],
)
def test_what_is_left_out_is_zero_and_rounded_moments_are_taken(inside):
    assert read_urdf(arm(inside)).root == "base"


def test_moments_that_are_off_by_more_than_rounding_are_noted():
    (note,) = read_urdf(arm(inertial(0.00368, 0.00796, 0.0127, 0))).notes  # of a maker's arm
    assert note == "no body has the moments of inertia of base: the nearest possible ones are taken"


JOINT = '<joint name="{0}" type="{1}"><parent link="{2}"/><child link="{3}"/><limit upper="1"/></joint>'


def test_moving_parts_without_mass_are_noted():
    links = f'<link name="base"/><link name="a"/><link name="b"/><link name="c">{inertial(1, 1, 1, 0)}</link>'
    joints = JOINT.format("j", "revolute", "base", "a") + JOINT.format("k", "revolute", "a", "b")
    (note,) = read_urdf(f'<robot name="r">{links}{joints}{JOINT.format("l", "fixed", "b", "c")}</robot>').notes
    assert note.startswith("the URDF gives no mass to a:")
