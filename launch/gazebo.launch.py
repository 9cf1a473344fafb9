"""Start Gazebo with the arm, its bridge and the graph: ros2 launch armature gazebo.launch.py robot:=armature6.

Needs ros_gz_sim and ros_gz_bridge.
"""

import os
import shlex
import subprocess
import sys

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, ExecuteProcess, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from armature.graph import GAZEBO, keep_alive_command, make_runtime_folder
from armature.launch_arguments import (
    SHARED,
    is_true,
    refuse_unknown,
    require_usable,
    robot_arguments,
    whole_namespace,
)
from armature.robots import find_robot
from armature.share import gazebo_bridge, share_folder
from armature.stop_timeouts import last_timeout, stop_timeout
from armature.web_address import web_port

ARGUMENTS = (*SHARED, ("gui", "false", "show Gazebo's window"))


def generate_launch_description() -> LaunchDescription:
    declared = [DeclareLaunchArgument(n, default_value=d, description=t) for n, d, t in ARGUMENTS]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    def given(name: str) -> str:
        return str(LaunchConfiguration(name).perform(context))

    refuse_unknown("gazebo.launch.py", sys.argv, [name for name, *_ in ARGUMENTS])
    web_port("http_port", given("http_port"))
    has_window = is_true("gui", given("gui"))
    robot = find_robot(**robot_arguments(given))
    namespace = whole_namespace(context.launch_configurations, given("namespace"))
    require_usable(robot, namespace)
    files = robot.parameters
    runtime = make_runtime_folder(os.environ, namespace)
    world = str(runtime / "world.sdf")
    named = [word for name in ("robot", "urdf", "wiring", "poses") for word in (f"--{name}", given(name))]
    named += [word for argument in shlex.split(given("xacro_args")) for word in ("--xacro-arg", argument)]
    line = ["world", *named, "--namespace", namespace, "--out", world]
    subprocess.run([sys.executable, "-m", "armature.cli", *line], check=True)
    flags = "-r" if has_window else "-r -s"
    same = {name: given(name) for name, *_ in SHARED}
    graph = str(share_folder() / "launch" / "arm.launch.py")
    # A Ctrl-C reaches all processes at once; these two have to live until the arm has parked.
    last = keep_alive_command(runtime, stop_timeout(files))
    gazebo = ["ros2", "launch", "ros_gz_sim", "gz_sim.launch.py", f"gz_args:={flags} {world}"]
    timeout = dict.fromkeys(("sigterm_timeout", "sigkill_timeout"), str(last_timeout(files)))
    return [
        ExecuteProcess(cmd=[*last, *gazebo], name="gazebo", output="screen", **timeout),
        Node(
            package="ros_gz_bridge",
            executable="parameter_bridge",
            namespace=given("namespace"),
            parameters=[{"config_file": str(gazebo_bridge()), "expand_gz_topic_names": True}],
            prefix=shlex.join(last),
            output="screen",
            **timeout,
        ),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(graph), launch_arguments=[*same.items(), ("port", GAZEBO)]
        ),
    ]
