"""The command that serves the emulated bus, without a graph."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from armature.cli.arguments import add_robot, chosen_robot
from armature.graph import EMULATED, processes
from armature.nodes.common.robot_files import read_robot


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which servos, and where."""
    add_robot(parser)
    link_help = "path of the device, or a folder for several"
    parser.add_argument("--link", metavar="PATH", required=True, help=link_help)
    parser.add_argument("--baud", type=int, metavar="RATE", help="of the servos [bit/s]; default: the wiring's")
    parser.add_argument("--factory", metavar="JOINT", help="only this servo, with factory settings")
    parser.add_argument("--usb-latency", type=float, metavar="S", help="of the adapter [s]; default 0")


def run(options: argparse.Namespace) -> int:
    """Serve the emulated bus until SIGINT or SIGTERM."""
    robot = chosen_robot(options)
    read_robot(robot.urdf, robot.wiring, robot.poses)
    graph = processes(robot, EMULATED, Path(options.link).absolute().parent)
    line = list(graph[0].arguments)
    line[line.index("--link") + 1] = options.link
    for option in ("baud", "usb_latency", "factory"):
        if getattr(options, option) is not None:
            line += [f"--{option.replace('_', '-')}", str(getattr(options, option))]
    os.execv(sys.executable, [sys.executable, "-m", "armature.nodes.emulator", *line])
