"""The command that writes a world for Gazebo."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from armature.cli.arguments import add_namespace, add_robot
from armature.core.model.poses import read_poses
from armature.emulator.physics.gazebo_world import gazebo_world
from armature.errors import ConfigError
from armature.nodes.common.robot_files import read_arm, wire
from armature.robots import find_robot


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which arm, in which pose, and the output file."""
    add_robot(parser)
    parser.add_argument("--pose", default="park", help="initial pose of the arm; default park")
    parser.add_argument("--out", metavar="FILE", default="", help="default: standard output")
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Write the world with the arm, to a file or to standard output."""
    robot = find_robot(options.robot, options.wiring)
    arm, wiring = wire(read_arm("URDF", robot.urdf), robot.wiring_text, str(robot.wiring))
    poses = read_poses(robot.poses.read_text("utf-8"), arm, str(robot.poses))
    if options.pose not in poses:
        raise ConfigError("--pose", options.pose, f"{robot.poses} has {', '.join(poses)}")
    text = gazebo_world(arm, wiring, poses[options.pose], options.namespace)
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
