from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from armature.core.kinematics.collision import CollisionModel
from armature.core.model.poses import read_poses
from armature.core.model.urdf import read_urdf

ROOT = Path(__file__).resolve().parents[3]
# A pole of 0.5 m on a base, and on its end a second one that can fold back onto the base.
INERTIA = '<mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/>'


def link(name, at, size):
    shape = f'<collision><origin xyz="{at}"/><geometry><box size="{size}"/></geometry></collision>'
    return f'<link name="{name}"><inertial>{INERTIA}</inertial>{shape}</link>'


def joint(name, kind, parent, child, at, axis, limit, more=""):
    bounds = f'<limit lower="{limit[0]}" upper="{limit[1]}" velocity="1" effort="1"/>'
    ends = f'<parent link="{parent}"/><child link="{child}"/><origin xyz="{at}"/><axis xyz="{axis}"/>'
    return f'<joint name="{name}" type="{kind}">{ends}{bounds}{more}</joint>'


FOLDING = "".join(
    (
        '<robot name="folding">',
        link("base", "0 0 0.1", "0.2 0.2 0.2"),
        link("pole", "0 0 0.25", "0.05 0.05 0.4"),
        link("arm", "0.3 0 0", "0.5 0.05 0.05"),
        link("finger", "0 0.06 0", "0.02 0.02 0.02"),
        link("other", "0 -0.06 0", "0.02 0.02 0.02"),
        joint("turn", "revolute", "base", "pole", "0 0 0.2", "0 0 1", (-3, 3)),
        joint("fold", "revolute", "pole", "arm", "0 0 0.5", "0 1 0", (-3, 3)),
        joint("grip", "prismatic", "arm", "finger", "0.6 0 0", "0 -1 0", (0, 0.1)),
        joint("grip2", "prismatic", "arm", "other", "0.6 0 0", "0 1 0", (0, 0.1), '<mimic joint="grip"/>'),
        "</robot>",
    )
)
JOINTS = ("turn", "fold", "grip")


@pytest.fixture(scope="module")
def model():
    return CollisionModel(read_urdf(FOLDING))


def way(model, start, end):
    return model.first_contact(JOINTS, np.array(start), np.array(end))


def test_a_free_way_has_no_contact(model):
    assert way(model, (0.0, 0.0, 0.0), (2.0, 0.5, 0.02)) is None


def test_folding_onto_the_base_or_the_floor_is_named_with_the_place(model):
    contact = way(model, (0.0, 0.0, 0.0), (0.0, 1.9, 0.0))
    assert contact is not None
    assert {contact.first, contact.second} <= {"arm", "base", "finger", "other", "floor"}
    assert 0.3 < contact.fraction < 1.0


def test_the_contact_is_the_first_one_on_the_way(model):
    whole = way(model, (0.0, 0.0, 0.0), (0.0, 1.9, 0.0))
    before = 1.9 * (whole.fraction - 0.03)
    assert way(model, (0.0, 0.0, 0.0), (0.0, before, 0.0)) is None


def test_a_part_that_mimics_meets_the_other():
    arm = replace(read_urdf(FOLDING), gripper=())  # whose fingers may touch
    contact = way(CollisionModel(arm), (0.0, 0.0, 0.0), (0.0, 0.0, 0.08))
    assert (contact.first, contact.second) == ("finger", "other")
    # The gap of 0.10 m closes at 0.05 m.
    assert 0.08 * contact.fraction == pytest.approx(0.05, abs=0.021)


def test_a_contact_that_is_there_already_does_not_keep_the_arm_from_leaving_it(model):
    touching = way(model, (0.0, 0.0, 0.0), (0.0, 1.9, 0.0))
    deep = 1.9 * touching.fraction + 0.02
    assert way(model, (0.0, deep, 0.0), (0.0, 0.0, 0.0)) is None
    assert way(model, (0.0, deep, 0.0), (0.0, deep + 0.2, 0.0)) is not None


def test_the_base_may_stand_on_the_floor(model):
    assert way(model, (0.0, 0.0, 0.0), (0.1, 0.0, 0.0)) is None


@pytest.mark.parametrize("robot", ["armature6", "open_manipulator_x"])
def test_every_named_pose_of_our_arms_can_be_parked_from(robot):
    urdf = (ROOT / "urdf" / f"{robot}.urdf").read_text("utf-8")
    own = ROOT / "config" / "robots" / robot / "poses.yaml"
    poses_file = own if own.is_file() else ROOT / "config" / "poses.yaml"
    arm = read_urdf(urdf)
    poses = read_poses(poses_file.read_text("utf-8"), arm)
    joints = tuple(joint.name for joint in arm.driven)
    model = CollisionModel(arm)
    end = np.array([poses["park"][joint] for joint in joints])
    blocked = {
        name: model.first_contact(joints, np.array([pose[joint] for joint in joints]), end)
        for name, pose in poses.items()
    }
    assert {name: contact for name, contact in blocked.items() if contact is not None} == {}


def test_our_arm_driven_into_the_floor_is_stopped_before(model):
    urdf = (ROOT / "urdf" / "armature6.urdf").read_text("utf-8")
    arm = read_urdf(urdf)
    joints = ("shoulder", "elbow")
    contact = CollisionModel(arm).first_contact(joints, np.array([0.0, 0.0]), np.array([1.9, 0.5]))
    assert contact is not None
    assert "floor" in (contact.first, contact.second)


def test_a_joint_that_the_arm_has_not_is_an_error(model):
    with pytest.raises(KeyError, match="knee"):
        model.first_contact(("knee",), np.zeros(1), np.ones(1))
