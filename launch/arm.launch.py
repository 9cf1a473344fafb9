"""Start the graph: ros2 launch armature arm.launch.py robot:=armature6 port:=/dev/ttyUSB0."""

import os
import sys

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteLocal, ExecuteProcess, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from armature.graph import EMULATED, Process, make_runtime_folder, processes, write_url
from armature.robots import DEFAULT_ROBOT, find_robot
from armature.web_address import page_url, web_port

RESPAWN_DELAY = 2.0  # [s]


def generate_launch_description() -> LaunchDescription:
    arguments = (
        ("robot", DEFAULT_ROBOT, "name of the arm"),
        ("wiring", "", "wiring file in place of the arm's own"),
        ("params_file", "", "ROS parameters over the arm's own"),
        ("port", EMULATED, "serial device, NAME=DEVICE,… of several buses, emulated or gazebo"),
        ("namespace", "", "of the arm, where there are several"),
        ("http_host", "127.0.0.1", "address of the page"),
        ("http_port", "8080", "port of the page"),
        ("only", "", "start these processes alone, separated by commas"),
    )
    declared = [DeclareLaunchArgument(n, default_value=d, description=t) for n, d, t in arguments]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def start(context: LaunchContext) -> list[ExecuteLocal]:
    def given(name: str) -> str:
        return str(LaunchConfiguration(name).perform(context))

    runtime = make_runtime_folder(os.environ, given("namespace"))
    http = (given("http_host"), web_port("http_port", given("http_port")))
    robot = find_robot(given("robot"), given("wiring"), given("params_file"))
    graph = processes(robot, given("port"), runtime, http)
    write_url(runtime, page_url(*http))  # for `armature status`
    only = [name for name in given("only").split(",") if name]
    return [action(process, given("namespace")) for process in graph if not only or process.name in only]


def action(process: Process, namespace: str) -> ExecuteLocal:
    common = {
        "output": "screen",
        "respawn": True,
        "respawn_delay": RESPAWN_DELAY,
        "sigterm_timeout": str(process.stop_timeout),
        "sigkill_timeout": str(process.stop_timeout),
    }
    if not process.is_node:
        command = [sys.executable, "-m", f"armature.nodes.{process.name}", *process.arguments]
        return ExecuteProcess(cmd=command, name=process.name, **common)
    # No name: launch would give it to every node of the process, and the arm controller's has two.
    files = [str(file) for file in process.parameter_files]
    return Node(
        package="armature",
        executable=process.name,
        namespace=namespace,
        arguments=list(process.arguments),
        parameters=[*files, dict(process.parameters)],
        **common,
    )
