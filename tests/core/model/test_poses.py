from __future__ import annotations

import math

import pytest

from armature.core.model.poses import completed, read_poses
from armature.core.model.urdf import read_urdf
from armature.errors import ConfigError

ARM = read_urdf("""<robot name="r"><link name="a"/><link name="b"/><link name="c"/>
<joint name="elbow" type="revolute"><parent link="a"/><child link="b"/>
  <limit lower="-1" upper="1.5707963" velocity="3" effort="1"/></joint>
<joint name="slide" type="prismatic"><parent link="b"/><child link="c"/>
  <limit lower="0" upper="0.03" velocity="0.1" effort="1"/></joint></robot>""")


def test_poses_are_read_in_the_order_of_the_urdf():
    poses = read_poses("park: {slide: 12 mm, elbow: 45 deg}\nhome: {elbow: 0.5 rad, slide: 0 m}", ARM)
    assert list(poses["park"].items()) == [("elbow", math.pi / 4), ("slide", 0.012)]
    assert poses["home"] == {"elbow": 0.5, "slide": 0.0}


def test_a_limit_written_in_degrees_is_met_but_for_rounding():
    assert read_poses("p: {slide: 30 mm, elbow: 90 deg}", ARM)["p"]["elbow"] == pytest.approx(math.pi / 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p: [", "well-formed YAML"),
        ("", "poses are written as"),
        ("- p", "poses are written as"),
        ("p: 3", "a pose is written as joint: position"),
        ("p: {elbow: 1 rad, slide: 1 mm, wrist: 1 rad}", "'wrist'.*joints of r are elbow, slide"),
        ("p: {slide: 1 mm}", r"p: 'elbow' cannot be used; a pose places every joint of the arm; add elbow$"),
        ("p: {elbow: 1, slide: 1 mm}", "p.elbow: 1 .*number and a unit"),
        ("p: {elbow: 1 mm, slide: 1 mm}", "units: rad, deg"),
        ("p: {elbow: 1 rad, slide: 1 rad}", "units: m, mm"),
        ("p: {elbow: .nan rad, slide: 1 mm}", "p.elbow"),
        ("p: {elbow: nan rad, slide: 1 mm}", "p.elbow: 'nan rad'"),
        ("p: {elbow: -1.01 rad, slide: 1 mm}", r"-1\.0000 to 1\.5708 rad \(-57\.3 to 90\.0 deg\)"),
        ("p: {elbow: 91 deg, slide: 1 mm}", "'91 deg'.*the URDF allows"),
        ("p: {elbow: 1 rad, slide: 31 mm}", r"0\.0000 to 0\.0300 m$"),
        ("p: {elbow: 1 rad, elbow: 2 rad, slide: 0 m}", "line 1: 'elbow stands twice'"),
        ("p: {elbow: 1 rad, slide: 0 m}\np: {elbow: 1 rad, slide: 0 m}", "p stands twice"),
    ],
)
def test_a_pose_that_cannot_be_taken_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        read_poses(text, ARM, "poses.yaml")


def test_a_pose_of_the_arm_need_not_name_the_gripper_which_then_stays_as_it_is():
    pose = read_poses("p: {elbow: 1 rad}", ARM)["p"]
    assert pose == {"elbow": 1.0}
    assert completed(pose, ARM) == {"elbow": 1.0, "slide": 0.0}
    assert completed({"elbow": 1.0, "slide": 0.02}, ARM) == {"elbow": 1.0, "slide": 0.02}


@pytest.mark.parametrize("name", ["off", "010", "yes", "1e3", "12:30", "null", "2026-11-30"])
def test_a_pose_has_the_name_that_stands_in_the_file(name):
    assert list(read_poses(f"{name}: {{elbow: 1 rad, slide: 0 m}}", ARM)) == [name]


def test_a_limit_that_is_just_exceeded_is_told_with_the_digits_that_show_it():
    with pytest.raises(ConfigError, match=r"'1.570799 rad' .*to 1\.570796 rad"):
        read_poses("p: {elbow: 1.570799 rad, slide: 0 m}", ARM)


def test_errors_name_the_file_and_the_pose():
    with pytest.raises(ConfigError, match=r"^poses\.yaml: home\.elbow"):
        read_poses("home: {elbow: 9 rad, slide: 0 m}", ARM, "poses.yaml")
