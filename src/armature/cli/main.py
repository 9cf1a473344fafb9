"""The command line: `armature`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from armature.errors import ArmatureError
from armature.graph import DEFAULT_ROBOT, EMULATED
from armature.signals import received_signals

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done; 1 refused or failed, with one line that says why and what to do. Wrong use ends with 2.
    """
    options = parser().parse_args(arguments)
    command: Command = options.command
    try:
        code = command(options)
        sys.stdout.flush()
        return code
    except ArmatureError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who read the output has seen enough; Python would complain of it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    root = argparse.ArgumentParser(prog="armature", description="A robot arm of Dynamixel servos.")
    commands = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_up(commands)
    _add_graph_commands(commands)
    _add_emulate(commands)
    _add_world(commands)
    _add_fault(commands)
    _add_inspection(commands)
    _add_commissioning(commands)
    _add_move(commands)
    _add_free(commands)
    _add_recording(commands)
    _add_bench(commands)
    return root


if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # argparse names no public type


def _add(commands: Subparsers, name: str, help_text: str, module: str) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = commands.add_parser(name, help=help_text, description=help_text)
    added.set_defaults(command=_lazily(module, name))
    return added


def _lazily(module: str, name: str) -> Command:
    """Import a command's module only when it is run: rclpy and plots take a second to load."""

    def run(options: argparse.Namespace) -> int:
        import importlib

        # A library that is cut off while it loads says so in words of its own.
        with received_signals() as signals:
            command: Command = getattr(importlib.import_module(module), name)
        if signals:
            raise KeyboardInterrupt
        return command(options)

    return run


def _add_namespace(command: argparse.ArgumentParser) -> None:
    help_text = "of the arm, where there are several"
    command.add_argument("--namespace", metavar="NS", type=_namespace, default="", help=help_text)


def _namespace(text: str) -> str:
    """As ROS has it, without the slashes around it."""
    name = text.strip("/")
    if not all(part.isidentifier() and part.isascii() for part in name.split("/")) and name:
        raise argparse.ArgumentTypeError(f"{text!r}: write letters, digits and _, not a digit first, as in left")
    return name


def _add_wiring(command: argparse.ArgumentParser) -> None:
    command.add_argument("--wiring", metavar="FILE", default="", help="in place of the robot's own wiring file")


def _add_port(command: argparse.ArgumentParser) -> None:
    help_text = "default: the only adapter plugged in; NAME=DEVICE,… where the wiring file has several buses"
    command.add_argument("--port", metavar="DEV", default="", help=help_text)


def _add_up(commands: Subparsers) -> None:
    up = _add(commands, "up", "Start the graph and stay in the foreground.", "armature.cli.graph.graph")
    up.add_argument("--robot", metavar="NAME", default=DEFAULT_ROBOT, help=f"default {DEFAULT_ROBOT}")
    _add_wiring(up)
    params_help = "ROS parameters over the robot's own, such as the limits of this one arm"
    up.add_argument("--params-file", metavar="FILE", default="", help=params_help)
    up.add_argument(
        "--port",
        metavar="DEV",
        default=EMULATED,
        help="serial device, NAME=DEVICE,… of several buses, emulated (default) or gazebo",
    )
    up.add_argument("--http", metavar="HOST:PORT", default="127.0.0.1:8080", help="default 127.0.0.1:8080")
    _add_namespace(up)


def _add_graph_commands(commands: Subparsers) -> None:
    module = "armature.cli.graph.graph"
    down = _add(commands, "down", "End the graph: park, torque off, stop all.", module)
    status = _add(
        commands, "status", "Show processes, the arm's state and its faults.", "armature.cli.graph.status"
    )
    status.add_argument("--servos", action="store_true", help="with the statistics of the bus and its servos")
    status.add_argument("--json", action="store_true", help="for programs")
    restart = _add(commands, "restart", "Restart one process.", module)
    restart.add_argument("process", metavar="PROCESS")
    logs = _add(commands, "logs", "Show the logs of one process or all.", module)
    logs.add_argument("process", metavar="PROCESS", nargs="?", default="")
    logs.add_argument("-n", type=int, default=20, metavar="LINES", help="last lines of each; default 20")
    for command in (down, status, restart, logs):
        _add_namespace(command)


def _add_emulate(commands: Subparsers) -> None:
    emulate = _add(commands, "emulate", "Serve the emulated bus on a pseudo-terminal.", "armature.cli.graph.graph")
    emulate.add_argument("--robot", metavar="NAME", default=DEFAULT_ROBOT)
    _add_wiring(emulate)
    emulate.add_argument(
        "--link", metavar="PATH", required=True, help="where the device shall appear, or a folder for several"
    )
    emulate.add_argument("--baud", type=int, metavar="RATE", help="of the servos [bit/s]; default: the wiring's")
    emulate.add_argument("--factory", metavar="JOINT", help="only this servo, as it leaves the factory")
    emulate.add_argument("--usb-latency", type=float, metavar="S", help="of the adapter [s]; default 0")


def _add_fault(commands: Subparsers) -> None:
    fault = _add(commands, "fault", "Make the running emulator fail on purpose.", "armature.cli.graph.fault")
    fault.add_argument("name", metavar="NAME", help="a fault; or list, active, clear")
    fault.add_argument("which", metavar="FAULT", nargs="?", help="what to clear; default: all")
    fault.add_argument("--joint", metavar="J", help="default: every joint")
    fault.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help="see: fault list")
    fault.add_argument(
        "--for", dest="seconds", type=float, metavar="S", default=inf, help="default: until cleared"
    )
    fault.add_argument("--seed", metavar="N", help="of what happens by chance; default 0")
    fault.add_argument("--link", metavar="PATH", default="", help="of armature emulate; default: of armature up")
    fault.add_argument("--json", action="store_true", help="for programs")
    _add_namespace(fault)


def _add_world(commands: Subparsers) -> None:
    world = _add(commands, "world", "Write a world for Gazebo with the arm.", "armature.cli.graph.world")
    world.add_argument("--robot", metavar="NAME", default=DEFAULT_ROBOT)
    _add_wiring(world)
    world.add_argument("--pose", default="park", help="in which the arm begins; default park")
    world.add_argument("--out", metavar="FILE", default="", help="default: standard output")
    _add_namespace(world)


def _add_inspection(commands: Subparsers) -> None:
    check = _add(commands, "check", "Look at port, servos and speed; nothing moves.", "armature.cli.servos.check")
    check.add_argument("--robot", metavar="NAME", default=DEFAULT_ROBOT, help=f"default {DEFAULT_ROBOT}")
    _add_wiring(check)
    scan = _add(commands, "scan", "Show all servos that answer.", "armature.cli.servos.scan")
    scan.add_argument("--baud", type=int, metavar="RATE", help="[bit/s]; default: all")
    for command in (check, scan):
        _add_port(command)
        command.add_argument("--json", action="store_true", help="for programs")


def _add_commissioning(commands: Subparsers) -> None:
    setup = _add(
        commands, "setup", "Bring a new servo to what the wiring file wants.", "armature.cli.servos.setup"
    )
    setup.add_argument("joint", metavar="JOINT", nargs="?", default="", help="default: all, one after the other")
    setup.add_argument("--dry-run", action="store_true", help="show what would be written, write nothing")
    setup.add_argument("--yes", action="store_true", help="write without asking")
    calibrate = _add(
        commands, "calibrate", "Find zero offsets: the arm is placed by hand.", "armature.cli.servos.calibrate"
    )
    calibrate.add_argument("joints", metavar="JOINT", nargs="*", help="default: all")
    calibrate.add_argument(
        "--pose", metavar="NAME", default="zero", help="all joints at 0 (default), or a named pose"
    )
    calibrate.add_argument("--yes", action="store_true", help="take the arm as it stands, without asking")
    for command in (setup, calibrate):
        command.add_argument("--robot", metavar="NAME", default=DEFAULT_ROBOT, help=f"default {DEFAULT_ROBOT}")
        _add_wiring(command)
        _add_port(command)
        command.add_argument("--json", action="store_true", help="for programs")


def _add_move(commands: Subparsers) -> None:
    move = _add(commands, "move", "Move the arm of the running graph.", "armature.cli.arm.move")
    move.add_argument("pose", metavar="POSE", nargs="*", help="named poses, one after the other")
    where = move.add_mutually_exclusive_group()
    where.add_argument(
        "--joints", metavar="J=RAD,...", action="append", help="to joint values; again for the next"
    )
    where.add_argument(
        "--to", metavar="V", type=float, nargs="+", help="the tool to x y z [m] [roll pitch yaw, rad]"
    )
    where.add_argument(
        "--line", metavar="V", type=float, nargs="+", help="straight on by dx dy dz [m] [r p y, rad]"
    )
    where.add_argument(
        "--arc", metavar="V", type=float, nargs=6, help="by dx dy dz to pass, and dx dy dz to end [m]"
    )
    frame_help = "whose axes count: base (default) or tool; with --to, tool is an offset from where it is"
    move.add_argument("--frame", choices=("base", "tool"), default="base", help=frame_help)
    move.add_argument(
        "--seconds", metavar="S", type=float, default=0.0, help="to take at least; default: the quickest"
    )
    move.add_argument("--preview", action="store_true", help="tell what the move would be; nothing moves")
    move.add_argument("--json", action="store_true", help="for programs")
    _add_namespace(move)


def _add_free(commands: Subparsers) -> None:
    free = _add(commands, "free", "Let joints be guided by hand, or end that.", "armature.cli.arm.free")
    free.add_argument("joints", metavar="JOINT", nargs="*", help="with --end: default all that are free")
    free.add_argument("--end", action="store_true", help="let them hold again where they are")
    free.add_argument("--yes", action="store_true", help="they are held by hand, or give way; do not ask")
    _add_namespace(free)


def _add_recording(commands: Subparsers) -> None:
    record = _add(commands, "record", "Start, stop or snapshot the recording.", "armature.cli.arm.record")
    record.add_argument("action", choices=("start", "stop", "snapshot"))
    _add_namespace(record)
    report = _add(commands, "report", "Plot a recording into one HTML file.", "armature.cli.arm.record")
    report.add_argument("bag", metavar="BAG", help="folder of a recording")
    report.add_argument("--out", metavar="FILE", default="", help="default BAG/report.html")
    report.add_argument("--json", action="store_true", help="for programs")


def _add_bench(commands: Subparsers) -> None:
    bench = _add(commands, "bench", "Measure this machine.", "armature.cli.bench")
    bench.add_argument("subject", nargs="*", help="default: all; see the README's table")
    bench.add_argument(
        "--plot",
        metavar="FILE",
        type=Path,
        help="draw the bus cycle by the number of servos, or the following errors",
    )
    bench.add_argument("--json", action="store_true", help="for programs")
