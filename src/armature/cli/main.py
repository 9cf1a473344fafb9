"""The entry of the command line: runs the command and prints its error."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from armature.cli.commands import COMMANDS
from armature.core.recovery_commands import in_namespace
from armature.errors import ArmatureError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done; 1 refused or failed, with a line for each cause that says what to do; wrong use exits with 2.
    """
    os.environ.setdefault("MUJOCO_GL", "disable")  # nothing draws: MuJoCo would start a process to find a window
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except BrokenPipeError:
        # The reader of the output has closed it; without this Python would report that once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 1


def _run(words: Sequence[str]) -> int:
    options = argparse.Namespace(namespace="")
    try:
        options = parse(words)
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except ArmatureError as error:
        text = in_namespace(str(error), getattr(options, "namespace", ""))
        print(*(f"error: {line}" for line in text.splitlines()), sep="\n", file=sys.stderr)
        return 1


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read a command line; wrong use ends the program with 2.

    Returns:
        The command's options, with the function to run as `run`.

    Raises:
        SetupError: a package that the command needs is not installed.
    """
    root = argparse.ArgumentParser(prog="armature", description="A robot arm of Dynamixel servos.")
    commands = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    chosen = next((word for word in words if not word.startswith("-")), "")
    for name, entry in COMMANDS.items():
        parser = commands.add_parser(name, help=entry.help, description=entry.help)
        if name == chosen:  # so that no other module is loaded
            command = entry.load()
            command.add_arguments(parser)
            parser.set_defaults(run=command.run)
    return root.parse_args(words)
