"""Which joints are the gripper's, by structure and names."""

from __future__ import annotations

import pytest

from armature.core.model.gripper import facing
from armature.core.model.urdf import read_urdf

LIMIT = '<limit lower="-1" upper="1" velocity="1" effort="1"/>'


def arm(*rows):
    """An arm of joints given as (name, kind, parent, child, what it mimics)."""
    links = dict.fromkeys(link for _, _, parent, child, *_ in rows for link in (parent, child))
    text = "".join(f"<link name='{link}'/>" for link in links)
    for name, kind, parent, child, *mimic in rows:
        inside = ("" if kind == "fixed" else LIMIT) + "".join(f"<mimic joint='{leader}'/>" for leader in mimic)
        text += (
            f"<joint name='{name}' type='{kind}'><parent link='{parent}'/><child link='{child}'/>{inside}</joint>"
        )
    return read_urdf(f"<robot name='r'>{text}</robot>")


def gripper(*rows):
    found = arm(*rows)
    assert {*found.gripper_joints, *found.arm_joints} == set(found.driven)
    return [joint.name for joint in found.gripper_joints]


ELBOW = ("elbow", "revolute", "base", "fore")


@pytest.mark.parametrize(
    "name",
    [
        "gripper",
        "jointGripper",
        "left_finger",
        "gripper_joint_1",
        "Gripper",
        "GRIPPER_JOINT",
        "RightHandE",
        "claws",
        "moving-jaw",
        "finger2",
        "gen3_robotiq_85_left_knuckle_joint",
    ],
)
@pytest.mark.parametrize("kind", ["revolute", "continuous", "prismatic"])
def test_a_joint_is_the_grippers_by_its_name(name, kind):
    assert gripper(ELBOW, (name, kind, "fore", "tip")) == [name]


@pytest.mark.parametrize("name", ["handle", "joint6", "beforehand", "fingerprint_scanner"])
def test_a_word_that_only_contains_such_a_name_is_none(name):
    assert gripper(ELBOW, (name, "revolute", "fore", "tip")) == []


def test_a_slide_at_the_end_is_the_grippers_and_so_is_a_lone_follower_s_leader():
    assert gripper(ELBOW, ("carriage", "prismatic", "fore", "tip")) == ["carriage"]
    follower = ("rh_l1", "revolute", "fore", "other", "rh_r1")
    assert gripper(ELBOW, ("rh_r1", "revolute", "fore", "tip"), follower) == ["rh_r1"]
    assert gripper(ELBOW, follower, ("rh_r1", "revolute", "fore", "tip")) == ["rh_r1"]


def test_a_joint_is_the_grippers_by_the_link_that_it_moves():
    """A Koch v1.1 as exported from CAD: what carries the moving part is called gripper too."""
    roll = ("Revolute 6", "revolute", "fore", "gripper-static-motor_v2_1")
    assert gripper(ELBOW, roll, ("Revolute 7", "revolute", roll[3], "gripper-moving-part_1")) == ["Revolute 7"]


def test_what_carries_the_gripper_is_the_arms():
    """SO-100: wrist_roll moves a link that is called gripper."""
    roll = ("wrist_roll", "revolute", "fore", "gripper")
    assert gripper(ELBOW, roll, ("gripper", "revolute", "gripper", "jaw")) == ["gripper"]
    assert gripper(ELBOW, roll) == []
    assert gripper(ELBOW, ("hand_pitch", "revolute", "fore", "palm")) == []
    # Niryo Ned2, and many an arm whose gripper is one lump.
    assert gripper(ELBOW, ("joint_6", "revolute", "fore", "hand_link")) == []
    assert gripper(ELBOW, ("joint_6", "revolute", "fore", "gripper_base")) == []
    assert gripper(ELBOW, ("joint_6", "revolute", "fore", "left_finger")) == ["joint_6"]


def test_a_turning_gripper_beside_a_sliding_finger_are_both_the_grippers():
    """Interbotix: the servo's horn, and fingers that it moves."""
    rows = [("gripper", "continuous", "fore", "prop"), ("left_finger", "prismatic", "fore", "left")]
    assert gripper(ELBOW, *rows, ("right_finger", "prismatic", "fore", "right", "left_finger")) == [
        "gripper",
        "left_finger",
    ]


def test_a_joint_that_carries_the_tool_or_another_joint_of_the_arm_is_the_arms():
    slide = ("slide", "prismatic", "fore", "plate")
    assert gripper(ELBOW, slide, ("fix", "fixed", "plate", "tool0")) == []
    assert gripper(ELBOW, slide, ("wrist_roll", "revolute", "plate", "tip")) == []
    assert gripper(ELBOW, slide, ("jaw", "revolute", "plate", "tip")) == ["jaw"]
    assert gripper(ELBOW, ("hand", "revolute", "fore", "palm"), ("thumb", "revolute", "palm", "tip")) == [
        "hand",
        "thumb",
    ]


def test_a_lone_joint_is_an_arm_whatever_it_is_called():
    assert gripper(("gripper", "prismatic", "base", "jaw")) == []
    assert (
        gripper(("left_finger", "revolute", "base", "left"), ("right_finger", "revolute", "base", "right")) == []
    )


def test_the_order_in_the_file_does_not_matter():
    rows = [("gripper", "revolute", "hand", "jaw"), ("wrist_roll", "revolute", "fore", "hand"), ELBOW]
    assert gripper(*rows) == gripper(*reversed(rows)) == ["gripper"]


def test_the_tool_is_the_outermost_link_of_the_arm_in_whatever_order_its_joints_stand():
    rows = [("gripper", "revolute", "hand", "jaw"), ("wrist_roll", "revolute", "fore", "hand"), ELBOW]
    assert arm(*rows).tool == arm(*reversed(rows)).tool == "hand"
    assert arm(*rows, ("fix", "fixed", "fore", "tool0")).tool == "tool0"
    assert arm(("lone", "fixed", "base", "plate")).tool == "base"
    assert [joint.name for joint in arm(*rows).chain("jaw")] == ["gripper", "wrist_roll", "elbow"]


@pytest.mark.parametrize(
    ("bounds", "signs"),
    [
        ([("m", 0.0, 0.03)], (1.0,)),
        ([("m", 0.0, 0.03), ("m", 0.0, 0.03)], (1.0, 1.0)),
        ([("m", 0.0, 0.03), ("m", -0.03, 0.0)], (1.0, -1.0)),
        ([("m", -0.02, 0.02), ("m", -0.02, 0.02)], (1.0, 1.0)),
        ([("m", 0.0, 0.03), ("m", 0.0, 0.02)], (1.0, 0.0)),
        ([("rad", 0.0, 1.0), ("m", 0.0, 1.0)], (1.0, 0.0)),
    ],
)
def test_fingers_move_as_one_where_their_limits_are_alike_or_mirrored(bounds, signs):
    assert facing(bounds) == signs
