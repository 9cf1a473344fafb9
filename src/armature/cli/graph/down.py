"""The command that ends the graph."""

from __future__ import annotations

import argparse
from functools import partial

from armature.cli.arguments import add_namespace
from armature.cli.graph.ending import START_AGAIN, print_exit_message, send_signal, wait_for_end
from armature.cli.graph.running import Graph, without_runner
from armature.core.recovery_commands import in_namespace
from armature.running_processes import BUS
from armature.signals import RUNNER_SIGNAL


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which graph."""
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """End the graph: the servo interface parks first, the rest follows; 1 if it left torque on."""
    graph = Graph.of(options.namespace)
    if graph.supervisor.is_running():
        graph.supervisor.shutdown()
        wait_for_end(lambda: not graph.supervisor.is_running(), "graph")
    else:
        _end_without_runner(graph)
    return print_exit_message(graph.supervisor, in_namespace(START_AGAIN, options.namespace))


def _end_without_runner(graph: Graph) -> None:
    """End the processes of a runner that has died, in the runner's order: the servo interface, which parks, first.

    Raises:
        ProcessError: there are none, another launcher runs them, or one does not end.
    """
    found = graph.processes.find()
    ours = [each.name for each in found if each.has_runner and each.name != BUS]
    if not ours:
        raise without_runner(found)
    for name in reversed(ours):
        send_signal(graph, name, RUNNER_SIGNAL)
        wait_for_end(partial(_is_gone, graph, name), name)


def _is_gone(graph: Graph, name: str) -> bool:
    return all(found.name != name for found in graph.processes.find())
