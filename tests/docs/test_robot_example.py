"""The example of a robot's folder in the documents is one that can be copied."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from armature.emulator.bus.bus import EmulatedBus
from armature.nodes.common.robot_files import read_robot
from armature.robots import find_robot

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "robot_files.md"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder as somebody would make it from the page."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    example = PAGE.read_text("utf-8").partition("## A whole example")[2]
    for name, content in re.findall(r"`(my_arm/[\w.]+)`:\n\n```\w+\n(.*?)```", example, re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    return tmp_path / "my_arm"


def test_it_can_be_read_and_emulated(folder):
    robot = find_robot(str(folder), xacro_arguments=["reach:=0.2"])
    read = read_robot(robot.urdf, robot.wiring, robot.poses)
    assert read.arm.name == "my_arm"
    bus = EmulatedBus.of_arm(read.arm, read.wiring, read.poses["park"], 0.0)
    bus.advance(2.0)  # it has no torque, and lies in its pose all the same
    lies = dict(zip(bus.plant.joints, bus.plant.positions, strict=True))
    assert lies == pytest.approx(read.poses["park"], abs=0.03)


def test_it_lists_its_files(folder):
    assert sorted(file.name for file in folder.iterdir()) == ["my_arm.urdf.xacro", "poses.yaml", "servos.yaml"]
