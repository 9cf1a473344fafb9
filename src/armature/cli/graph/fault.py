"""The command that injects faults into a running emulator, and clears them."""

from __future__ import annotations

import argparse
from math import inf

from armature.cli.arguments import add_json, add_namespace
from armature.cli.loading import uninterrupted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which fault, in which joint, with which parameters and for how long."""
    parser.add_argument("name", metavar="NAME", help="a fault; or list, active, clear")
    parser.add_argument("which", metavar="FAULT", nargs="?", help="what to clear; default: all")
    parser.add_argument("--joint", metavar="J", help="default: every joint")
    parser.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help="see: fault list")
    until = "default: until cleared"
    parser.add_argument("--for", dest="seconds", type=float, metavar="S", default=inf, help=until)
    parser.add_argument("--seed", metavar="N", help="of random faults; default 0")
    parser.add_argument("--link", metavar="PATH", default="", help="of armature emulate; default: of armature up")
    add_json(parser)
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Inject a fault, clear faults, or list them."""
    with uninterrupted():
        from armature.cli.graph.injection import inject_or_clear

    return inject_or_clear(options)
