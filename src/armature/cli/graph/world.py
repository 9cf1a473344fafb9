"""The command that writes a world for Gazebo."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from armature.cli.arguments import add_namespace, add_robot, chosen_robot
from armature.core.model.poses import completed
from armature.description.mesh_files import with_mesh_paths
from armature.emulator.physics.gazebo_world import gazebo_world
from armature.errors import ConfigError, listed
from armature.nodes.common.robot_files import read_robot


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which arm, in which pose, and the output file."""
    add_robot(parser)
    parser.add_argument("--pose", default="park", help="initial pose of the arm; default park")
    parser.add_argument("--out", metavar="FILE", default="", help="default: standard output")
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Write the world with the arm, to a file or to standard output."""
    robot = chosen_robot(options)
    read = read_robot(robot.urdf, robot.wiring, robot.poses)
    if options.pose not in read.poses:
        raise ConfigError("--pose", options.pose, f"{robot.poses}: {listed('poses', read.poses)}")
    # Gazebo knows no ROS packages, nor where the URDF lies.
    arm = replace(read.arm, urdf=with_mesh_paths(read.arm.urdf, robot.urdf))
    text = gazebo_world(arm, read.wiring, completed(read.poses[options.pose], arm), options.namespace)
    if options.out:
        _write(Path(options.out), text)
    else:
        sys.stdout.write(text)
    return 0


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError("--out", str(file), f"name a file that can be written ({error.strerror})") from error
