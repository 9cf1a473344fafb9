"""The command that shows how the graph is, and what others ask of a running graph."""

from __future__ import annotations

import argparse
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from armature.cli.graph.running import Graph, info, without_runner
from armature.environment import graph_environment, state_folder
from armature.errors import ProcessError
from armature.graph import share_folder
from armature.monitor.http.address import is_loopback
from armature.nodes.monitor.access_key import key_file, read_key
from armature.running_processes import BUS

_FIELDS = ("name", "statename", "pid", "description")
_HEARING_TIME = 10.0  # diagnostics come at 1 Hz, once the publisher has been discovered [s]
_SOURCE = "servo_interface"
_WITH_KEY = "ask as the user that runs it, with the same XDG_STATE_HOME"
_RUNS = "runs"
Statuses = Mapping[str, Mapping[str, str]]  # values by name of the diagnostic status


def status(options: argparse.Namespace) -> int:
    """Show each process, the state of the arm and every fault with its remedy; on request, all statistics."""
    graph = Graph.of(options.namespace)
    infos, runner = _processes(graph)
    arm = ask(url(graph.supervisor.runtime))
    statuses = _diagnosed(options.namespace) if options.servos else {}
    if options.json:
        listed = [{name: each[name] for name in _FIELDS} for each in infos]
        told = {"processes": listed, "runner": runner, "arm": arm, "diagnostics": statuses}
        print(json.dumps(told, ensure_ascii=False))
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
    return [info(running) for running in found], str(without_runner(found))


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


def _diagnosed(namespace: str) -> Statuses:
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


# Questions


def url(runtime: Path) -> str:
    """The page's address; empty where there is none yet."""
    return (runtime / "url").read_text("utf-8") if (runtime / "url").exists() else ""


def ask(address: str) -> dict[str, Any] | None:
    """The monitor's view of the arm; None where it does not answer.

    Args:
        address: of the page, "" where it is not known.

    Raises:
        ConfigError: an access key is needed, and it cannot be read.
        ProcessError: it wants another access key than the one that is kept here.
    """
    if not address:
        return None
    request = _asking(f"{address}api/state")
    # The monitor is on this machine: no proxy of the environment is asked, nor told the key.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=1.0) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        with error:
            if error.code == HTTPStatus.UNAUTHORIZED:
                raise ProcessError("monitor", "it wants another access key", _WITH_KEY) from error
            return None
    except (OSError, ValueError):
        return None


def _asking(address: str) -> urllib.request.Request:
    """A request with the access key where one is needed."""
    request = urllib.request.Request(address)
    if not is_loopback(request.host.rpartition(":")[0].strip("[]")):
        request.add_header("Authorization", f"Bearer {read_key(key_file(state_folder(os.environ)))}")
    return request
