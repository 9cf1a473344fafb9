"""A graph of the bench's own on the emulated arm, apart from all others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from armature.bench.graph.processes import children
from armature.environment import graph_environment
from armature.errors import ProcessError
from armature.robots import Robot
from armature.share import dds_profile
from armature.standalone import Supervisor

_READY_TIME = 60.0  # [s]
_END_TIME = 60.0  # [s]


@contextmanager
def own_environment(domain: int) -> Iterator[Mapping[str, str]]:
    """Variables of a graph apart from all others; this process joins it too."""
    with tempfile.TemporaryDirectory() as folder:
        own = os.environ | {"ARMATURE_RUNTIME": folder, "XDG_STATE_HOME": folder, "ROS_DOMAIN_ID": str(domain)}
        environment = graph_environment(own, dds_profile())
        os.environ.update(environment)
        yield environment


def pids_of(supervisor: Supervisor) -> dict[str, int]:
    """Process ids by name, the bus process's too."""
    pids = {info["name"]: int(info["pid"]) for info in supervisor.processes()}
    bus = children(pids["servo_interface"])
    return {**pids, "bus process": bus[0]} if bus else pids


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
