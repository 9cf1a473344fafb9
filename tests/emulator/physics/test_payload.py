"""A payload weighs where the tool is."""

from __future__ import annotations

import pytest

from armature.core.model.urdf import read_urdf
from armature.emulator.physics.mujoco_plant import MujocoPlant

GRAVITY = 9.81
MASS, CENTRE, REACH = 0.5, 0.1, 0.4
BAR = f"""<robot name="bar"><link name="base"/><link name="bar"><inertial><origin xyz="{CENTRE} 0 0"/>
<mass value="{MASS}"/><inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial></link>
<link name="tool0">TOOL</link>
<joint name="swing" type="revolute"><parent link="base"/><child link="bar"/><axis xyz="0 1 0"/>
<limit lower="-2" upper="2" velocity="3" effort="20"/></joint>
<joint name="tool0_joint" type="fixed"><parent link="bar"/><child link="tool0"/><origin xyz="{REACH} 0 0"/></joint>
</robot>"""
HEAVY = """<inertial><origin xyz="0.05 0 0"/><mass value="0.2"/>
<inertia ixx="1e-5" iyy="1e-5" izz="1e-5" ixy="0" ixz="0" iyz="0"/></inertial>"""


@pytest.mark.parametrize("payload", [0.0, 0.25, 2.0])
@pytest.mark.parametrize(("tool", "moment"), [("", 0.0), (HEAVY, 0.2 * (REACH + 0.05))], ids=["frame", "heavy"])
def test_the_torque_that_holds_it_is_its_weight_by_the_reach_of_the_tool(tool, moment, payload):
    plant = MujocoPlant(read_urdf(BAR.replace("TOOL", tool)), {"swing": 0.01}, {"swing": 0.0})
    plant.set_payload(payload)
    held = -GRAVITY * (MASS * CENTRE + moment + payload * REACH)
    for _ in range(100):
        plant.step(1e-3, [held])
    assert plant.positions[0] == pytest.approx(0.0, abs=1e-6)


def test_what_is_let_go_weighs_nothing_any_more():
    plant = MujocoPlant(read_urdf(BAR.replace("TOOL", HEAVY)), {"swing": 0.01}, {"swing": 0.0})
    plant.set_payload(1.0)
    plant.set_payload(0.0)
    held = -GRAVITY * (MASS * CENTRE + 0.2 * (REACH + 0.05))
    plant.step(1e-3, [held])
    assert plant.velocities[0] == pytest.approx(0.0, abs=1e-9)


def test_an_arm_without_tool0_carries_it_at_its_outermost_link():
    turning = '<axis xyz="0 1 0"/><limit lower="-1" upper="1" velocity="1" effort="9"/></joint></robot>'
    urdf = BAR.replace("TOOL", "").replace('"tool0"', '"world"')  # as MuJoCo calls its own body
    urdf = urdf.replace("fixed", "revolute").replace("tool0_joint", "wrist").replace("</joint>\n</robot>", turning)
    plant = MujocoPlant(read_urdf(urdf), {"swing": 0.01, "wrist": 0.01}, {"swing": 0.0, "wrist": 0.0})
    plant.set_payload(0.25)
    for _ in range(100):
        plant.step(1e-3, [-GRAVITY * (MASS * CENTRE + 0.25 * REACH), 0.0])
    assert plant.positions[0] == pytest.approx(0.0, abs=1e-6)
