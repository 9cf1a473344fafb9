"""A limp joint: the friction of its gears, and where its range of motion ends."""

from __future__ import annotations

import pytest

from armature.core.model.urdf import read_urdf
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.bus.bus import mujoco_plant

URDF = """<robot name="r"><link name="base"/>
<link name="bar"><inertial><origin xyz="0.1 0 0"/><mass value="MASS"/>
  <inertia ixx="1e-3" ixy="0" ixz="0" iyy="1e-3" iyz="0" izz="1e-3"/></inertial></link>
<joint name="swing" type="continuous"><parent link="base"/><child link="bar"/><axis xyz="0 1 0"/>DYNAMICS</joint>
</robot>"""
SERVO = "{id: 1, model: XM430-W350, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad RANGE}"
STALL = 4.1  # [N·m]


def plant_of(torque, dynamics="", range_="", start=0.0):
    """A horizontal bar, whose weight turns it by so much [N·m]."""
    arm = read_urdf(URDF.replace("MASS", repr(torque / 0.1 / 9.81)).replace("DYNAMICS", dynamics))
    wiring = Wiring.from_yaml(
        f"bus: {{baud_rate: 1 Mbps}}\njoints: {{swing: {SERVO.replace('RANGE', range_)}}}", arm
    )
    return mujoco_plant(arm, wiring, {"swing": start})


def limp(*given, **more):
    """Where it is after two seconds without torque."""
    plant = plant_of(*given, **more)
    for _ in range(2000):
        plant.step(0.001, [None])
    return plant.positions[0]


@pytest.mark.parametrize(("share", "holds"), [(0.03, True), (0.04, False)])
def test_gears_hold_up_to_three_and_a_half_hundredths_of_the_stall_torque(share, holds):
    assert (limp(share * STALL) == pytest.approx(0.0, abs=0.01)) is holds


def test_less_friction_that_the_urdf_gives_is_not_less_of_the_gears():
    assert limp(0.03 * STALL, '<dynamics friction="0.05"/>') == pytest.approx(0.0, abs=0.01)


def test_a_joint_whose_servo_is_on_is_as_free_as_the_urdf_says():
    plant = plant_of(0.0)
    for _ in range(500):
        plant.step(0.001, [0.02 * STALL])
    assert plant.positions[0] > 0.1


def test_a_joint_without_stops_goes_no_farther_than_its_range():
    assert limp(0.2 * STALL, range_=", range: [-20 deg, 40 deg]") == pytest.approx(0.698, abs=0.01)


@pytest.mark.parametrize(("start", "stays"), [(0.0, True), (0.05, True), (0.2, False)])
def test_an_arm_lies_where_it_rests_and_hangs_elsewhere(start, stays):
    plant = plant_of(0.2 * STALL, start=start)
    plant.set_rest({"swing": 0.0})
    for _ in range(500):
        plant.step(0.001, [None])
    assert (plant.positions[0] == pytest.approx(start, abs=0.01)) is stays


def test_what_it_rests_on_takes_nothing_from_a_servo_that_is_on():
    plant = plant_of(0.0)
    plant.set_rest({"swing": 0.0})
    for _ in range(500):
        plant.step(0.001, [0.02 * STALL])
    assert plant.positions[0] > 0.1
