"""The command line of the emulator's process."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

MUJOCO, GAZEBO = "mujoco", "gazebo"
_ROS_ARGUMENTS = "--ros-args"


def read_options(line: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The process's own options, and the arguments behind them, which are for ROS; wrong use ends it with 2.

    Args:
        line: of the command, without the program.
    """
    ours = line.index(_ROS_ARGUMENTS) if _ROS_ARGUMENTS in line else len(line)
    return _parser().parse_args(line[:ours]), list(line[ours:])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__)
    parser.add_argument("--urdf", type=Path, required=True, help="the arm")
    parser.add_argument("--wiring", type=Path, required=True, help="its servos")
    parser.add_argument("--poses", type=Path, required=True, help="its named poses")
    parser.add_argument("--park-pose", default="park", help="the pose in which it lies on something while limp")
    parser.add_argument("--start-pose", help="the pose in which it is switched on; else --park-pose")
    parser.add_argument("--link", type=Path, required=True, help="path of the link to the pseudo-terminal")
    parser.add_argument("--plant", choices=(MUJOCO, GAZEBO), default=MUJOCO, help="what the servos move")
    parser.add_argument(
        "--gazebo-timeout",
        type=float,
        default=30.0,
        metavar="S",
        help="how long Gazebo may take; default %(default)g",
    )
    parser.add_argument("--baud", type=int, help="baud rate of the servos, if not the wiring's [bit/s]")
    parser.add_argument(
        "--usb-latency", type=float, default=0.0, metavar="S", help="of the adapter [s]; default 0"
    )
    parser.add_argument("--factory", metavar="JOINT", help="only this servo is there, as it leaves the factory")
    parser.add_argument(
        "--no-pace", dest="pace", action="store_false", help="answer at once, not at the wire's pace"
    )
    return parser
