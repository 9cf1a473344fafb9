"""An arm of two axes in three files, of which tests spoil one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

URDF = """<?xml version="1.0"?>
<robot name="my_arm">
  <link name="base_link"/>
  <joint name="shoulder" type="revolute">
    <parent link="base_link"/><child link="upper_arm"/><origin xyz="0 0 0.1"/><axis xyz="0 1 0"/>
    <limit lower="-1.9" upper="1.9" velocity="3" effort="4"/>
  </joint>
  <link name="upper_arm">
    <inertial>
      <origin xyz="0 0 0.1"/><mass value="0.2"/>
      <inertia ixx="7e-4" iyy="7e-4" izz="1e-5" ixy="0" ixz="0" iyz="0"/>
    </inertial>
    <collision><origin xyz="0 0 0.1"/><geometry><cylinder radius="0.02" length="0.14"/></geometry></collision>
  </link>
  <joint name="elbow" type="revolute">
    <parent link="upper_arm"/><child link="forearm"/><origin xyz="0 0 0.2"/><axis xyz="0 1 0"/>
    <limit lower="-2.4" upper="2.4" velocity="3" effort="4"/>
  </joint>
  <link name="forearm">
    <inertial>
      <origin xyz="0 0 0.075"/><mass value="0.1"/>
      <inertia ixx="2e-4" iyy="2e-4" izz="1e-5" ixy="0" ixz="0" iyz="0"/>
    </inertial>
    <collision><origin xyz="0 0 0.075"/><geometry><cylinder radius="0.02" length="0.09"/></geometry></collision>
  </link>
</robot>
"""
SERVOS = """bus:
  baud_rate: 1000000 bit/s
joints:
  shoulder: {id: 1, model: XM430-W350, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad}
  elbow: {id: 2, model: XM430-W350, direction: -1, zero_offset: 180 deg, reduction: 1 rad/rad}
"""
POSES = """park: {shoulder: -108 deg, elbow: 137 deg}
home: {shoulder: -20 deg, elbow: 40 deg}
"""
FILES = {"my_arm.urdf": URDF, "servos.yaml": SERVOS, "poses.yaml": POSES}


def write_arm(folder: Path, others: Mapping[str, str | bytes] | None = None) -> Path:
    """Write the files of the arm.

    Args:
        folder: to be made.
        others: files in place of its own, or beside them, by their names.
    """
    folder.mkdir(exist_ok=True)
    for name, text in {**FILES, **(others or {})}.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder
