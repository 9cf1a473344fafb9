"""Start the graph: ros2 launch armature arm.launch.py robot:=armature6 port:=/dev/ttyUSB0."""

import os
import sys

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteLocal, ExecuteProcess, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from armature.graph import EMULATED, Process, forget_payload, make_runtime_folder, processes, write_url
from armature.launch_arguments import (
    SHARED,
    log_arguments,
    named_processes,
    refuse_unknown,
    require_usable,
    robot_arguments,
    whole_namespace,
)
from armature.robots import find_robot
from armature.web_address import page_url, web_port

RESPAWN_DELAY = 2.0  # [s]

ARGUMENTS = (
    *SHARED,
    ("port", EMULATED, "serial device, NAME=DEVICE,… of several buses, emulated or gazebo"),
    ("only", "", "start these processes alone, separated by commas"),
)


def generate_launch_description() -> LaunchDescription:
    declared = [DeclareLaunchArgument(n, default_value=d, description=t) for n, d, t in ARGUMENTS]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def start(context: LaunchContext) -> list[ExecuteLocal]:
    def given(name: str) -> str:
        return str(LaunchConfiguration(name).perform(context))

    refuse_unknown("arm.launch.py", sys.argv, [name for name, *_ in ARGUMENTS])
    http = (given("http_host"), web_port("http_port", given("http_port")))
    robot = find_robot(**robot_arguments(given))
    namespace = whole_namespace(context.launch_configurations, given("namespace"))
    require_usable(robot, namespace)
    runtime = make_runtime_folder(os.environ, namespace)
    graph = processes(robot, given("port"), runtime, http, namespace)
    write_url(runtime, page_url(*http))  # for `armature status`
    names = named_processes(given("only"), [process.name for process in graph])
    forget_payload(runtime, names)
    chosen = [process for process in graph if process.name in names]
    return [action(process, given("namespace"), given("log_level")) for process in chosen]


def action(process: Process, namespace: str, log_level: str) -> ExecuteLocal:
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
        ros_arguments=log_arguments(log_level),
        parameters=[*files, dict(process.parameters)],
        **common,
    )
