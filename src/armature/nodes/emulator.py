"""The emulator's process: servos and physics of one arm behind a pseudo-terminal; it needs no ROS."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from armature.core.model import ArmModel
from armature.core.poses import read_poses
from armature.dynamixel.wiring import Wiring
from armature.emulator.bus import EmulatedBus
from armature.emulator.terminal import Terminal
from armature.errors import ArmatureError, ConfigError
from armature.nodes.emulator_console import Console
from armature.nodes.priority import prefer_real_time

_LONGEST_LATENCY = 1.0  # [s]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve an arm until SIGTERM, or until SIGINT and silence on the bus.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    try:
        _serve(options, _bus(options))
    except ArmatureError as error:
        sys.stderr.write(f"emulator: {error}\n")
        return 1
    return 0


def _serve(options: argparse.Namespace, bus: EmulatedBus) -> None:
    with (
        Console(bus.faults, options.link) as console,
        Terminal(
            bus, options.link, time.monotonic, pace=options.pace, services={console.fileno(): console.answer}
        ) as terminal,
    ):
        signal.signal(signal.SIGTERM, lambda *_: terminal.stop())
        signal.signal(signal.SIGINT, lambda *_: terminal.stop_when_silent())
        sys.stdout.write(f"ready {options.link}\n")
        sys.stdout.flush()
        prefer_real_time()  # servos do not wait for a busy computer
        terminal.serve()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__)
    parser.add_argument("--urdf", type=Path, required=True, help="the arm")
    parser.add_argument("--wiring", type=Path, required=True, help="its servos")
    parser.add_argument("--poses", type=Path, required=True, help="its named poses")
    parser.add_argument("--start-pose", default="park", help="the pose in which it is switched on")
    parser.add_argument("--link", type=Path, required=True, help="path of the link to the pseudo-terminal")
    parser.add_argument("--baud", type=int, help="baud rate of the servos, if not the wiring's [bit/s]")
    parser.add_argument(
        "--usb-latency", type=float, default=0.0, metavar="S", help="of the adapter [s]; default 0"
    )
    parser.add_argument(
        "--no-pace", dest="pace", action="store_false", help="answer at once, not at the wire's pace"
    )
    return parser


def _bus(options: argparse.Namespace) -> EmulatedBus:
    urdf = _text(options.urdf)
    arm = ArmModel.from_urdf(urdf, str(options.urdf))
    wiring = Wiring.from_yaml(_text(options.wiring), arm, str(options.wiring))
    poses = read_poses(_text(options.poses), arm, str(options.poses))
    if options.start_pose not in poses:
        raise ConfigError("--start-pose", options.start_pose, f"{options.poses} has {', '.join(poses)}")
    if options.baud is not None:
        wiring = replace(wiring, baud_rate=options.baud)
    if not 0.0 <= options.usb_latency <= _LONGEST_LATENCY:
        raise ConfigError("--usb-latency", options.usb_latency, f"it takes 0 to {_LONGEST_LATENCY:g} s")
    bus = EmulatedBus.of_arm(urdf, wiring, poses[options.start_pose], time.monotonic())
    bus.usb_latency = options.usb_latency
    return bus


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(str(path), error.strerror, "name a file that can be read") from error


if __name__ == "__main__":
    sys.exit(main())
