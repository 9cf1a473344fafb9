"""A node in a running graph, through which a program calls the others."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from rcl_interfaces.srv import GetParameters, SetParametersAtomically
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.parameter import Parameter, parameter_value_to_python

from armature.client import spinning
from armature.core.recovery_commands import STATUS, UP, in_namespace
from armature.environment import profile_variable
from armature.errors import CommandRefused, ProcessError
from armature.graph import PROCESS_NAMES, runtime_folder
from armature.nodes.common import topics
from armature.nodes.common.executor_bridge import ExecutorBridge, settle
from armature.nodes.common.topics import Service, Topic
from armature.running_processes import GraphProcesses
from armature.share import dds_profile

T = TypeVar("T")

TIMEOUT = 10.0  # for an answer [s]
ABSENT_TIME = 2.0  # after which a graph counts as absent of which nothing is seen, on this machine or in DDS [s]
SEE_STATUS = f"see: {STATUS}"
START = f"see: {STATUS}; start the graph with: {UP}"
_POLL = 0.02  # [s]


class Connection:
    """Calls services and waits for messages; any thread may use it."""

    def __init__(self, name: str, namespace: str) -> None:
        """Join the graph.

        Args:
            name: of the node.
            namespace: of the arm.

        Raises:
            ProcessError: ROS does not start.
        """
        self._namespace = namespace
        self.patience = TIMEOUT  # for an answer, unless something else is said [s]
        self._services: dict[Service, Any] = {}
        self._actions: dict[Service, Any] = {}
        self.node: Any = None
        try:
            self._spinning = spinning.acquire(self)
            self.bridge = ExecutorBridge(self._spinning, "this program")
            self.node = self.run(lambda: self._join(name, namespace))
        except BaseException:
            spinning.release(self)
            raise

    @property
    def is_open(self) -> bool:
        """Whether the graph has been joined, and not been left."""
        return self.node is not None

    def close(self) -> None:
        """Leave the graph; what waits for an answer is told so."""
        node, self.node = self.node, None
        try:
            if node is not None:
                # Events that are queued already still need their node, so it is destroyed behind them.
                self.run(lambda: self._spinning.executor.remove_node(node))
                self.run(lambda: self._destroy(node))
                self.bridge.close()
        finally:
            spinning.release(self)

    def run(self, work: Callable[[], T]) -> T:
        """Have work done in the thread that alone calls rclpy, and wait for its result."""

        def begin(answer: Future[T]) -> None:
            settle(answer, work())

        return self.bridge.wait(begin, "this program", "its own node", self.patience)

    def post(self, work: Callable[[], object]) -> None:
        """Have work done in that thread, without waiting for it; nothing once the graph is left."""
        if self.is_open:
            self._spinning.executor.create_task(work)

    def send(self, service: Service, request: Any) -> Any:
        """Call a service without waiting; returns the future answer. In that thread."""
        return self._service(service).call_async(request)

    def call(self, service: Service, request: Any, timeout: float | None = None) -> Any:
        """Call a service and return its response.

        Args:
            service: from the table of topics.
            request: of its type.
            timeout: longest wait for the response [s]; None for the usual one.

        Raises:
            ProcessError: it is not available, or does not answer.
        """
        server = service.name.partition("/")[0]
        client = self.run(lambda: self._service(service))
        self.require(client.service_is_ready, server, "it does not answer")

        def begin(answer: Future[Any]) -> None:
            called = client.call_async(request)
            called.add_done_callback(lambda done: settle(answer, done.result()))
            # After a timeout the client must not keep the request.
            answer.add_done_callback(lambda _: client.remove_pending_request(called))

        return self.bridge.wait(begin, server, service.name, self.patience if timeout is None else timeout)

    def is_served(self, service: Service) -> bool:
        """Whether a service has been discovered."""
        return bool(self.run(lambda: self._service(service)).service_is_ready())

    def action(self, service: Service) -> Any:
        """The client of an action of the table."""
        if service not in self._actions:
            self._actions[service] = self.run(lambda: ActionClient(self.node, service.kind, service.name))
        return self._actions[service]

    def subscribe(self, topic: Topic, callback: Callable[[Any], object], *, raw: bool = False) -> None:
        """Have a callback called in the thread for each message of a topic of the table."""
        self.run(lambda: topics.subscription(self.node, topic, callback, raw=raw))

    def require(self, condition: Callable[[], bool], process: str, why: str) -> None:
        """Wait until a condition is true.

        Raises:
            ProcessError: it does not become true.
        """
        soon = min(ABSENT_TIME, self.patience)
        if self.wait_until(condition, soon) or (
            self._may_run() and self.wait_until(condition, self.patience - soon)
        ):
            return
        others = [name or "one without a namespace" for name in sorted(self._arms() - {self._namespace})]
        seen = f"; of other arms there are: {', '.join(others)}" if others else ""
        raise ProcessError(process, why + seen, self.told(START))

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition is true; False if it is not within `seconds`."""
        give_up = time.monotonic() + seconds
        while not (is_true := condition()) and time.monotonic() < give_up:
            time.sleep(_POLL)
        return is_true

    def told(self, text: str) -> str:
        """A text whose commands mean this arm."""
        return in_namespace(text, self._namespace)

    def _may_run(self) -> bool:
        """Whether the graph may run: its processes are here, or DDS sees it, or looks as far as the network."""
        return self._is_far() or self._namespace in self._arms() or self._has_processes()

    def _is_far(self) -> bool:
        return os.environ.get(profile_variable(os.environ)) != str(dds_profile())

    def _has_processes(self) -> bool:
        folder = runtime_folder(os.environ, self._namespace)
        return bool(GraphProcesses(folder, self._namespace, PROCESS_NAMES, os.environ).find())

    def _arms(self) -> set[str]:
        """Namespaces of the arms that are seen in this ROS domain."""
        suffix = f"/{topics.STATE.name}"
        names = (name for name, _ in self.node.get_topic_names_and_types() if name.endswith(suffix))
        return {name.removesuffix(suffix).strip("/") for name in names if self.node.count_publishers(name)}

    def _service(self, service: Service) -> Any:
        if service not in self._services:
            self._services[service] = self.node.create_client(service.kind, service.name)
        return self._services[service]

    def _join(self, name: str, namespace: str) -> Node:
        node = Node(
            name,
            context=self._spinning.context,
            namespace=namespace,
            start_parameter_services=False,
            enable_rosout=False,
        )
        self._spinning.executor.add_node(node)
        return node

    def _destroy(self, node: Any) -> None:
        for action in self._actions.values():  # a node does not know them
            action.destroy()
        node.destroy_node()


@contextmanager
def connect(command: str, namespace: str) -> Iterator[Connection]:
    """A connection while a command runs; Ctrl-C raises KeyboardInterrupt.

    Args:
        command: its name, which names the node.
        namespace: of the arm.
    """
    connection = Connection(f"armature_{command}", namespace)
    try:
        yield connection
    finally:
        connection.close()


def ask(connection: Connection, service: Service, on: bool | None = None, timeout: float | None = None) -> str:
    """Ask a service for one thing; returns its words.

    Args:
        connection: to the graph.
        service: of type SetBool, or of type Trigger.
        on: what a SetBool is asked for.
        timeout: longest wait for the answer [s]; None for the usual one.

    Raises:
        CommandRefused: it is refused.
        ProcessError: there is no answer.
    """
    request = service.kind.Request() if on is None else service.kind.Request(data=on)
    answer = connection.call(service, request, timeout)
    if not answer.success:
        raise CommandRefused.from_message(str(answer.message))
    return str(answer.message)


def get_parameters(connection: Connection, node: str, names: Sequence[str]) -> dict[str, Any]:
    """Values of parameters of a node, by name; None where it has none.

    Raises:
        ProcessError: the node does not answer.
    """
    service = Service(f"{node}/get_parameters", GetParameters, "")
    response = connection.call(service, GetParameters.Request(names=list(names)))
    values = [parameter_value_to_python(value) for value in response.values]
    return dict(zip(names, values or [None] * len(names), strict=False))


def set_parameters(connection: Connection, node: str, values: Mapping[str, Any]) -> str:
    """Set parameters of a node, all or none.

    Args:
        connection: to the graph.
        node: its name.
        values: by name.

    Returns:
        Why the node refused them; empty where they are set.

    Raises:
        ProcessError: the node does not answer.
    """
    service = Service(f"{node}/set_parameters_atomically", SetParametersAtomically, "")
    parameters = [Parameter(name, value=value).to_parameter_msg() for name, value in values.items()]
    result = connection.call(service, SetParametersAtomically.Request(parameters=parameters)).result
    return "" if result.successful else str(result.reason) or f"{node} refused it"
