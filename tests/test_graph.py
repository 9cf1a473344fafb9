"""The list of processes: order, parameters and command lines."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from armature import graph, robots

RUNTIME = Path("/run/arm")


def started(port="emulated", robot=robots.DEFAULT_ROBOT):
    return graph.processes(robots.find_robot(robot), port, RUNTIME)


def test_the_servo_interface_is_stopped_first_and_the_emulator_last():
    names = [process.name for process in started()]
    assert tuple(names) == graph.PROCESS_NAMES
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


def test_the_emulated_arm_lies_where_it_parks_and_the_controller_checks_that_pose(tmp_path):
    given = tmp_path / "arm.yaml"
    given.write_text("/**/servo_interface: {ros__parameters: {park_pose: home}}", "utf-8")
    robot = robots.find_robot(robots.DEFAULT_ROBOT, parameters=str(given))
    processes = {process.name: process for process in graph.processes(robot, "emulated", RUNTIME)}
    emulator = processes["emulator"].arguments
    assert emulator[emulator.index("--park-pose") + 1] == "home"
    assert processes["arm_controller"].parameters["park_pose"] == "home"


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


@pytest.mark.parametrize("name", robots.robot_names())
def test_parameter_files_name_nodes_of_the_graph_in_any_namespace(name):
    nodes = {*(process.name for process in started() if process.is_node), "gripper_controller"}
    assert set(robots.NODES) == nodes
    for file in robots.find_robot(name).parameters:
        for key, content in yaml.safe_load(file.read_text("utf-8")).items():
            assert key.removeprefix("/**/") in nodes
            assert set(content) == {"ros__parameters"}


def test_a_namespace_and_text_that_looks_like_a_number_survive_the_command_line():
    process = graph.Process("recorder", is_node=True, parameters={"folder": "007", "snapshot": True, "rate": 2.5})
    line = process.command_line("left")
    assert line[:3] == ["--ros-args", "-r", "__ns:=/left"]
    assert line[3:] == ["-p", 'folder:="007"', "-p", "snapshot:=true", "-p", "rate:=2.5"]


def test_what_may_touch_on_a_move_may_touch_on_the_way_to_park(tmp_path):
    file = tmp_path / "arm.yaml"
    file.write_text('/**/arm_controller: {ros__parameters: {checks: {allowed_pairs: ["hand base", ""]}}}')
    processes = graph.processes(robots.find_robot("armature6", parameters=str(file)), "emulated", RUNTIME)
    parking = next(each for each in processes if each.name == "servo_interface")
    assert parking.parameters["checks.allowed_pairs"] == ["hand base"]
    assert 'checks.allowed_pairs:=["hand base"]' in parking.command_line()
    assert "checks.allowed_pairs" not in started()[-1].parameters


def test_a_process_without_ros_gets_no_ros_arguments():
    assert graph.Process("emulator", is_node=False, arguments=("--link", "x")).command_line("left") == [
        "--link",
        "x",
    ]
