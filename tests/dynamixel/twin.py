"""An arm on virtual time whose boom is turned by two servos, which face each other."""

from __future__ import annotations

from typing import Any

from armature.core.model.urdf import read_urdf
from armature.dynamixel.wiring.arm import Wiring

from .virtual import Bench

URDF = """<robot name="twin"><link name="base"/>
<link name="column"><inertial><mass value="0.5"/>
  <inertia ixx="1e-3" ixy="0" ixz="0" iyy="1e-3" iyz="0" izz="1e-3"/></inertial></link>
<joint name="waist" type="revolute"><parent link="base"/><child link="column"/><axis xyz="0 0 1"/>
  <limit lower="-2" upper="2" velocity="2" effort="4"/><dynamics friction="0.05" damping="0.05"/></joint>
<link name="boom"><inertial><origin xyz="0.2 0 0"/><mass value="0.6"/>
  <inertia ixx="1e-3" ixy="0" ixz="0" iyy="1e-3" iyz="0" izz="1e-3"/></inertial></link>
<joint name="boom" type="revolute"><parent link="column"/><child link="boom"/><axis xyz="0 -1 0"/>
  <origin xyz="0 0 0.5"/>
  <limit lower="-1.8" upper="1.8" velocity="2" effort="15"/>
  <dynamics friction="0.1" damping="0.1"/></joint></robot>"""
ARM = read_urdf(URDF)
TEXT = """
bus: {baud_rate: 1000000 bit/s}
joints:
  waist: {id: 1, model: XM430-W350, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad}
  boom:
    {id: 2, model: XM540-W270, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad,
     second: {id: 12, direction: -1, zero_offset: 180 deg}}
"""
WIRING = Wiring.from_yaml(TEXT, ARM)
FIRST, SECOND = "boom", "boom_second"
JOINTS = WIRING.joints
PARK = {"waist": 0.0, "boom": -1.5}


def twin(boom: float = 0.3, wiring: Wiring = WIRING, **settings: Any) -> Bench:
    """A bench with this arm, its boom at a place [rad]; at 0 it is level."""
    return Bench({"waist": 0.0, "boom": boom}, arm=ARM, wiring=wiring, **settings)
