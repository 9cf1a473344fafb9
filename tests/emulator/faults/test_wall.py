"""A wall stops what runs into it, and is away when it is taken away."""

from __future__ import annotations

import math

import pytest

from armature.core.model.urdf import read_urdf
from armature.emulator.faults.catalogue import FAULTS, make
from armature.emulator.physics.mujoco_plant import MujocoPlant
from armature.errors import ConfigError

BAR = """<robot name="bar"><link name="base">
<collision><geometry><sphere radius="0.05"/></geometry></collision></link>
<link name="bar"><inertial><origin xyz="0.1 0 0"/><mass value="0.5"/>
<inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial>
<collision><origin xyz="0.4 0 0"/><geometry><sphere radius="0.02"/></geometry></collision></link>
<joint name="swing" type="revolute"><parent link="base"/><child link="bar"/><axis xyz="0 0 1"/>
<limit lower="-2" upper="2" velocity="3" effort="20"/></joint></robot>"""
AHEAD = (-1.0, 0.0, 0.0)


@pytest.fixture
def plant():
    return MujocoPlant(read_urdf(BAR), {"swing": 0.01}, {"swing": 1.2})


def drive(plant, torque, seconds=1.0):
    for _ in range(round(seconds * 1000)):
        plant.step(1e-3, [torque])
    return plant.positions[0]


def test_it_stops_a_link_that_touches_it_and_nothing_goes_through(plant):
    plant.build_wall(AHEAD, 0.3)
    touching = math.acos((0.3 - 0.02) / 0.4)
    assert drive(plant, -1.0) == pytest.approx(touching, abs=0.01)


def test_it_is_nothing_to_what_goes_away_from_it(plant):
    plant.build_wall(AHEAD, 0.3)
    assert drive(plant, 1.0) == pytest.approx(2.0, abs=0.01)


def test_what_stands_still_in_it_is_no_matter():
    plant = MujocoPlant(read_urdf(BAR), {"swing": 0.01}, {"swing": 1.2})
    plant.build_wall((0.0, 0.0, 1.0), 0.03)  # the floor, with the foot of the base in it
    assert drive(plant, 1.0) == pytest.approx(2.0, abs=0.01)


def test_taken_away_it_stops_nothing(plant):
    plant.build_wall(AHEAD, 0.3)
    plant.remove_wall()
    assert drive(plant, -1.0) == pytest.approx(-2.0, abs=0.01)


def test_it_is_refused_where_a_link_stands_already_and_leaves_nothing_behind(plant):
    with pytest.raises(ConfigError, match=r"0.1 m from the base.*bar is 0.065 m in it; put it farther away"):
        plant.build_wall(AHEAD, 0.1)
    assert drive(plant, -1.0) == pytest.approx(-2.0, abs=0.01)


@pytest.mark.parametrize(("name", "value"), [("distance", "7"), ("azimuth", "nan"), ("elevation", "2")])
def test_a_number_out_of_its_bounds_is_refused(name, value):
    assert "wall" in FAULTS
    with pytest.raises(ConfigError, match=name):
        make("wall", None, {name: value})
