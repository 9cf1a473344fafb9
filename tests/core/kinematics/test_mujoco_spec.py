"""What MuJoCo is given of a URDF: names, masses and limits as URDF means them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from armature.core.kinematics.collision import Clearances
from armature.core.kinematics.drive_ratings import ratings_from_urdf
from armature.core.kinematics.dynamics import Torques
from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.urdf import read_urdf
from armature.emulator.physics.mujoco_plant import MujocoPlant

BOX = '<collision name="floor"><geometry><sphere radius="0.05"/></geometry></collision>'
INERTIAL = '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'
LIMIT = '<limit lower="-1" upper="1" velocity="1" effort="9"/>'


def chain(*names, inside=BOX + INERTIAL, limit=LIMIT, kind="revolute"):
    """Links on one another, 1 m apart along x, each turning about y; joints are called as their links."""
    links = "".join(f'<link name="{name}">{inside}</link>' for name in names)
    joints = "".join(
        f'<joint name="{child}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="1 0 1"/><axis xyz="0 1 0"/>{limit}</joint>'
        for parent, child in pairwise(names)
    )
    return f'<robot name="floor">{links}{joints}</robot>'


NAMES = [
    "joint-1",
    "joint 1",
    "arm.joint1",
    "1",
    "gelenk_ä",
    "floor",
    "payload",
    "world",
    "armature wall",
    "the floor",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_name_of_a_link_serves(name, place):
    names = ["base", "upper", "lower"]
    names[place] = name
    arm = read_urdf(chain(*names))
    mechanics = Mechanics(arm, tuple(names[1:]), tool=names[2], payload=0.5)
    mechanics.set_position(np.zeros(2))
    assert mechanics.translation(mechanics.frame(names[2])) == pytest.approx([2.0, 0.0, 2.0])
    near = Clearances(mechanics, 5.0).at(np.zeros(2))
    assert near[min(names[0], names[2]), max(names[0], names[2])] == pytest.approx(np.hypot(2.0, 2.0) - 0.1)
    assert near[names[2], mechanics.floor] == pytest.approx(1.95)
    assert mechanics.floor not in names
    plant = MujocoPlant(arm, {names[1]: 0.1, names[2]: 0.1}, {names[1]: 0.0, names[2]: 0.0})
    assert plant.frame_position(names[2]) == pytest.approx((2.0, 0.0, 2.0))


def test_a_link_called_as_the_floor_can_be_told_from_it():
    mechanics = Mechanics(read_urdf(chain("base", "floor")), ("floor",), allowed_pairs=[("the floor", "floor")])
    assert mechanics.floor == "the floor"
    assert Clearances(mechanics, 5.0).at(np.zeros(1)) == {}


def weight(arm):
    torques = Torques(Mechanics(arm, ("a", "b")), ratings_from_urdf(arm))
    return torques.loads(np.zeros((1, 2)))[0]


def test_a_link_without_inertia_has_no_mass_whatever_its_shapes():
    light = chain("base", "a", "b").replace(f'<link name="b">{BOX}{INERTIAL}', f'<link name="b">{BOX}')
    assert weight(read_urdf(light)) == pytest.approx([0.0, 0.0], abs=1e-6)
    assert weight(read_urdf(chain("base", "a", "b"))) == pytest.approx([-9.81, 0.0], abs=1e-6)


def test_an_arm_without_any_mass_can_be_emulated():
    plant = MujocoPlant(read_urdf(chain("base", "a", "b", inside="")), {"a": 0.1, "b": 0.1}, {"a": 0.0, "b": 0.0})
    for _ in range(100):
        plant.step(0.001, [0.1, 0.0])
    assert plant.positions == pytest.approx([0.5 * 1.0 * 0.1**2, 0.0], abs=5e-4)


@pytest.mark.parametrize("moments", [(0.00012, 0.00011, 0.000231), (0.0, 0.0, 0.0), (0.0, 1e-5, 1e-5)])
def test_rounded_moments_are_taken_by_mujoco(moments):
    inertia = '<inertia ixx="{}" iyy="{}" izz="{}" ixy="0" ixz="0" iyz="0"/>'.format(*moments)
    inside = f'<inertial><mass value="1"/>{inertia}</inertial>'
    mechanics = Mechanics(read_urdf(chain("base", "a", inside=inside)), ("a",))
    assert sorted(mechanics.model.body_inertia[2]) == pytest.approx(sorted(moments), abs=2e-6)


def test_limits_that_are_left_out_are_zero_and_stop_the_emulated_arm():
    plant = MujocoPlant(read_urdf(chain("base", "a", limit='<limit upper="1"/>')), {"a": 0.1}, {"a": 0.5})
    for _ in range(2000):
        plant.step(0.001, [-20.0])
    assert plant.positions[0] == pytest.approx(0.0, abs=0.02)


def test_what_mujoco_warns_of_goes_to_the_log_and_into_no_file_of_the_working_folder(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.chdir(tmp_path)
    plant = MujocoPlant(read_urdf(chain("base", "arm")), {"arm": 0.0}, {"arm": 0.0})
    plant.step(0.001, [1e300])
    assert "The simulation is unstable" in caplog.text
    assert list(tmp_path.iterdir()) == []
