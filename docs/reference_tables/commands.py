"""The command line, from its parsers."""

from __future__ import annotations

import argparse
import os

from armature.cli.commands import COMMANDS

INTRODUCTION = """# Commands

`armature` is `.venv/bin/armature` in the checkout (`source .venv/bin/activate` puts it on the path), and
`ros2 run armature armature` in a ROS 2 workspace. With `--json` a program can read the answer.
Exit codes: 0 done, 1 refused or failed with one line that says why and what to do, 2 wrong use.
"""


def page() -> str:
    """The page."""
    os.environ["COLUMNS"] = "100"
    parts = [INTRODUCTION]
    for name, parser in parsers().items():
        help_text = parser.format_help().rstrip()
        parts += [f"## armature {name}\n", f"```text\n{help_text}\n```\n"]
    return "\n".join(parts)


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command by its name."""
    made = {}
    for name, entry in COMMANDS.items():
        made[name] = argparse.ArgumentParser(prog=f"armature {name}", description=entry.help)
        entry.load().add_arguments(made[name])
    return made
