"""Servos without Fast Sync Read beside one that knows it, on one bus; a 2XL is two servos in one housing."""

from __future__ import annotations

import pytest

from armature.core.model.urdf import read_urdf
from armature.dynamixel.protocol.discovery import survey
from armature.dynamixel.protocol.packet import Instruction
from armature.dynamixel.status.states import Mode
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.faults.catalogue import Overload
from armature.emulator.servo.rules import knows

from ..loop.test_loop_motion import move
from ..virtual import Bench


def link(name: str, parent: str, axis: str) -> str:
    """A light link and the joint that turns it."""
    return f"""<link name="{name}_link"><inertial><origin xyz="0.05 0 0"/><mass value="0.05"/>
  <inertia ixx="1e-4" ixy="0" ixz="0" iyy="1e-4" iyz="0" izz="1e-4"/></inertial></link>
<joint name="{name}" type="revolute"><parent link="{parent}"/><child link="{name}_link"/><axis xyz="{axis}"/>
  <origin xyz="0.1 0 0"/><limit lower="-1.8" upper="1.8" velocity="2" effort="4"/>
  <dynamics friction="0.02" damping="0.02"/></joint>"""


JOINTS = ("waist", "pan", "tilt", "roll")
URDF = f"""<robot name="mixed"><link name="base"/>
{link("waist", "base", "0 0 1")}{link("pan", "waist_link", "0 0 1")}
{link("tilt", "pan_link", "0 1 0")}{link("roll", "tilt_link", "1 0 0")}</robot>"""
TEXT = """
bus: {baud_rate: 1000000 bit/s}
joints:
  waist: {id: 1, model: MX-64(2.0), direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad}
  pan: {id: 2, model: 2XL430-W250, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad}
  tilt: {id: 3, model: 2XL430-W250, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad}
  roll: {id: 4, model: XM430-W350, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad}
"""
WIRING = Wiring.from_yaml(TEXT, read_urdf(URDF))


@pytest.fixture
def bench():
    return Bench(dict.fromkeys(JOINTS, 0.0), arm=read_urdf(URDF), wiring=WIRING)


def test_they_are_read_by_sync_read_in_one_request_and_told_why(bench):
    bench.start().run(0.1)
    assert bench.loop.state.instruction.startswith("Sync Read")
    assert "no Fast Sync Read in 2XL430-W250 firmware" in bench.loop.state.instruction
    assert "MX-64(2.0) firmware" in bench.loop.state.instruction
    assert not any(axis.misses for axis in bench.loop.state.axes.values())


def test_each_axis_of_a_housing_moves_and_the_others_stand(bench):
    bench.enabled().run(0.2)
    for joint in JOINTS:
        before = bench.positions()
        bench.loop.follow(move(bench, 0.3, 0.6, joint=joint), bench.now)
        bench.run(1.0)
        after = bench.positions()
        assert after[joint] == pytest.approx(before[joint] + 0.3, abs=0.03)
        assert all(abs(after[other] - before[other]) < 0.01 for other in JOINTS if other != joint)
    assert bench.mode() is Mode.ENABLED
    assert not bench.loop.state.faults


def test_a_fault_of_one_axis_is_not_told_of_the_other_of_its_housing(bench):
    bench.enabled().run(0.2)
    bench.faults.inject(Overload("tilt"))
    bench.run_until(lambda: bench.loop.state.faults)
    assert set(bench.loop.state.faults) == {"tilt"}


def test_a_scan_names_them(bench):
    bench.bus.open()
    found = {servo.servo_id: servo.model for servo in survey(bench.port).found}
    assert found == {1: "MX-64(2.0)", 2: "2XL430-W250", 3: "2XL430-W250", 4: "XM430-W350"}


@pytest.mark.parametrize(("joint", "is_known"), [("waist", False), ("pan", False), ("roll", True)])
def test_the_emulated_servos_know_what_the_real_ones_do(joint, is_known):
    model = next(servo.model for servo in WIRING.servos if servo.joint == joint)
    assert knows(model, 60, Instruction.FAST_SYNC_READ) is is_known
    assert knows(model, 60, Instruction.SYNC_READ)
