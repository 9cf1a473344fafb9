"""`armature up` as a user runs it, and a node beside it that asks and hears the graph."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.subscription import Subscription
from std_srvs.srv import SetBool, Trigger

from armature.environment import graph_environment
from armature.graph import PROCESS_NAMES
from armature.nodes.common import topics
from armature.nodes.common.conversions import positions_of, values_of
from armature.running_processes import GraphProcesses
from armature.share import dds_profile

from .trouble import left_behind

ROOT = Path(__file__).resolve().parents[2]
# As long as set-points reach, so that nothing but a machine later than that stops the arm; at half the usual
# rate, since the same machine runs the tests.
PATIENT = """
/**/servo_interface:
  ros__parameters: {rate: 50.0, latency: 0.03, max_missed_reads: 20, faults.bus_watchdog.time: 2.0}
/**/arm_controller: {ros__parameters: {reading_timeout: 3.0}}
"""


def armature(*arguments: str, runtime: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run one command of the command line to its end."""
    environment = os.environ | {"ARMATURE_RUNTIME": str(runtime)} | environment
    command = [sys.executable, "-m", "armature.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90)


class Running:
    """A running graph; use it in a with statement."""

    def __init__(self, runtime: Path, *arguments: str, namespace: str = "") -> None:
        self.runtime = runtime
        self.namespace = namespace
        self.out = runtime / f"up{namespace}.out"
        self.domain = int(os.environ["ROS_DOMAIN_ID"])  # for its life, whatever the domains of tests that share it
        self.environment = graph_environment(os.environ, dds_profile())
        self.environment |= {"ARMATURE_RUNTIME": str(runtime), "HOME": str(runtime)}
        if "--params-file" not in arguments:
            (patient := runtime / "patient.yaml").write_text(PATIENT, "utf-8")
            arguments = ("--params-file", str(patient), *arguments)
        arguments = ("up", "--http", "127.0.0.1:0", "--namespace", namespace, *arguments)
        command = [sys.executable, "-m", "armature.cli", *arguments]
        with self.out.open("w") as out:
            self.process = subprocess.Popen(command, env=self.environment, stdout=out, stderr=subprocess.STDOUT)

    def __enter__(self) -> Running:
        self.wait_for(lambda: "ready " in self.said() or self.process.poll() is not None, 90.0)
        assert "ready " in self.said(), f"not ready: {self.said()}"
        self.url = self.said().split("ready ")[1].split()[0]
        self._join()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()
        if self.process.poll() is None:
            self.interrupt()
        if left_behind(self.runtime):  # by a test that failed with its runner killed
            armature("down", "--namespace", self.namespace, runtime=self.runtime)

    def rejoin(self) -> None:
        """Forget who has been met and what has been heard: some of them may have been killed."""
        self._leave()
        self._join()

    def _leave(self) -> None:
        self._participation.close()

    def _join(self) -> None:
        self._participation = ExitStack()
        self.node, self.executor = self._participation.enter_context(self._participant("beside"))
        self.states: list[tuple[str, dict[str, str]]] = []
        self.positions: list[dict[str, float]] = []
        self._states = self._hear_states()
        topics.subscription(self.node, topics.JOINT_STATES, lambda m: self.positions.append(positions_of(m)))

    def _hear_states(self) -> Subscription:
        return topics.subscription(
            self.node, topics.STATE, lambda m: self.states.append((m.message, values_of(m)))
        )

    def hear_states_anew(self) -> None:
        """Forget the states, and be told the present one again, which the topic keeps for late comers."""
        self.node.destroy_subscription(self._states)
        self.states.clear()
        self._states = self._hear_states()

    def said(self) -> str:
        """What it has printed."""
        return self.out.read_text("utf-8")

    def send(self, name: str) -> subprocess.CompletedProcess:
        """Run the example's client, which knows nothing of Armature."""
        examples = ROOT / "examples"
        command = [sys.executable, str(examples / "send_trajectory.py"), str(examples / name)]
        return self._hearing(
            lambda: subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120)
        )

    def ask(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run one command of the command line on this graph to its end."""
        environment = {"ROS_DOMAIN_ID": str(self.domain), "HOME": str(self.runtime)}
        return self._hearing(
            lambda: armature(*arguments, "--namespace", self.namespace, runtime=self.runtime, **environment)
        )

    def _hearing(self, run: Callable[[], subprocess.CompletedProcess]) -> subprocess.CompletedProcess:
        """Hear the graph while a command runs: what is known of it is never older than the command's end."""
        with ThreadPoolExecutor(1) as worker:
            running = worker.submit(run)
            self.wait_for(running.done, 150.0)
            return running.result()

    def be_enabled(self) -> None:
        """Torque on, once the arm takes commands."""
        self.wait_for(lambda: self.state() in ("ENABLED", "HOLDING", "DISABLED"))
        if self.state() != "ENABLED":
            self.enable()
        self._hear_controller()

    def _hear_controller(self) -> None:
        """Wait until the controller follows what the servo interface tells; it may have been started just now."""
        heard: list[Any] = []
        state = topics.subscription(self.node, topics.CONTROLLER_STATE, heard.append, raw=True)
        self.wait_for(lambda: heard)
        self.node.destroy_subscription(state)

    def pids(self) -> dict[str, int]:
        """Process id of each process, as the machine has them."""
        runtime = self.runtime / (self.namespace or "default")
        environment = {"ROS_DOMAIN_ID": str(self.domain)}
        found = GraphProcesses(runtime, self.namespace, PROCESS_NAMES, environment).find()
        return {process.name: process.pid for process in found}

    def page_state(self) -> str:
        """The arm's state as the page shows it; nothing while the monitor is away."""
        with suppress(OSError), urllib.request.urlopen(f"{self.url}api/state", timeout=2.0) as answer:
            return str(json.load(answer)["state"]["name"])
        return ""

    def state(self) -> str:
        """The newest state on the state topic."""
        return self.states[-1][0] if self.states else ""

    def call(self, service: topics.Service, **fields: object) -> object:
        """Ask a service as a newcomer, and return its answer.

        Who has met a server that was killed believes it alive until its lease ends; a newcomer meets its heir.
        """
        with self._participant("newcomer") as (node, executor):
            client = node.create_client(service.kind, service.name)
            self.wait_for(client.service_is_ready)
            future = client.call_async(service.kind.Request(**fields))
            self.wait_for(lambda: executor.spin_once(timeout_sec=0.0) or future.done(), 60.0)
            return future.result()

    @contextmanager
    def _participant(self, name: str) -> Iterator[tuple[Node, SingleThreadedExecutor]]:
        context = rclpy.Context()
        rclpy.init(context=context, domain_id=self.domain)
        node = rclpy.create_node(name, context=context, namespace=self.namespace)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        try:
            yield node, executor
        finally:
            executor.shutdown()
            node.destroy_node()
            context.try_shutdown()

    def enable(self) -> None:
        """Torque on."""
        answer = self.call(topics.ENABLE, data=True)
        assert isinstance(answer, SetBool.Response)
        assert answer.success, answer.message
        self.wait_for(lambda: self.state() == "ENABLED")

    def trigger(self, service: topics.Service) -> Trigger.Response:
        """Ask a service without arguments."""
        answer = self.call(service)
        assert isinstance(answer, Trigger.Response)
        return answer

    def newest_positions(self) -> dict[str, float]:
        """Joint positions of a message that comes from now on."""
        self.positions.clear()
        self.wait_for(lambda: self.positions and len(self.positions[-1]) == len(max(self.positions, key=len)) > 1)
        return self.positions[-1]

    def wait_for(self, condition: Callable[[], object], timeout: float = 30.0) -> None:
        """Hear the graph until a condition holds."""
        give_up = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < give_up, f"waited {timeout} s in vain; it said: {self.said()}"
            if hasattr(self, "executor"):
                self.executor.spin_once(timeout_sec=0.05)
            else:
                time.sleep(0.05)

    def interrupt(self, number: int = signal.SIGINT) -> int:
        """Signal it, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(80)
