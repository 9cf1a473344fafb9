"""The launch files against the list of processes, by the real launch where it is installed."""

from __future__ import annotations

import ast
import os
import shlex
from pathlib import Path

import pytest

from armature import graph, robots
from armature.launch_arguments import SHARED

FOLDER = Path(__file__).resolve().parents[1] / "launch"
FILE, GAZEBO = FOLDER / "arm.launch.py", FOLDER / "gazebo.launch.py"


def described(file=FILE, **given):
    """The actions that a launch file would start."""
    pytest.importorskip("launch_ros", reason="ros2 launch is not on PyPI")
    launch = pytest.importorskip("launch")
    description = launch.LaunchContext()
    description.launch_configurations.update(
        {
            "robot": "armature6",
            "urdf": "",
            "wiring": "",
            "poses": "",
            "xacro_args": "",
            "log_level": "",
            "params_file": "",
            "port": "emulated",
            "namespace": "",
            "http_host": "127.0.0.1",
        }
        | {"http_port": "8080", "only": "", "gui": "false"}
        | given
    )
    namespace = {"__name__": "launch_file"}
    exec(compile(file.read_text("utf-8"), str(file), "exec"), namespace)
    return namespace["start"](description)


def test_it_starts_every_process_of_the_graph():
    assert len(described()) == len(graph.processes(robots.find_robot("armature6"), "emulated", Path("/run")))


def test_one_process_can_be_started_alone():
    assert len(described(only="monitor")) == 1


def test_with_gazebo_there_are_its_server_its_bridge_and_the_graph():
    server, bridge, arm = described(GAZEBO)
    arguments = dict(arm.launch_arguments)
    assert arguments["port"] == graph.GAZEBO
    assert bridge.node_package == "ros_gz_bridge"
    words = ["".join(part.perform(None) for part in parts) for parts in server.cmd]
    options = words[-1].removeprefix("gz_args:=").split()
    assert options[:2] == ["-r", "-s"]
    assert "<sdf" in Path(options[-1]).read_text("utf-8")


def test_gazebo_and_its_bridge_outlast_the_emulator():
    server, bridge, _ = described(GAZEBO, namespace="left")
    last = graph.keep_alive_command(graph.runtime_folder(os.environ, "left"))
    assert ["".join(part.perform(None) for part in parts) for parts in server.cmd][: len(last)] == last
    assert shlex.split("".join(part.perform(None) for part in bridge.process_description.prefix)) == last


def test_an_arm_in_a_pushed_namespace_has_a_folder_of_its_own():
    (emulator,) = described(ros_namespace="/left", only="emulator")
    words = ["".join(part.perform(None) for part in parts) for parts in emulator.cmd]
    assert words[words.index("--link") + 1] == str(graph.runtime_folder(os.environ, "left") / "bus")


@pytest.mark.parametrize("file", [FILE, GAZEBO])
def test_it_reads_the_graph_and_lists_no_process_itself(file):
    text = file.read_text("utf-8")
    names = {process.name for process in graph.processes(robots.find_robot("armature6"), "emulated", Path("/run"))}
    words = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    assert not names & words


def test_its_defaults_are_those_of_the_command_line():
    tree = ast.parse(FILE.read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert {"SHARED", "EMULATED", "processes", "find_robot"} <= imported
    [(default, about)] = [rest for name, *rest in SHARED if name == "robot"]
    assert default == ""  # by which find_robot takes its own
    assert robots.DEFAULT_ROBOT in about


def test_gazebos_launch_file_hands_every_argument_of_its_own_to_the_graphs():
    tree = ast.parse(GAZEBO.read_text("utf-8"))
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    handed_on = {"robot", "wiring", "params_file", "namespace", "http_host", "http_port"}
    assert handed_on <= {name for name, *_ in SHARED}
    assert {"port", "arm.launch.py"} <= words
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert {
        "SHARED",
        "GAZEBO",
        "gazebo_bridge",
        "share_folder",
        "keep_alive_command",
        "make_runtime_folder",
    } <= imported
