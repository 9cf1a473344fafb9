"""Arguments that several commands take."""

from __future__ import annotations

import argparse

from armature.robots import DEFAULT_ROBOT


def add_robot(parser: argparse.ArgumentParser) -> None:
    """Which arm, and its wiring file."""
    parser.add_argument("--robot", metavar="NAME", default=DEFAULT_ROBOT, help=f"default {DEFAULT_ROBOT}")
    parser.add_argument("--wiring", metavar="FILE", default="", help="in place of the robot's own wiring file")


def add_port(parser: argparse.ArgumentParser) -> None:
    """The serial port, for commands that use the bus themselves."""
    help_text = "default: the only adapter plugged in; NAME=DEVICE,… where the wiring file has several buses"
    parser.add_argument("--port", metavar="DEV", default="", help=help_text)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Whether to print JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def add_namespace(parser: argparse.ArgumentParser) -> None:
    """Which of several graphs."""
    help_text = "of the arm, where there are several"
    parser.add_argument("--namespace", metavar="NS", type=_namespace, default="", help=help_text)


def _namespace(text: str) -> str:
    """A ROS namespace without its outer slashes."""
    name = text.strip("/")
    if not all(part.isidentifier() and part.isascii() for part in name.split("/")) and name:
        raise argparse.ArgumentTypeError(f"{text!r}: write letters, digits and _, not a digit first, as in left")
    return name
