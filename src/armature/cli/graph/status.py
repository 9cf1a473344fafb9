"""The command that shows the state of the graph."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from armature.cli.arguments import add_json, add_namespace
from armature.cli.graph.page import fetch_state, page_address
from armature.cli.graph.running import Graph, process_info, without_runner
from armature.cli.loading import uninterrupted
from armature.dynamixel.wiring.confirmed import NOT_CONFIRMED
from armature.errors import ProcessError
from armature.running_processes import BUS

_FIELDS = ("name", "statename", "pid", "description")
_SOURCE = "servo_interface"
_RUNS = "runs"
Statuses = Mapping[str, Mapping[str, str]]  # values by name of the diagnostic status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much to show."""
    parser.add_argument("--servos", action="store_true", help="with the statistics of the bus and its servos")
    add_json(parser)
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Show each process, the state of the arm and every fault with its remedy; with --servos, all statistics."""
    graph = Graph.of(options.namespace)
    infos, runner = _processes(graph)
    arm = fetch_state(page_address(graph.supervisor.runtime))
    statuses = _receive_diagnostics(options.namespace) if options.servos else {}
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
    """All processes, and which runner they have.

    Raises:
        ProcessError: none runs, or only the bus process.
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
    if remedy := state.get("values", {}).get("limits_remedy"):
        yield f"slow: {NOT_CONFIRMED}; {remedy}"
    for fault in arm.get("faults", ()):
        values = fault.get("values", {})
        parts = [fault["message"], values.get("time", ""), values.get("done", ""), values.get("remedy", "")]
        yield f"{fault['level']:<6}{fault['name']}: " + "; ".join(part for part in parts if part)


def _status_lines(statuses: Statuses) -> Iterator[str]:
    for name, values in statuses.items():
        yield f"== {name}"
        yield from (f"{key:<28}{value}" for key, value in values.items())


def _receive_diagnostics(namespace: str) -> Statuses:
    """What the servo interface publishes in /diagnostics of the bus and of each servo.

    Raises:
        ProcessError: it publishes nothing.
    """
    with uninterrupted():  # only here: ROS takes half a second
        from diagnostic_msgs.msg import DiagnosticArray

        from armature.client.connection import TIMEOUT, connect
        from armature.nodes.common import topics
        from armature.nodes.common.conversions import values_of

    received: dict[str, Mapping[str, str]] = {}

    def on_diagnostics(message: DiagnosticArray) -> None:
        received.update({s.name: values_of(s) for s in message.status if s.name.startswith(_SOURCE)})

    with connect("status", namespace) as connection:
        connection.subscribe(topics.DIAGNOSTICS, on_diagnostics)
        connection.wait_until(lambda: bool(received), TIMEOUT)
    if not received:
        raise ProcessError(_SOURCE, "it publishes no diagnostics", f"look at: armature logs {_SOURCE}")
    return received
