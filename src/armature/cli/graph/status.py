"""The command that shows how the graph is."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from armature.cli.arguments import add_json, add_namespace
from armature.cli.graph.page import ask, page_address
from armature.cli.graph.running import Graph, process_info, without_runner
from armature.environment import graph_environment
from armature.errors import ProcessError
from armature.graph import share_folder
from armature.running_processes import BUS

_FIELDS = ("name", "statename", "pid", "description")
_HEARING_TIME = 10.0  # diagnostics come at 1 Hz, once the publisher has been discovered [s]
_SOURCE = "servo_interface"
_RUNS = "runs"
Statuses = Mapping[str, Mapping[str, str]]  # values by name of the diagnostic status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much of it."""
    parser.add_argument("--servos", action="store_true", help="with the statistics of the bus and its servos")
    add_json(parser)
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Show each process, the state of the arm and every fault with its remedy; on request, all statistics."""
    graph = Graph.of(options.namespace)
    infos, runner = _processes(graph)
    arm = ask(page_address(graph.supervisor.runtime))
    statuses = _hear_diagnostics(options.namespace) if options.servos else {}
    if options.json:
        listed = [{name: each[name] for name in _FIELDS} for each in infos]
        answer = {"processes": listed, "runner": runner, "arm": arm, "diagnostics": statuses}
        print(json.dumps(answer, ensure_ascii=False))
        return 0
    for each in infos:
        print(f"{each['name']:<18}{each['statename']:<10}{each['description']}")
    print("\n".join([*_arm_lines(arm or {}), *_status_lines(statuses)]))
    if runner != _RUNS:
        print(runner)
    return 0


def _processes(graph: Graph) -> tuple[list[dict[str, Any]], str]:
    """All processes, and what is to be said of who runs them.

    Raises:
        ProcessError: none runs, or the bus process alone.
    """
    if graph.supervisor.is_running():
        return graph.supervisor.processes(), _RUNS
    found = graph.processes.find()
    if all(running.name == BUS for running in found):
        raise without_runner(found)
    return [process_info(running) for running in found], str(without_runner(found))


def _arm_lines(arm: Mapping[str, Any]) -> Iterator[str]:
    state = arm.get("state", {})
    name = state.get("name", "unknown: the monitor does not answer")
    yield f"arm: {name} {state.get('reason', '')}".rstrip()
    if remedy := state.get("values", {}).get("remedy"):
        yield f"next: {remedy}"
    for fault in arm.get("faults", ()):
        values = fault.get("values", {})
        parts = [fault["message"], values.get("time", ""), values.get("done", ""), values.get("remedy", "")]
        yield f"{fault['level']:<6}{fault['name']}: " + "; ".join(part for part in parts if part)


def _status_lines(statuses: Statuses) -> Iterator[str]:
    for name, values in statuses.items():
        yield f"== {name}"
        yield from (f"{key:<28}{value}" for key, value in values.items())


def _hear_diagnostics(namespace: str) -> Statuses:
    """What the servo interface tells in /diagnostics of the bus and of each servo.

    Raises:
        ProcessError: nothing is heard of it.
    """
    import rclpy  # only here: it takes half a second
    from diagnostic_msgs.msg import DiagnosticArray
    from rclpy.node import Node

    from armature.nodes.common import topics
    from armature.nodes.common.conversions import values_of

    os.environ.update(graph_environment(os.environ, share_folder() / "config" / "fastdds_loopback.xml"))
    found: dict[str, Mapping[str, str]] = {}

    def hear(message: DiagnosticArray) -> None:
        found.update({s.name: values_of(s) for s in message.status if s.name.startswith(_SOURCE)})

    rclpy.init()
    node = Node("armature_status", namespace=namespace)
    topics.subscription(node, topics.DIAGNOSTICS, hear)
    give_up = time.monotonic() + _HEARING_TIME
    try:
        while not found and time.monotonic() < give_up:
            rclpy.spin_once(node, timeout_sec=0.1)
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    if not found:
        raise ProcessError(_SOURCE, "nothing is heard of it", f"look at: armature logs {_SOURCE}")
    return found
