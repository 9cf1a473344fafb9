"""Arguments that several commands take."""

from __future__ import annotations

import argparse
import shlex

from armature.graph import EMULATED, GAZEBO, NAMESPACES, is_namespace
from armature.robots import DEFAULT_ROBOT, Robot, find_robot

HTTP_TAKEN = "choose another one with --http HOST:PORT, or end the program that uses it"
"""The remedy where the page's address is in use."""
_HTTP = "127.0.0.1:8080"


def add_robot(parser: argparse.ArgumentParser) -> None:
    """Which arm, and files in place of its own."""
    robot_help = f"name of an arm that ships, or path of a folder, URDF or xacro file; default {DEFAULT_ROBOT}"
    parser.add_argument("--robot", metavar="NAME|PATH", default="", help=robot_help)
    for name, file in (("urdf", "URDF or xacro file"), ("wiring", "wiring file"), ("poses", "file of poses")):
        parser.add_argument(f"--{name}", metavar="FILE", default="", help=f"in place of the robot's own {file}")
    xacro_help = "argument of a xacro file; may be given several times"
    parser.add_argument("--xacro-arg", metavar="NAME:=VALUE", action="append", default=[], help=xacro_help)


def chosen_robot(options: argparse.Namespace, *, needs_wiring: bool = True, keeps_refused: bool = False) -> Robot:
    """The files of the arm that the options name; see `find_robot`.

    Raises:
        ConfigError: see `find_robot`.
    """
    return find_robot(
        options.robot,
        options.wiring,
        getattr(options, "params_file", ""),
        urdf=options.urdf,
        poses=options.poses,
        xacro_arguments=options.xacro_arg,
        needs_wiring=needs_wiring,
        keeps_refused=keeps_refused,
    )


def another_robot(options: argparse.Namespace) -> str:
    """How to choose another robot, for whoever named none; else empty."""
    return "" if options.robot or options.urdf else "; --robot chooses another robot"


def same_arm(options: argparse.Namespace) -> str:
    """The options that another command needs to mean the same arm."""
    names = ("robot", "urdf", "wiring", "poses")
    words = [f"--{name} {shlex.quote(text)}" for name in names if (text := getattr(options, name))]
    words += [f"--xacro-arg {shlex.quote(argument)}" for argument in options.xacro_arg]
    if options.port and options.port not in (EMULATED, GAZEBO):
        words.append(f"--port {shlex.quote(options.port)}")
    return " ".join(words)


def add_port(parser: argparse.ArgumentParser) -> None:
    """The serial port, for commands that use the bus themselves."""
    help_text = "default: the only adapter plugged in; NAME=DEVICE,… where the wiring file has several buses"
    parser.add_argument("--port", metavar="DEV", default="", help=help_text)


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """A file of ROS parameters of this one arm."""
    help_text = "ROS parameters over the robot's own, such as the limits of this one arm"
    parser.add_argument("--params-file", metavar="FILE", default="", help=help_text)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Whether to print JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def add_http(parser: argparse.ArgumentParser, about: str = "") -> None:
    """Where the page is served. Args: the parser, and what is to be said before the default."""
    parser.add_argument("--http", metavar="HOST:PORT", default=_HTTP, help=f"{about}default {_HTTP}")


def add_namespace(parser: argparse.ArgumentParser) -> None:
    """Which of several graphs."""
    help_text = "of the arm, where there are several"
    parser.add_argument("--namespace", metavar="NS", type=_namespace, default="", help=help_text)


def _namespace(text: str) -> str:
    """A ROS namespace without its outer slashes."""
    if not is_namespace(text):
        raise argparse.ArgumentTypeError(f"{text!r}: {NAMESPACES}")
    return text.strip("/")
