"""The command that disables the arm."""

from __future__ import annotations

import argparse

from armature.cli.arguments import add_json, add_namespace
from armature.cli.arm.enabling import set_enabled


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which arm."""
    add_json(parser)
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Park the arm, then turn torque off; where it cannot park, it holds."""
    return set_enabled(options, False)
