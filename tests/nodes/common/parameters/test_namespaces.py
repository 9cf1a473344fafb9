"""A robot's own file counts in any namespace; other files keep ROS's rule."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rclpy.node import Node

from armature.cli.servos.start_check import require_startable
from armature.errors import ConfigError
from armature.graph import allowed_pairs, full_name, park_pose, processes
from armature.nodes.common.parameters.command_line import read_command_line
from armature.nodes.common.parameters.parameters import NodeToBe, find_unknown, given_values
from armature.robots import Robot, find_robot

_OWN = """
arm_controller:
  ros__parameters: {tool_frame: wrist_link, checks: {allowed_pairs: ["base_link wrist_link"]}}
/servo_interface:
  ros__parameters: {park_pose: home, faults: {park_time: 31.0}}
/right/servo_interface:
  ros__parameters: {park_pose: park}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A robot with parameters of its own, in blocks without a namespace."""
    folder = tmp_path / "my_arm"
    shipped = find_robot("armature5")
    folder.mkdir()
    for file in (shipped.urdf, shipped.wiring, shipped.poses):
        shutil.copy(file, folder)
    (folder / "arm.yaml").write_text(_OWN)
    return folder


def _node(robot: Robot, name: str, namespace: str) -> Node:
    """A node as its process's command line makes it."""
    process = next(
        each for each in processes(robot, "emulated", Path("/run"), namespace=namespace) if each.name == name
    )
    full = full_name(namespace, name)
    return NodeToBe(full, read_command_line(process.command_line(namespace)))  # type: ignore[return-value]


@pytest.mark.parametrize("namespace", ["", "left", "/cell/left"])
def test_a_robots_own_file_counts_in_any_namespace(folder: Path, namespace: str) -> None:
    robot = find_robot(str(folder))
    assert given_values(_node(robot, "arm_controller", namespace), "tool_")["frame"] == "wrist_link"
    assert park_pose(robot, namespace) == "home"
    assert allowed_pairs(robot, namespace) == ["base_link wrist_link"]


def test_what_is_misspelt_in_a_robots_own_file_is_found_in_any_namespace(folder: Path) -> None:
    (folder / "arm.yaml").write_text("arm_controller:\n  ros__parameters: {tool_fram: wrist_link}\n")
    found = [error.where for error in find_unknown(_node(find_robot(str(folder)), "arm_controller", "left"))]
    assert any(where.endswith("parameter tool_fram") for where in found)


def test_a_block_with_a_namespace_counts_there_alone(folder: Path) -> None:
    robot = find_robot(str(folder))
    assert (park_pose(robot, "right"), park_pose(robot, "left")) == ("park", "home")


def test_another_file_keeps_the_rule_of_ros(folder: Path, tmp_path: Path) -> None:
    further = tmp_path / "further.yaml"
    further.write_text("servo_interface:\n  ros__parameters: {park_pose: park, rate: 50.0}\n")
    robot = find_robot(str(folder), parameters=str(further))
    assert (park_pose(robot), park_pose(robot, "left")) == ("park", "home")
    assert given_values(_node(robot, "servo_interface", "left"), "")["rate"] == 100.0


def test_a_start_reads_a_robots_own_file_as_its_nodes_do(folder: Path) -> None:
    (folder / "arm.yaml").write_text("arm_controller:\n  ros__parameters: {tool_frame: nowhere}\n")
    with pytest.raises(ConfigError, match=r"arm\.yaml, line 2: parameter tool_frame: 'nowhere' cannot be used"):
        require_startable(find_robot(str(folder)), "left")
    (folder / "arm.yaml").write_text("arm_controller:\n  ros__parameters: {payload: 0.1}\n")
    assert not [note for note in require_startable(find_robot(str(folder)), "left") if "arm.yaml" in note]
