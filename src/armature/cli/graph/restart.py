"""The command that restarts one process."""

from __future__ import annotations

import argparse

from armature.cli.arguments import add_namespace
from armature.cli.graph.ending import SERVO_INTERFACE, print_exit_message
from armature.cli.graph.running import Graph


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which process."""
    parser.add_argument("process", metavar="PROCESS")
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Restart one process; the servo interface parks first; 1 if it could not."""
    graph = Graph.of(options.namespace)
    supervisor = graph.require_runner(options.process)
    was_running = supervisor.stop(options.process)
    has_parked = was_running and options.process == SERVO_INTERFACE
    code = print_exit_message(supervisor) if has_parked else 0
    supervisor.start_again(options.process)
    return code
