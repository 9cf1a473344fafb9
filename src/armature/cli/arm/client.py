"""A short-lived node that calls the nodes of a running graph."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from armature.environment import graph_environment
from armature.errors import ProcessError
from armature.nodes.common.topics import Service
from armature.share import dds_profile

TIMEOUT = 10.0  # for an answer [s]
START = "see: armature status; start the graph with: armature up"
_POLL = 0.05  # [s]


class Client:
    """Calls services and waits for messages."""

    def __init__(self, node: Node) -> None:
        """Args: node: the command's own."""
        self.node = node

    def call(self, service: Service, request: Any, timeout: float = TIMEOUT) -> Any:
        """Call a service and return its response.

        Args:
            service: from the table of topics.
            request: of its type.
            timeout: longest wait for the response [s].

        Raises:
            ProcessError: it is not available, or does not answer.
        """
        server = service.name.partition("/")[0]
        client = self.node.create_client(service.kind, service.name)
        self.require(client.service_is_ready, server, "it does not answer")
        answer = client.call_async(request)
        if not self.wait_until(answer.done, timeout):
            raise ProcessError(server, f"no answer within {timeout:.0f} s", f"see: armature logs {server}")
        return answer.result()

    def require(self, condition: Callable[[], bool], process: str, why: str) -> None:
        """Wait until a condition is true.

        Raises:
            ProcessError: it does not become true.
        """
        if not self.wait_until(condition, TIMEOUT):
            raise ProcessError(process, why, START)

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition is true; False if it is not within `seconds`."""
        give_up = time.monotonic() + seconds
        while not (is_true := condition()) and time.monotonic() < give_up:
            rclpy.spin_once(self.node, timeout_sec=_POLL)
        return is_true


@contextmanager
def connect(command: str, namespace: str) -> Iterator[Client]:
    """A client in the graph of a namespace while a command runs; Ctrl-C raises KeyboardInterrupt.

    Args:
        command: its name, which names the node.
        namespace: of the arm.
    """
    os.environ.update(graph_environment(os.environ, dds_profile()))
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = Node(f"armature_{command}", namespace=namespace)
    try:
        yield Client(node)
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
