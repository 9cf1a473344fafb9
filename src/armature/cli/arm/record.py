"""Commands about recordings."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
from pathlib import Path

import rclpy
from rclpy.node import Node

from armature.environment import graph_environment
from armature.errors import ProcessError, RecordingError
from armature.graph import share_folder
from armature.nodes.common import topics

_SERVICES = {
    "start": topics.RECORDER_START,
    "stop": topics.RECORDER_STOP,
    "snapshot": topics.RECORDER_SNAPSHOT,
}
_TIMEOUT = 10.0  # [s]


def record(options: argparse.Namespace) -> int:
    """Ask the recorder, and print its answer."""
    service = _SERVICES[options.action]
    os.environ.update(graph_environment(os.environ, share_folder() / "config" / "fastdds_loopback.xml"))
    rclpy.init()
    node = Node("armature_record", namespace=options.namespace)
    try:
        print(_call(node, service))
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _call(node: Node, service: topics.Service) -> str:
    client = node.create_client(service.kind, service.name)
    if not client.wait_for_service(_TIMEOUT):
        raise ProcessError("recorder", "it does not answer", "start the graph with: armature up")
    future = client.call_async(service.kind.Request())
    rclpy.spin_until_future_complete(node, future, timeout_sec=_TIMEOUT)
    answer = future.result()
    if answer is None:
        raise ProcessError("recorder", f"no answer within {_TIMEOUT:.0f} s", "look at: armature logs recorder")
    if not answer.success:
        raise ProcessError("recorder", answer.message, "look at: armature status")
    return str(answer.message)


def report(options: argparse.Namespace) -> int:
    """Write the report of a bag, and print its figures."""
    from armature.recording.report.report import write_report  # only here: its plots take a second to load

    bag = Path(options.bag)
    out = Path(options.out) if options.out else None
    summary = write_report(bag, out)
    if options.json:
        print(json.dumps({**dataclasses.asdict(summary), "bag": str(bag), "out": str(summary.out)}))
    else:
        print("\n".join(summary.lines()))
    if summary.lost:
        raise RecordingError(str(bag), f"{summary.lost}; the report tells of the rest")
    return 0
