"""What MuJoCo could not take of a URDF is refused with the reason."""

from __future__ import annotations

import pytest

from armature.core.model.urdf import read_urdf
from armature.emulator.physics.mujoco_plant import MujocoPlant
from armature.errors import ConfigError

LINK = """
<robot name="one">
  <link name="base"/>
  <link name="tip">{tip}</link>
  <joint name="turn" type="{kind}"><parent link="base"/><child link="tip"/><axis xyz="0 0 1"/>
    <limit lower="-1" upper="1" effort="1" velocity="1"/></joint>
</robot>
"""
INERTIA = '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'
MESH = INERTIA + '<collision><geometry><mesh filename="no/such.stl"/></geometry></collision>'


@pytest.mark.parametrize(
    ("tip", "kind", "remedy"),
    [
        (MESH, "revolute", "'no/such.stl'.*its file was not read with the URDF"),
        (INERTIA.replace('izz="1"', 'izz="9"'), "revolute", "no body has the principal moments 1, 1, 9"),
    ],
)
def test_what_mujoco_could_not_take_comes_with_a_remedy_of_its_own(tip, kind, remedy):
    with pytest.raises(ConfigError, match=remedy):
        MujocoPlant(read_urdf(LINK.format(tip=tip, kind=kind)), {"turn": 0.0}, {"turn": 0.0})
