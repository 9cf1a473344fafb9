"""The list of processes: order, parameters, files, and what is refused."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from armature import graph
from armature.errors import ConfigError

RUNTIME = Path("/run/arm")


def started(port="emulated", robot=graph.DEFAULT_ROBOT):
    return graph.processes(graph.find_robot(robot), port, RUNTIME)


def test_the_servo_interface_is_stopped_first_and_the_emulator_last():
    names = [process.name for process in started()]
    assert names[0] == "emulator"
    assert names[-1] == "servo_interface"
    assert names.index("monitor") < names.index("servo_interface")


def test_with_a_real_port_there_is_no_emulator_and_the_port_is_handed_on():
    processes = {process.name: process for process in started("/dev/ttyUSB0")}
    assert "emulator" not in processes
    assert processes["servo_interface"].parameters["port"] == "/dev/ttyUSB0"


def test_the_emulator_serves_the_port_that_the_servo_interface_opens():
    processes = {process.name: process for process in started()}
    assert processes["servo_interface"].parameters["port"] in processes["emulator"].arguments


def test_with_gazebo_the_emulators_servos_drive_its_arm_and_every_node_lives_on_its_clock():
    processes = {process.name: process for process in started(graph.GAZEBO)}
    emulator = processes.pop("emulator")
    assert emulator.arguments[emulator.arguments.index("--plant") + 1] == "gazebo"
    assert emulator.is_node
    assert processes["servo_interface"].parameters["port"] in emulator.arguments
    assert all(process.parameters["use_sim_time"] is True for process in processes.values())


def test_the_servo_interface_waits_longer_for_its_port_than_the_servos_for_gazebo():
    processes = {process.name: process for process in started(graph.GAZEBO)}
    line = processes["emulator"].arguments
    assert processes["servo_interface"].parameters["connect_timeout"] > float(
        line[line.index("--gazebo-timeout") + 1]
    )


@pytest.mark.parametrize("port", [graph.EMULATED, "/dev/ttyUSB0"])
def test_without_gazebo_nothing_waits_for_a_simulated_clock(port):
    processes = started(port)
    assert not any("use_sim_time" in process.parameters for process in processes)
    assert not any(process.is_node for process in processes if process.name == "emulator")


def test_an_unknown_robot_is_refused_with_those_known():
    with pytest.raises(ConfigError, match="armature6, open_manipulator_x"):
        graph.find_robot("r2d2")


def test_a_wiring_file_of_ones_own_takes_the_place_of_the_robots(tmp_path, monkeypatch):
    (tmp_path / "own.yaml").touch()
    monkeypatch.chdir(tmp_path)
    robot = graph.find_robot("armature6", "own.yaml")
    assert robot.wiring == tmp_path / "own.yaml"  # whatever folder the processes start in
    assert replace(robot, wiring=graph.find_robot("armature6").wiring) == graph.find_robot("armature6")


def test_a_wiring_file_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match=r"'nowhere.yaml' cannot be used; name a file that can be read"):
        graph.find_robot("armature6", "nowhere.yaml")


def test_files_that_are_no_text_are_refused():
    with pytest.raises(ConfigError, match=r"wiring file: .* cannot be used; name a file that can be read as text"):
        graph.find_robot("armature6", sys.executable)
    with pytest.raises(
        ConfigError, match=r"parameter file: .* cannot be used; name a file that can be read as text"
    ):
        graph.find_robot("armature6", parameters=sys.executable)


def test_parameters_of_ones_own_are_laid_over_the_robots(tmp_path, monkeypatch):
    (tmp_path / "left.yaml").touch()
    monkeypatch.chdir(tmp_path)
    robot = graph.find_robot("armature6", parameters="left.yaml")
    assert robot.parameters == (*graph.find_robot("armature6").parameters, tmp_path / "left.yaml")


def test_a_parameter_file_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match=r"parameter file: 'nowhere.yaml' cannot be used; name a file"):
        graph.find_robot("armature6", parameters="nowhere.yaml")


@pytest.mark.parametrize("name", graph.robot_names())
def test_every_robot_has_all_its_files(name):
    robot = graph.find_robot(name)
    assert all(file.is_file() for file in (robot.urdf, robot.wiring, robot.poses, *robot.parameters))


@pytest.mark.parametrize("name", graph.robot_names())
def test_parameter_files_name_nodes_of_the_graph_in_any_namespace(name):
    nodes = {*(process.name for process in started() if process.is_node), "gripper_controller"}
    for file in graph.find_robot(name).parameters:
        for key, content in yaml.safe_load(file.read_text("utf-8")).items():
            assert key.removeprefix("/**/") in nodes
            assert set(content) == {"ros__parameters"}


def test_a_namespace_and_text_that_looks_like_a_number_survive_the_command_line():
    process = graph.Process("recorder", is_node=True, parameters={"folder": "007", "snapshot": True, "rate": 2.5})
    line = process.command_line("left")
    assert line[:3] == ["--ros-args", "-r", "__ns:=/left"]
    assert line[3:] == ["-p", 'folder:="007"', "-p", "snapshot:=true", "-p", "rate:=2.5"]


def test_a_process_without_ros_gets_no_ros_arguments():
    assert graph.Process("emulator", is_node=False, arguments=("--link", "x")).command_line("left") == [
        "--link",
        "x",
    ]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        ("robot.local:65535", ("robot.local", 65535)),
        ("[::]:8080", ("::", 8080)),
        ("[fe80::1]:80", ("fe80::1", 80)),
    ],
)
def test_an_address_of_the_page_is_host_and_port(text, address):
    assert graph.web_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["8080", ":8080", "127.0.0.1", "", "::1:8080", "::1", "[]:80", "[127.0.0.1]:80", "[::1:80", "http://host:80"],
)
def test_an_address_of_the_page_that_is_none_is_refused_with_the_form(text):
    with pytest.raises(ConfigError, match="write HOST:PORT"):
        graph.web_address(text)


@pytest.mark.parametrize("port", ["notaport", "", "-1", "65536", "8O8O", "80.0", "9" * 5000, "\u0664"])
def test_a_port_that_is_none_is_refused_with_those_that_are(port):
    with pytest.raises(ConfigError, match=r"--http: .* 1 to 65535"):
        graph.web_address(f"0.0.0.0:{port}")
    with pytest.raises(ConfigError, match=r"http_port: .* 1 to 65535"):
        graph.web_port("http_port", port)


def test_an_ipv6_address_stands_in_brackets():
    assert graph.page_url("::", 8080) == "http://[::]:8080/"
    assert graph.page_url("robot.local", 80) == "http://robot.local:80/"
