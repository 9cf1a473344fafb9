"""A joint that two servos turn, in real processes: the emulator on its pseudo-terminal, and the bus process."""

from __future__ import annotations

import math

import pytest

from armature.emulator.faults import console
from armature.nodes.emulator.console import ask

from ...dynamixel.twin import SECOND, TEXT, URDF
from ..emulated import Listening, child_config, emulator

pytestmark = [pytest.mark.process, pytest.mark.real_time, pytest.mark.usefixtures("nothing_left")]
POSES = "park: {waist: 0 rad, boom: -1.7 rad}\n"


@pytest.fixture
def port(tmp_path):
    robot = tmp_path / "twin.urdf", tmp_path / "servos.yaml", tmp_path / "poses.yaml"
    for path, text in zip(robot, (URDF, TEXT, POSES), strict=True):
        path.write_text(text, "utf-8")
    with emulator(tmp_path / "bus", robot=robot):
        yield tmp_path / "bus"


@pytest.fixture
def child(port):
    files = {"urdf": str(port.parent / "twin.urdf"), "wiring": str(port.parent / "servos.yaml")}
    client = Listening(child_config(port, **files, dynamics={"waist": [4.0, 40.0], "boom": [4.0, 40.0]}))
    yield client
    client.end()


def test_an_overload_of_the_second_motor_is_told_and_recovered_while_the_first_holds(child, port, wait_until):
    wait_until(lambda: child.mode() == "DISABLED")
    child.client.request("enable", session="s1")
    wait_until(lambda: child.mode() == "ENABLED" and child.status.torque == "on")
    place = child.client.readings().joints[1].position
    console.read_reply(ask(port, console.inject("overload", SECOND, {}, math.inf)))
    wait_until(lambda: [problem.fault.joint for problem in child.status.faults] == [SECOND])
    assert child.status.faults[0].fault.cause == "overload"
    assert child.status.torque == "partial"
    ask(port, console.clear(None))
    assert "recovering boom_second" in child.client.request("clear_faults")
    wait_until(lambda: child.mode() == "HOLDING" and child.status.torque == "on")
    wait_until(lambda: math.isfinite(child.client.readings().joints[1].position))
    assert child.client.readings().joints[1].position == pytest.approx(place, abs=math.radians(1.0))
    assert child.status.servos[SECOND]["bus_watchdog"].startswith("enabled")
