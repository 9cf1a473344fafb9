"""The whole graph at work: time to start, rates, latencies, CPU and memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from armature.bench.figure import Figure, quantiles
from armature.bench.graph.client import BenchClient
from armature.bench.graph.processes import children, cpu_time, proportional_set_size, running_script
from armature.environment import graph_environment
from armature.errors import ProcessError
from armature.graph import Robot, runtime_folder, share_folder
from armature.standalone import Supervisor

_OBSERVED = 10.0  # [s]
_GOALS = 20
_READY_TIME = 60.0  # [s]
_END_TIME = 60.0  # [s]
Stamps = list[tuple[float, float]]
_EMPTY_NODE = "import rclpy; rclpy.init(); node = rclpy.create_node('empty'); rclpy.spin(node)"


@dataclass(frozen=True)
class Usage:
    """What one process used."""

    cpu: float  # [% of a core]
    memory: float  # proportional set size [MB]


def measure(robot: Robot, domain: int) -> list[Figure]:
    """Start a graph of its own on the emulated arm, and measure it idle and moving.

    Args:
        robot: the arm.
        domain: ROS domain in which nothing else runs.
    """
    with (
        own_environment(domain) as environment,
        running(robot, environment) as ready,
        running_script(_EMPTY_NODE, environment) as empty,
    ):
        pids = pids_of(Supervisor(runtime_folder(environment, ""))) | {"an empty rclpy node": empty}
        return [Figure("armature up to ready", ready, "s"), *_observe(robot, pids)]


@contextmanager
def own_environment(domain: int) -> Iterator[Mapping[str, str]]:
    """Variables of a graph apart from all others; this process joins it too."""
    with tempfile.TemporaryDirectory() as folder:
        profile = share_folder() / "config" / "fastdds_loopback.xml"
        own = os.environ | {"ARMATURE_RUNTIME": folder, "XDG_STATE_HOME": folder, "ROS_DOMAIN_ID": str(domain)}
        environment = graph_environment(own, profile)
        os.environ.update(environment)
        yield environment


def _observe(robot: Robot, pids: Mapping[str, int]) -> list[Figure]:
    with BenchClient(robot) as client:
        idle, stamps = _use(pids, lambda: client.watch(_OBSERVED))
        begun = time.perf_counter()
        client.enable()
        enabled = time.perf_counter() - begun
        client.go_home()
        latencies = [client.goal_to_cycle()[0] for _ in range(_GOALS)]
        moving, _ = _use(pids, lambda: client.sway(_OBSERVED))
        client.disable()
    arrived, stamped = (np.array(column) for column in zip(*stamps, strict=True))
    return [
        Figure("enabling", enabled, "s"),
        Figure("rate of /joint_states", (len(arrived) - 1) / np.ptp(arrived), "Hz", 100.0, "asked"),
        *quantiles("period of /joint_states by their stamps", 1000.0 * np.diff(stamped), "ms", 0.5, 0.99, 1.0),
        *quantiles("period of /joint_states as they arrive", 1000.0 * np.diff(arrived), "ms", 0.5, 0.99, 1.0),
        *quantiles("goal sent to the first bus cycle that samples it", latencies, "ms", 0.5, 0.95),
        *_usage_figures(idle, "idle"),
        *_usage_figures(moving, "moving"),
    ]


def _use(pids: Mapping[str, int], work: Callable[[], Stamps]) -> tuple[dict[str, Usage], Stamps]:
    before = {name: cpu_time(pid) for name, pid in pids.items()}
    begun = time.perf_counter()
    result = work()
    elapsed = time.perf_counter() - begun
    usage = {
        name: Usage(100.0 * (cpu_time(pid) - before[name]) / elapsed, proportional_set_size(pid))
        for name, pid in pids.items()
    }
    return usage, result


def _usage_figures(usage: Mapping[str, Usage], phase: str) -> list[Figure]:
    figures = [Figure(f"CPU of {name}, {phase}", used.cpu, "%") for name, used in usage.items()]
    empty = usage["an empty rclpy node"].memory
    return figures + [
        Figure(f"memory (PSS) of {name}, {phase}", used.memory, "MB", empty, "an empty node")
        for name, used in usage.items()
    ]


def pids_of(supervisor: Supervisor) -> dict[str, int]:
    """Process ids by name, the bus child's too."""
    pids = {info["name"]: int(info["pid"]) for info in supervisor.processes()}
    bus = children(pids["servo_interface"])
    return {**pids, "bus child": bus[0]} if bus else pids


@contextmanager
def running(robot: Robot, environment: Mapping[str, str]) -> Iterator[float]:
    """A graph on the emulated arm; gives how long it took to start [s]."""
    command = [sys.executable, "-m", "armature.cli", "up", "--robot", robot.name, "--http", "127.0.0.1:0"]
    begun = time.perf_counter()
    log = Path(environment["ARMATURE_RUNTIME"]) / "up.log"
    with log.open("w") as output:
        up = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=subprocess.STDOUT)
    try:
        while "ready " not in log.read_text("utf-8"):
            if up.poll() is not None or time.perf_counter() - begun > _READY_TIME:
                raise ProcessError(
                    "graph", log.read_text("utf-8").strip() or "it is not ready", "free the machine"
                )
            time.sleep(0.02)
        yield time.perf_counter() - begun
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(_END_TIME)
