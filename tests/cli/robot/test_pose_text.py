"""A pose more or less in the text of a file of poses: everything else stays as it is written."""

from __future__ import annotations

import math
import random

import pytest

from armature.cli.robot.pose_text import with_pose, without_pose
from armature.core.model.arm import Limit
from armature.core.model.poses import read_poses
from armature.core.model.urdf import read_urdf
from armature.errors import ConfigError

ARM = read_urdf("""<robot name="r"><link name="a"/><link name="b"/><link name="c"/>
<joint name="elbow 1" type="revolute"><parent link="a"/><child link="b"/>
  <limit lower="-1.9" upper="1.5707963" velocity="3" effort="1"/></joint>
<joint name="gripper" type="prismatic"><parent link="b"/><child link="c"/>
  <limit lower="0" upper="0.03" velocity="0.1" effort="1"/></joint></robot>""")
TEXT = """# Poses of r.
park:          # folded
  elbow 1: -90 deg   # on its stop
  gripper: 12 mm
# Ready to work.
home:
  "elbow 1": '0.5 rad'
# the end
"""
POSE = {"elbow 1": 0.25, "gripper": 0.02}


def test_a_new_pose_stands_at_the_end_and_all_else_stays():
    changed = with_pose(TEXT, "look", POSE, ARM)
    assert changed == TEXT + 'look:\n  "elbow 1": 14.324 deg\n  gripper: 20 mm\n'


def test_the_numbers_of_a_pose_that_is_there_are_replaced_in_their_units_and_its_comments_stay():
    changed = with_pose(TEXT, "park", POSE, ARM)
    assert changed == TEXT.replace("-90 deg", "14.324 deg").replace("12 mm", "20 mm")


def test_a_joint_that_a_pose_left_out_comes_behind_its_last_one():
    changed = with_pose(TEXT, "home", POSE, ARM)
    assert changed == TEXT.replace("'0.5 rad'\n", "'0.25 rad'\n  gripper: 20 mm\n")


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("", 'look:\n  "elbow 1": 14.324 deg\n  gripper: 20 mm\n'),
        ("# none yet\n", '# none yet\nlook:\n  "elbow 1": 14.324 deg\n  gripper: 20 mm\n'),
        ("{}", '{look: {"elbow 1": 14.324 deg, gripper: 20 mm}}'),
        ("{p: {elbow 1: 1 rad}}", '{p: {elbow 1: 1 rad}, look: {"elbow 1": 14.324 deg, gripper: 20 mm}}'),
        ("look: {elbow 1: 1 rad} # here", "look: {elbow 1: 0.25 rad, gripper: 20 mm} # here"),
        ("p: {elbow 1: 1 rad}", 'p: {elbow 1: 1 rad}\nlook:\n  "elbow 1": 14.324 deg\n  gripper: 20 mm\n'),
        (
            "p:\r\n  elbow 1: 1 rad\r\n",
            'p:\r\n  elbow 1: 1 rad\r\nlook:\r\n  "elbow 1": 14.324 deg\r\n  gripper: 20 mm\r\n',
        ),
        (
            "  p: {elbow 1: 1 rad}\n",
            '  p: {elbow 1: 1 rad}\n  look:\n    "elbow 1": 14.324 deg\n    gripper: 20 mm\n',
        ),
    ],
)
def test_whatever_the_file_looks_like_it_is_read_as_before_with_the_pose(text, changed):
    assert with_pose(text, "look", POSE, ARM) == changed
    assert read_poses(changed, ARM)["look"] == pytest.approx(POSE, abs=2e-5)


@pytest.mark.parametrize(
    "text",
    [
        "p: &p {elbow 1: 1 rad}\nlook: *p\n",
        "p: &p {elbow 1: 1 rad}\nlook: {<<: *p}\n",
        "look:\n  elbow 1: |-\n    1 rad\n",
    ],
)
def test_what_does_not_stand_in_a_place_of_its_own_is_refused(text):
    with pytest.raises(ConfigError, match=r"poses.yaml: look"):
        with_pose(text, "look", POSE, ARM)


@pytest.mark.parametrize("end", [1.04801, 1.04802, 1.04803, 1.5707963, 1.9])
def test_a_pose_at_a_limit_is_rounded_inward(end):
    arm = ARM.limited({"elbow 1": Limit(-end, end, 3.0, 1.0)})
    for place in (-end, end):
        changed = with_pose("", "stop", {"elbow 1": place, "gripper": 0.03}, arm)
        assert read_poses(changed, arm)["stop"]["elbow 1"] == pytest.approx(place, abs=4e-5)


def test_a_pose_beyond_a_limit_is_refused():
    with pytest.raises(ConfigError, match="the URDF allows"):
        with_pose(TEXT, "far", {"elbow 1": 2.0, "gripper": 0.0}, ARM)


def test_random_poses_come_back_as_they_were_written_and_leave_all_others():
    drawn, text = random.Random(1), TEXT
    for number in range(50):
        pose = {"elbow 1": drawn.uniform(-1.9, math.pi / 2 - 1e-6), "gripper": drawn.uniform(0.0, 0.03)}
        name = drawn.choice(["park", "home", f"p{number}"])
        before = read_poses(text, ARM)
        text = with_pose(text, name, pose, ARM)
        after = read_poses(text, ARM)
        assert after.pop(name) == pytest.approx(pose, abs=2e-5)
        before.pop(name, None)
        assert after == before
    assert text.startswith("# Poses of r.\npark:          # folded\n")
    assert "# Ready to work." in text


def test_a_pose_is_taken_out_with_its_lines_alone():
    assert without_pose(TEXT, "home", ARM) == TEXT.replace("home:\n  \"elbow 1\": '0.5 rad'\n", "")
    assert (
        without_pose(TEXT, "park", ARM)
        == "# Poses of r.\n# Ready to work.\nhome:\n  \"elbow 1\": '0.5 rad'\n# the end\n"
    )
    only = 'look:\n  "elbow 1": 14.324 deg\n  gripper: 20 mm\n'
    assert without_pose(only, "look", ARM) == ""
    assert without_pose(f"p: {{elbow 1: 1 rad}}\n{only}", "p", ARM) == only


@pytest.mark.parametrize(("text", "name"), [(TEXT, "nowhere"), ("{p: {elbow 1: 1 rad}}", "p")])
def test_a_pose_without_lines_of_its_own_is_not_taken_out(text, name):
    with pytest.raises(ConfigError, match="remove it by hand"):
        without_pose(text, name, ARM)
