"""The command that enables the arm."""

from __future__ import annotations

import argparse

from armature.cli.arguments import add_json, add_namespace
from armature.cli.arm.enabling import set_enabled


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which arm."""
    add_json(parser)
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Turn torque on where the arm stands, and have commands accepted."""
    return set_enabled(options, True)
