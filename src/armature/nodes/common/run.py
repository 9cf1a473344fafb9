"""Runs a process of the graph: set-up, spinning, signals, exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol, runtime_checkable

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from armature.errors import ArmatureError
from armature.nodes.common.parameters.command_line import note_given, read_command_line
from armature.nodes.common.priority import freeze_gc, raise_priority
from armature.signals import Signals, ended_with_parent, received_signals

# EventsExecutor.spin() never returns in the PyPI wheels, so it is driven by finite waits;
# this is also how soon a signal is seen.
_SPIN_TIMEOUT = 0.2  # [s]


@runtime_checkable
class Stoppable(Protocol):
    """A node with work to do before it ends, as the servo interface parks the arm."""

    def advance_stop(self, signals: Signals) -> bool:
        """Take the next step of stopping.

        Args:
            signals: those received, in their order.

        Returns:
            Whether the node may be destroyed now.
        """


@runtime_checkable
class LeavesTorque(Protocol):
    """A node that may leave the arm with torque, which the exit code has to show."""

    @property
    def leaves_torque_on(self) -> bool:
        """Whether the arm was left with torque."""


@runtime_checkable
class MayFail(Protocol):
    """A node that may fail while it runs."""

    @property
    def failure(self) -> ArmatureError | None:
        """Why the process has to end."""


def run_nodes(*factories: Callable[[], Node], args: Sequence[str] | None = None, is_urgent: bool = False) -> int:
    """Run nodes in one executor until they are asked to end (signals.py); the process ends with it.

    Args:
        factories: make the nodes, once rclpy is initialised.
        args: command line with ROS arguments; None for sys.argv.
        is_urgent: whether motion depends on them, so that they need priority.

    Returns:
        0, or 1 where a node could not start or serve, or leaves the arm with torque; one line on stderr says why.
    """
    try:
        given = read_command_line(sys.argv if args is None else args)
    except ArmatureError as error:
        return _report(error)
    is_preferred = is_urgent and raise_priority()  # before DDS begins threads, which inherit it
    with received_signals(is_last=True) as signals, ended_with_parent(os.environ), _context(args):
        note_given(rclpy.get_default_context(), given)
        nodes: list[Node] = []
        executor: Any = EventsExecutor()
        try:
            for factory in factories:
                nodes.append(factory())
                executor.add_node(nodes[-1])
            if is_urgent:
                _prepare_process(nodes[0], is_preferred=is_preferred)
            _spin(executor, nodes, signals)
        except ArmatureError as error:
            return _report(error)
        finally:
            executor.shutdown(0)
            with ExitStack() as ends:  # a failing one keeps no other from its end
                for node in reversed(nodes):
                    ends.callback(node.destroy_node)
    return int(any(isinstance(node, LeavesTorque) and node.leaves_torque_on for node in nodes))


def _report(error: ArmatureError) -> int:
    print(*(f"error: {line}" for line in str(error).splitlines()), sep="\n", file=sys.stderr, flush=True)  # noqa: T201
    return 1


def _prepare_process(node: Node, *, is_preferred: bool) -> None:
    freeze_gc()
    if not is_preferred:
        node.get_logger().info("runs without priority; a nice limit of -10 for this user would permit it")


def _spin(executor: Any, nodes: list[Node], signals: Signals) -> None:
    fallible = [node for node in nodes if isinstance(node, MayFail)]
    try:
        while rclpy.ok() and not (signals and _advance_stop(nodes, signals)):
            executor.spin_once(timeout_sec=_SPIN_TIMEOUT)
            _check(fallible)
    except ExternalShutdownException:
        pass


def _check(nodes: Sequence[MayFail]) -> None:
    for node in nodes:
        if node.failure is not None:
            raise node.failure


def _advance_stop(nodes: list[Node], signals: Signals) -> bool:
    waiting = [node for node in nodes if isinstance(node, Stoppable) and not node.advance_stop(signals)]
    return not waiting


@contextmanager
def _context(args: Sequence[str] | None) -> Iterator[None]:
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    try:
        yield
    finally:
        rclpy.try_shutdown()
