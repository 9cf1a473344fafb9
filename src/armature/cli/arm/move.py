"""The command that moves the arm of a running graph."""

from __future__ import annotations

import argparse
import json
import math
import sys
from typing import TYPE_CHECKING, Any

from armature.cli.answers import print_answer
from armature.cli.arguments import add_json, add_namespace
from armature.cli.loading import uninterrupted
from armature.signals import received_signals

if TYPE_CHECKING:
    from armature.cli.arm.mover import Mover


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The target, in one of several forms."""
    parser.add_argument("pose", metavar="POSE", nargs="*", help="named poses, one after the other")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--joints", metavar="J=RAD,...", action="append", help="to joint values; again for the next"
    )
    where.add_argument(
        "--to",
        metavar="V",
        type=float,
        nargs="+",
        help="the tool to x y z [m], orientation free, or to [roll pitch yaw, rad]",
    )
    where.add_argument(
        "--line", metavar="V", type=float, nargs="+", help="straight on by dx dy dz [m] [r p y, rad]"
    )
    where.add_argument(
        "--arc", metavar="V", type=float, nargs=6, help="by dx dy dz to pass, and dx dy dz to end [m]"
    )
    frame_help = "axes: base (default) or tool; with --to, tool is an offset from the present pose"
    parser.add_argument("--frame", choices=("base", "tool"), default="base", help=frame_help)
    seconds_help = "shortest duration; default: as fast as the limits allow"
    parser.add_argument("--seconds", metavar="S", type=float, default=0.0, help=seconds_help)
    speed_help = "of the tool on a line or an arc [m/s], held while it turns; default: as fast as the limits allow"
    parser.add_argument("--speed", metavar="V", type=float, default=0.0, help=speed_help)
    parser.add_argument("--preview", action="store_true", help="print the figures of the move; nothing moves")
    add_json(parser)
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Plan the move, print its figures, and follow it to its end; Ctrl-C stops the arm within its limits."""
    with uninterrupted():
        from armature.cli.arm.move_goal import move_goal
        from armature.cli.arm.mover import Mover
        from armature.client.connection import connect

    action, goal = move_goal(options)
    with received_signals() as signals, connect("move", options.namespace) as connection:
        return _follow(Mover(connection, action, signals), goal, options)


def _follow(mover: Mover, goal: Any, options: argparse.Namespace) -> int:
    planned = mover.preview(goal)
    if not planned.is_reached:
        return print_answer(options, False, planned.message)
    figures: dict[str, Any] = json.loads(planned.message)
    if not options.json:
        print("\n".join(_lines(figures)), flush=True)
    if options.preview:
        return print_answer(options, True, "nothing was moved", **figures)
    has_progress = not options.json and sys.stdout.isatty()
    end = mover.follow(goal, lambda done: _print_progress(done / figures["duration"]) if has_progress else None)
    return print_answer(options, end.is_reached, end.message, **figures)


def _lines(figures: dict[str, Any]) -> list[str]:
    left = round(math.degrees(figures["limit_margin"]), 1) + 0.0  # without the sign of -0.0
    return [
        f"duration      {figures['duration']:.2f} s",
        f"reach         farthest point {figures['reach']:.3f} m from the base",
        f"joint limits  {left:.1f} deg left at {figures['limit_joint']}",
        f"clearance     {round(1e3 * figures['clearance'])} mm"
        + (" or more" if figures["clearance"] >= 0.05 else ""),
        f"torque        {figures['torque']:.0%} of the available torque",
        f"singularity   {figures['singularity']:.4f} m/rad (0: singular)",
    ]


def _print_progress(share: float) -> None:
    print(f"\r{min(share, 1.0):4.0%}\r", end="", flush=True)
