"""The command that opens and closes the gripper."""

from __future__ import annotations

import argparse

from armature.cli.answers import print_answer
from armature.cli.arguments import add_json, add_namespace
from armature.cli.loading import uninterrupted
from armature.errors import MotionFailed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, and how strongly."""
    parser.add_argument("position", metavar="POSITION", type=float, help="[m], or [rad] where it turns")
    effort_help = "the most that it may give [N, N·m]; default: what the wiring file allows"
    parser.add_argument("--effort", metavar="N", type=float, default=0.0, help=effort_help)
    add_json(parser)
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Move the gripper, and print how it has ended: at its goal, or holding something. Ctrl-C cancels it."""
    with uninterrupted():
        from armature.client.connection import connect
        from armature.client.goals import gripper_goal
        from armature.client.motion import Motions
        from armature.client.readings import Readings
        from armature.nodes.common import topics

    goal = gripper_goal(options.position, options.effort)
    with connect("gripper", options.namespace) as connection:
        motions = Motions(connection, Readings(connection))
        motion = motions.begin(topics.GRIPPER_COMMAND, goal, "gripper")
        try:
            return print_answer(options, True, motion.wait())
        except MotionFailed as failure:
            return print_answer(options, False, str(failure))
        finally:
            motion.cancel()
