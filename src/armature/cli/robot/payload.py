"""The command that tells a running graph what the tool carries."""

from __future__ import annotations

import argparse

from armature.cli.answers import print_answer, refuse_use
from armature.cli.arguments import add_json, add_namespace
from armature.cli.loading import uninterrupted
from armature.errors import ConfigError

_NODE = "arm_controller"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much, and where."""
    mass_help = "of what the tool carries [kg]; 0 for nothing; left out, the one in force is shown"
    parser.add_argument("mass", metavar="MASS", type=float, nargs="?", help=mass_help)
    at_help = "its centre in the tool's frame [m]; default: the frame's origin"
    parser.add_argument("--at", metavar=("X", "Y", "Z"), type=float, nargs=3, help=at_help)
    add_json(parser)
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Set the payload while the arm rests, or show it; 1 if it is refused: the one before stays in force."""
    if options.mass is None and options.at is not None:
        refuse_use("payload", "give the mass too: armature payload MASS --at X Y Z")
    with uninterrupted():
        from armature.client.connection import connect, get_parameters, set_parameters
        from armature.core.payload import Payload
        from armature.nodes.common.parameters.payload import PayloadParameters
        from armature.nodes.common.parameters.wanted import wanted

    parameters = tuple(wanted(PayloadParameters).values())
    names = [each.name for each in parameters]
    given = () if options.mass is None else (options.mass, *(options.at or (0.0, 0.0, 0.0)))
    try:
        values = [each.checked(value) for each, value in zip(parameters, given, strict=False)]
    except ConfigError as error:
        return print_answer(options, False, str(error))
    with connect("payload", options.namespace) as client:
        why = set_parameters(client, _NODE, dict(zip(names, values, strict=False))) if values else ""
        mass, *at = get_parameters(client, _NODE, names).values()
    payload = Payload(mass, (at[0], at[1], at[2]))
    return print_answer(options, not why, why or str(payload), payload=mass, at=at)
