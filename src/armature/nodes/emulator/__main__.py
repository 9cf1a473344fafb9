"""The emulator's process: servos and physics of one arm behind a pseudo-terminal.

It needs no ROS, unless the arm is one in Gazebo.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from armature.core.model.arm import ArmModel
from armature.core.model.poses import read_poses
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.bus.terminal import Terminal
from armature.emulator.faults.board import FaultBoard
from armature.errors import ArmatureError, ConfigError
from armature.nodes.common.priority import freeze_memory, prefer_real_time
from armature.nodes.emulator.console import Console
from armature.signals import RUNNER_SIGNAL, ended_with_parent

_LONGEST_LATENCY = 1.0  # [s]
_ENDS = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, RUNNER_SIGNAL)  # beside SIGTERM
_MUJOCO, _GAZEBO = "mujoco", "gazebo"
_ROS_ARGUMENTS = "--ros-args"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve an arm until a signal and silence on the bus, or until a second SIGTERM.

    Returns:
        The exit code.
    """
    line = list(sys.argv[1:] if arguments is None else arguments)
    ours = line.index(_ROS_ARGUMENTS) if _ROS_ARGUMENTS in line else len(line)
    options = _parser().parse_args(line[:ours])
    try:
        _run(options, line[ours:])
    except ArmatureError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _run(options: argparse.Namespace, ros_arguments: Sequence[str]) -> None:
    urdf = _text(options.urdf)
    arm = ArmModel.from_urdf(urdf, str(options.urdf))
    wiring = Wiring.from_yaml(_text(options.wiring), arm, str(options.wiring))
    poses = read_poses(_text(options.poses), arm, str(options.poses))
    if options.start_pose not in poses:
        raise ConfigError("--start-pose", options.start_pose, f"{options.poses} has {', '.join(poses)}")
    if options.baud is not None:
        wiring = replace(wiring, buses=dict.fromkeys(wiring.buses, options.baud))
    if not 0.0 <= options.usb_latency <= _LONGEST_LATENCY:
        raise ConfigError("--usb-latency", options.usb_latency, f"it takes 0 to {_LONGEST_LATENCY:g} s")
    if options.plant == _GAZEBO:
        with _in_gazebo(arm, wiring, ros_arguments, options.timeout) as bus:
            _serve(options, bus)
    else:
        bus = EmulatedBus.of_arm(urdf, wiring, poses[options.start_pose], time.monotonic())
        if options.factory is not None:
            bus.renew(options.factory)
        _serve(options, bus)


@contextmanager
def _in_gazebo(
    arm: ArmModel, wiring: Wiring, ros_arguments: Sequence[str], timeout: float
) -> Iterator[EmulatedBus]:
    # rclpy, 30 MB, only where it is needed.
    from armature.nodes.emulator.gazebo_plant import gazebo_plant

    prefer_real_time()  # before the threads of DDS begin, which the servos would wait for
    with gazebo_plant(arm, wiring, ros_arguments, timeout) as plant:
        yield EmulatedBus.of_plant(plant, wiring, time.monotonic())


def _serve(options: argparse.Namespace, bus: EmulatedBus) -> None:
    for wire in bus.wires.values():
        wire.usb_latency = options.usb_latency
    with (
        ended_with_parent(os.environ),
        Console(FaultBoard(bus), options.link) as console,
        Terminal(
            bus, options.link, time.monotonic, pace=options.pace, services={console.fileno(): console.answer}
        ) as terminal,
    ):
        for number in _ENDS:
            signal.signal(number, lambda *_: terminal.stop_when_silent())
        signal.signal(signal.SIGTERM, lambda *_: _stop(terminal))
        sys.stdout.write(f"ready {options.link}\n")
        sys.stdout.flush()
        # Servos do not wait for a busy computer.
        freeze_memory()
        prefer_real_time()
        terminal.serve()
        for number in (*_ENDS, signal.SIGTERM):  # it ends already, and the terminal closes
            signal.signal(number, signal.SIG_IGN)


def _stop(terminal: Terminal) -> None:
    """A SIGTERM may be for every process, and the arm must park before its servos go; the second one is not."""
    if terminal.is_ending:
        terminal.stop()
    else:
        terminal.stop_when_silent()
        with suppress(OSError):  # nobody reads it any more, as after the death of the runner
            sys.stderr.write(
                "it ends once nobody speaks on the bus; SIGTERM again ends it now, as a loss of power\n"
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__)
    parser.add_argument("--urdf", type=Path, required=True, help="the arm")
    parser.add_argument("--wiring", type=Path, required=True, help="its servos")
    parser.add_argument("--poses", type=Path, required=True, help="its named poses")
    parser.add_argument("--start-pose", default="park", help="the pose in which it is switched on")
    parser.add_argument("--link", type=Path, required=True, help="path of the link to the pseudo-terminal")
    parser.add_argument("--plant", choices=(_MUJOCO, _GAZEBO), default=_MUJOCO, help="what the servos move")
    parser.add_argument(
        "--timeout", type=float, default=30.0, metavar="S", help="how long Gazebo may take; default 30"
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


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(str(path), error.strerror, "name a file that can be read") from error


if __name__ == "__main__":
    sys.exit(main())
