"""The command that saves, lists and removes named poses of a running graph's arm."""

from __future__ import annotations

import argparse

from armature.cli.answers import print_answer, refuse_use
from armature.cli.arguments import add_json, add_namespace
from armature.cli.loading import uninterrupted
from armature.errors import CommandRefused, ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with which pose."""
    parser.add_argument("action", choices=("save", "list", "remove"))
    parser.add_argument("name", metavar="NAME", nargs="?", help="of the pose, for save and remove")
    parser.add_argument("--force", action="store_true", help="with save: replace the pose of this name")
    add_json(parser)
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Save where the arm is as a pose, which can be used at once; or list, or remove; 1 if it is refused."""
    if (options.name is None) != (options.action == "list"):
        right = {"save": "armature pose save NAME", "remove": "armature pose remove NAME"}
        refuse_use("pose", f"write: {right.get(options.action, 'armature pose list')}")
    with uninterrupted():
        from armature.cli.robot.saved_poses import SavedPoses
        from armature.client.connection import connect

    try:
        with connect("pose", options.namespace) as client:
            poses = SavedPoses.of(client)
            if options.action == "list":
                all_poses = poses.all()
                names = "\n".join(all_poses)
                return print_answer(options, True, names, poses=all_poses, file=str(poses.file))
            if options.action == "save":
                message = poses.save(options.name, force=options.force)
            else:
                message = poses.remove(options.name)
    except (CommandRefused, ConfigError) as error:
        return print_answer(options, False, str(error))
    return print_answer(options, True, message, file=str(poses.file))
