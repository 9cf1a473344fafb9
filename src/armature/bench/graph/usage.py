"""What the whole graph uses, and how quick it is: time to start, rates, latencies, CPU and memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from armature.bench.figure import Figure, quantiles
from armature.bench.graph.client import BenchClient
from armature.bench.graph.own_graph import own_environment, pids_of, running
from armature.bench.graph.processes import cpu_time, proportional_set_size, running_script
from armature.graph import runtime_folder
from armature.robots import Robot
from armature.standalone import Supervisor

_OBSERVED = 10.0  # [s]
_GOALS = 20
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
