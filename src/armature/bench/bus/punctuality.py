"""How punctual the bus loop is at 200 Hz with the whole graph at work, beside the machine's own timer."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from armature.bench.figure import Figure, quantiles
from armature.bench.graph.client import BenchClient
from armature.bench.graph.own_graph import own_environment
from armature.bench.graph.processes import running_script
from armature.dynamixel.protocol.statistics import BINS, describe_histogram
from armature.errors import ProcessError
from armature.graph import EMULATED, processes, runtime_folder
from armature.nodes.bus_process.report import LATENESS, LATEST, LONGEST_COLLECTION, MEMORY_BLOCKS
from armature.robots import Robot
from armature.signals import received_signals
from armature.standalone import Supervisor, configuration

_RATE = 200.0  # [Hz]
_OBSERVED = 40.0  # [s]
_SETTLE = 4.0  # [s]
_START_TIME = 60.0  # [s]
_BUSY = "while True: pass"
# A busy machine lets the emulator answer late or never, which is not what is measured here.
_OVERLAY = "/**/servo_interface:\n  ros__parameters: {{rate: {rate}, max_missed_reads: 40}}\n"
_NAMES = [describe_histogram([int(i == j) for j in range(len(BINS) + 1)])[:-3] for i in range(len(BINS) + 1)]


@dataclass(frozen=True)
class Punctuality:
    """Cycles by how late they began."""

    counts: tuple[int, ...]  # one for each of BINS, and one for what is later
    latest: float  # since the loop began [ms]

    def since(self, before: Punctuality) -> Punctuality:
        """Those that were counted later than some others."""
        return Punctuality(tuple(a - b for a, b in zip(self.counts, before.counts, strict=True)), self.latest)

    def within(self, bound: float) -> float:
        """Share that began no later than a bound [s], which is one of BINS [%]."""
        return 100.0 * sum(self.counts[: BINS.index(bound) + 1]) / max(1, sum(self.counts))


def punctuality(values: Mapping[str, str]) -> Punctuality:
    """Of the values of the bus in diagnostics."""
    counts = dict(re.findall(r"([≤>][\d.]+ ms): (\d+)", values[LATENESS]))
    return Punctuality(tuple(int(counts.get(name, 0)) for name in _NAMES), float(values[LATEST]))


def measure(robot: Robot, domain: int) -> Iterator[Figure]:
    """Start a graph of its own on the emulated arm, enable it, and measure idle and with a core loaded.

    Args:
        robot: the arm.
        domain: ROS domain in which nothing else runs.
    """
    with own_environment(domain) as environment:
        client = BenchClient(robot)
        with _graph(robot, Path(environment["ARMATURE_RUNTIME"]), environment), client:
            client.enable()
            for name, load in (("idle", nullcontext()), ("one core loaded", running_script(_BUSY))):
                with load:
                    yield from _observe(client, name)
            client.disable()


def _observe(client: BenchClient, name: str) -> Iterator[Figure]:
    client.watch(_SETTLE)
    first = client.bus_values()
    before = punctuality(first)
    timer = _beside("armature.bench.bus.timer")
    client.watch(_OBSERVED)
    last = client.bus_values()
    found = punctuality(last).since(before)
    for bound in (0.0005, 0.001, 0.005):
        yield Figure(
            f"cycles at {_RATE:g} Hz begun within {1000.0 * bound:g} ms, {name}", found.within(bound), "%"
        )
    yield Figure(f"latest cycle until now, {name}", found.latest, "ms")
    yield Figure(f"garbage collection between cycles took at most, {name}", float(last[LONGEST_COLLECTION]), "ms")
    kept = (int(last[MEMORY_BLOCKS]) - int(first[MEMORY_BLOCKS])) / max(1, sum(found.counts))
    yield Figure(f"memory blocks that a cycle keeps, {name}", kept, "")
    yield from _lateness(timer, f"the machine's timer late by, {name}")
    # After the cycles, which it would hold up: the kernel carries all pseudo-terminals' bytes in one queue.
    yield from _lateness(_beside("armature.bench.bus.echo"), f"an echo over a bare pseudo-terminal, {name}")


def _beside(module: str) -> subprocess.Popen[str]:
    """A process that measures the machine itself meanwhile."""
    command = [sys.executable, "-m", module, str(_RATE), str(int(_OBSERVED * _RATE))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _lateness(process: subprocess.Popen[str], name: str) -> Iterator[Figure]:
    output, _ = process.communicate(timeout=2.0 * _OBSERVED)
    if process.returncode or not output:
        raise ProcessError(name, "the measurement beside it was ended", "run it again, and let it finish")
    times = 1000.0 * np.array([float(line) for line in output.splitlines()])
    yield Figure(f"{name}: within 1 ms", 100.0 * float(np.mean(times <= 1.0)), "%")
    yield from quantiles(name, times, "ms", 0.5, 0.99, 0.999, 1.0)


@contextmanager
def _graph(robot: Robot, folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    overlay = folder / "rate.yaml"
    overlay.write_text(_OVERLAY.format(rate=_RATE), "utf-8")
    fast = replace(robot, parameters=(*robot.parameters, overlay))
    runtime = runtime_folder(environment, "")
    supervisor = Supervisor(runtime)
    graph = processes(fast, EMULATED, runtime, ("127.0.0.1", 0))
    with received_signals():  # the graph must be ended, whatever comes
        running = supervisor.start(configuration(graph, "", runtime), environment)
        try:
            _wait_until_running(supervisor)
            yield
        finally:
            supervisor.shutdown()
            running.wait(_START_TIME)


def _wait_until_running(supervisor: Supervisor) -> None:
    give_up = time.monotonic() + _START_TIME
    while not supervisor.is_running():
        if time.monotonic() > give_up:
            raise ProcessError("graph", "it does not start", f"see {supervisor.runtime / 'log'}")
        time.sleep(0.1)
