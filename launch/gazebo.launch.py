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
from armature.robots import DEFAULT_ROBOT, find_robot
from armature.share import gazebo_bridge, share_folder
from armature.stop_timeouts import last_timeout, stop_timeout


def generate_launch_description() -> LaunchDescription:
    arguments = (
        ("robot", DEFAULT_ROBOT, "name of the arm"),
        ("wiring", "", "wiring file in place of the arm's own"),
        ("params_file", "", "ROS parameters over the arm's own"),
        ("namespace", "", "of the arm, where there are several"),
        ("http_host", "127.0.0.1", "address of the page"),
        ("http_port", "8080", "port of the page"),
        ("gui", "false", "show Gazebo's window"),
    )
    declared = [DeclareLaunchArgument(n, default_value=d, description=t) for n, d, t in arguments]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    def given(name: str) -> str:
        return str(LaunchConfiguration(name).perform(context))

    runtime = make_runtime_folder(os.environ, given("namespace"))
    world = str(runtime / "world.sdf")
    arm = ("--robot", given("robot"), "--wiring", given("wiring"), "--namespace", given("namespace"))
    subprocess.run([sys.executable, "-m", "armature.cli", "world", *arm, "--out", world], check=True)
    flags = "-r" if given("gui") == "true" else "-r -s"
    shared = ("robot", "wiring", "params_file", "namespace", "http_host", "http_port")
    same = {name: given(name) for name in shared}
    graph = str(share_folder() / "launch" / "arm.launch.py")
    # A Ctrl-C reaches all processes at once; these two have to live until the arm has parked.
    files = find_robot(given("robot"), given("wiring"), given("params_file")).parameters
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
