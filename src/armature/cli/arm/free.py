"""The command that lets joints be guided by hand, and ends that."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import SetBool

from armature.cli.terminal import agrees, require_person
from armature.environment import graph_environment
from armature.errors import ConfigError, ProcessError
from armature.graph import share_folder
from armature.nodes.common import topics
from armature.nodes.common.conversions import values_of

_TIMEOUT = 10.0  # for an answer [s]
_POLL = 0.05  # [s]
_DISCOVERY = 3.0  # until a service that there is should be known [s]
_WRONG_USE = 2
_SOURCE = "servo_interface"
_SERVICE = topics.free("*").name.partition("*")


def free(options: argparse.Namespace) -> int:
    """Let the joints be guided by hand, one after the other; or let them, or all that are free, hold again."""
    if not options.joints and not options.end:
        print("armature free: error: name the joints to be guided; none is let go unnamed", file=sys.stderr)
        return _WRONG_USE
    os.environ.update(graph_environment(os.environ, share_folder() / "config" / "fastdds_loopback.xml"))
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = Node("armature_free", namespace=options.namespace)
    try:
        guide = _Guide(node)
        guide.require_known(options.joints)
        for joint in options.joints or guide.free_joints():
            if options.end or options.yes or _is_held(joint):
                print(guide.ask(joint, begin=not options.end), flush=True)
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _is_held(joint: str) -> bool:
    require_person(f"free {joint}", "add --yes if it is held by hand, or gives way")
    return agrees(
        f"{joint}: unless it gives way (current-based position) its torque goes off, and it falls. Held?"
    )


class _Guide:
    """A client of the servo interface."""

    def __init__(self, node: Node) -> None:
        """Args: the node; waits until the servo interface has told its state."""
        self._node = node
        self._states: list[DiagnosticStatus] = []
        topics.subscription(node, topics.STATE, self._states.append)
        self._await(lambda: bool(self._states), "nothing is heard of it")

    def free_joints(self) -> list[str]:
        """Joints that are free now."""
        told = values_of(self._states[-1]).get("free", "")
        return told.split(", ") if told else []

    def require_known(self, joints: Sequence[str]) -> None:
        """Refuse joints that the arm does not have.

        Raises:
            ConfigError: naming the first of them.
        """
        self._poll(lambda: set(joints) <= set(self._all()), _DISCOVERY)
        for joint in joints:
            if joint not in self._all():
                raise ConfigError("armature free", joint, f"joints are {', '.join(self._all())}")

    def ask(self, joint: str, *, begin: bool) -> str:
        """What is done.

        Raises:
            ProcessError: it is refused, or not answered.
        """
        service = topics.free(joint)
        client = self._node.create_client(service.kind, service.name)
        self._await(client.service_is_ready, "it does not answer")
        answer = client.call_async(SetBool.Request(data=begin))
        self._await(answer.done, "it does not answer")
        result = answer.result()
        if not result.success:
            raise ProcessError(_SOURCE, result.message, "see: armature status")
        return str(result.message)

    def _all(self) -> list[str]:
        """Joints whose service is known."""
        names = (name for name, _ in self._node.get_service_names_and_types())
        prefix = f"{self._node.get_namespace().rstrip('/')}/{_SERVICE[0]}"
        mine = (name for name in names if name.startswith(prefix) and name.endswith(_SERVICE[2]))
        return [name[len(prefix) : -len(_SERVICE[2])] for name in mine]

    def _await(self, condition: Callable[[], bool], why: str) -> None:
        if not self._poll(condition, _TIMEOUT):
            raise ProcessError(_SOURCE, why, "see: armature status; start the graph with: armature up")

    def _poll(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether a condition has come true in time."""
        give_up = time.monotonic() + seconds
        while not (is_true := condition()) and time.monotonic() < give_up:
            rclpy.spin_once(self._node, timeout_sec=_POLL)
        return is_true
