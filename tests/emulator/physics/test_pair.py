from __future__ import annotations

import pytest

from armature.core.model.urdf import read_urdf
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.servo.actuator import actuators
from armature.emulator.servo.motor import rotor_inertia
from armature.errors import ConfigError

BOOM = """<robot name="boom"><link name="base"/><link name="boom">
  <inertial><origin xyz="0.2 0 0"/><mass value="1"/>
  <inertia ixx="1e-3" ixy="0" ixz="0" iyy="1e-3" iyz="0" izz="1e-3"/></inertial></link>
<joint name="boom" type="revolute"><parent link="base"/><child link="boom"/><axis xyz="0 -1 0"/>
  <limit lower="-1" upper="1" velocity="2" effort="15"/><dynamics friction="0" damping="0.1"/></joint></robot>"""
ARM = read_urdf(BOOM)
ALONE = "joints: {boom: {id: 1, model: XM540-W270, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad"
SECOND = ", second: {id: 2, direction: -1, zero_offset: 180 deg}"
WEIGHT = 9.81 * 0.2  # [N·m]


def bus(second: str = SECOND) -> EmulatedBus:
    wiring = Wiring.from_yaml(f"bus: {{baud_rate: 1000000 bit/s}}\n{ALONE}{second}}}}}", ARM)
    return EmulatedBus.of_arm(read_urdf(BOOM), wiring, {"boom": 0.0})


def holding(found: EmulatedBus, *names: str) -> EmulatedBus:
    """Half a second with the torque of some servos on, and their goals at level."""
    for name in names:
        found.servo(name).write(64, b"\x01")
        found.servo(name).write(116, (2048).to_bytes(4, "little"))
    for step in range(1, 51):
        found.advance(0.01 * step)
    return found


def torque(found: EmulatedBus, name: str) -> float:
    """Of a servo in the joint's direction [N·m]."""
    sign = -1.0 if name.endswith("second") else 1.0
    return sign * found.servo(name).drive.load * found.servo(name).model.stall_torque


def test_two_servos_share_the_load_of_one_joint():
    found = holding(bus(), "boom", "boom_second")
    assert torque(found, "boom") == pytest.approx(WEIGHT / 2, rel=0.02)
    assert torque(found, "boom_second") == pytest.approx(WEIGHT / 2, rel=0.02)
    sag = found.plant.positions[0]
    alone = holding(bus(""), "boom").plant.positions[0]
    assert sag == pytest.approx(alone / 2, rel=0.05)


@pytest.mark.parametrize(("on", "limp"), [("boom", "boom_second"), ("boom_second", "boom")])
def test_one_of_them_holds_alone_and_turns_the_other(on, limp):
    found = holding(bus(), on)
    assert torque(found, on) == pytest.approx(WEIGHT, rel=0.02)
    assert found.servo(limp).drive.load == 0.0
    first, second = (found.servo(name).drive.position for name in ("boom", "boom_second"))
    assert first + second == pytest.approx(2 * 2048)  # they face each other
    assert first != pytest.approx(2048, abs=1)


def test_with_both_limp_the_joint_falls():
    assert holding(bus()).plant.positions[0] < -0.5


def test_the_joint_feels_both_rotors_and_gazebo_gets_the_law_of_both():
    pair, alone = bus(), bus("")
    (two,), (one,) = (
        actuators(ARM, Wiring.from_yaml(f"bus: {{baud_rate: 1000000 bit/s}}\n{ALONE}{more}}}}}", ARM))
        for more in (SECOND, "")
    )
    assert two.rotor == pytest.approx(2 * one.rotor) == pytest.approx(2 * rotor_inertia(pair.servos[0].model))
    assert (two.effort, two.law.stiffness) == pytest.approx((2 * one.effort, 2 * one.law.stiffness))
    assert len(pair.servos) == len(alone.servos) + 1


def test_faults_strike_one_servo_by_its_name_and_an_unknown_one_is_refused():
    found = bus()
    assert [found.servo(name).servo_id for name in ("boom", "boom_second")] == [1, 2]
    with pytest.raises(ConfigError, match=r"'boom_third'.*joints are boom, boom_second"):
        found.servo("boom_third")
