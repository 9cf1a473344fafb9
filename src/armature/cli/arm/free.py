"""The command that lets joints be guided by hand, and ends that."""

from __future__ import annotations

import argparse

from armature.cli.answers import refuse_use
from armature.cli.arguments import add_namespace
from armature.cli.loading import uninterrupted
from armature.cli.terminal import confirm, require_person


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which joints, and whether to ask."""
    parser.add_argument("joints", metavar="JOINT", nargs="*", help="with --end: default all that are free")
    parser.add_argument("--end", action="store_true", help="let them hold again where they are")
    parser.add_argument("--yes", action="store_true", help="do not ask: they are held by hand, or compliant")
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Let the joints be guided by hand, one after the other; or let them, or all that are free, hold again."""
    if not options.joints and not options.end:
        refuse_use("free", "name the joints to be guided: armature free JOINT ...")
    with uninterrupted():
        from armature.client.connection import connect
        from armature.client.guide import Guide
        from armature.client.readings import Readings

    with connect("free", options.namespace) as connection:
        guide = Guide(connection, Readings(connection))
        guide.require_known(options.joints)
        for joint in options.joints or guide.free_joints():
            if options.end or options.yes or _is_held(joint):
                print(guide.set_free(joint, is_free=not options.end), flush=True)
    return 0


def _is_held(joint: str) -> bool:
    require_person(f"free {joint}", "add --yes if it is held by hand, or compliant")
    return confirm(
        f"{joint}: unless it is compliant (current-based position) its torque goes off, and it falls. Held?"
    )
