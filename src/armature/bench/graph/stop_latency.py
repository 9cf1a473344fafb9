"""STOP of the page beside crowds that want nothing of it, and what hundreds of megabytes leave in its memory."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import numpy as np

from armature.bench.figure import Figure
from armature.bench.graph.crowd import KINDS
from armature.bench.graph.own_graph import own_environment, pids_of, running
from armature.bench.graph.processes import cpu_time, proportional_set_size
from armature.errors import ProcessError
from armature.graph import runtime_folder
from armature.robots import Robot
from armature.standalone import Supervisor

NUMBERS = (48, 1000)
_STOPS = 200
_PERIOD = 0.02  # from one STOP to the next [s]
_TIMEOUT = 5.0  # for an answer [s]
_SETTLED = 3.0  # a crowd has been there, and has been dropped, for so long [s]
_HOSTILE = 400  # [MB]
_BLOCK = b"x" * 1_000_000
_HEADS = (
    b"POST /api/protective_stop HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n",
    b"GET /api/state HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n",
    b"GET /api/state HTTP/1.1\r\nHost: localhost\r\nX-%d: ",
    b"POST /api/enable HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nX: %d\r\n\r\n17d78400\r\n",
)


def measure(robot: Robot, domain: int) -> Iterator[Figure]:
    """Start a graph of its own on the emulated arm, and ask it to stop.

    Args:
        robot: the arm.
        domain: ROS domain in which nothing else runs.
    """
    with own_environment(domain) as environment, running(robot, environment):
        runtime = runtime_folder(environment, "")
        port = urlsplit((runtime / "url").read_text("utf-8")).port or 0
        monitor = pids_of(Supervisor(runtime))["monitor"]
        alone = _stops(port, monitor)
        yield from _figures("alone", alone, None)
        for kind in KINDS:
            for number in NUMBERS:
                with crowd(port, kind, number):
                    beside = f"beside {number} {kind} connections"
                    yield from _figures(beside, _stops(port, monitor), alone)
        before = proportional_set_size(monitor)
        for head in _HEADS:
            assail(port, head % (_HOSTILE * 10**6))
        after = proportional_set_size(monitor)
        yield Figure(f"memory (PSS) of monitor after 4 x {_HOSTILE} MB", after, "MB", before, "before")


@contextmanager
def crowd(port: int, kind: str, number: int) -> Iterator[None]:
    """Connections of a kind, in a process of their own; they have been there for a while.

    Raises:
        ProcessError: they could not be opened.
    """
    line = [sys.executable, "-m", "armature.bench.graph.crowd", str(port), kind, str(number)]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as process:
        try:
            if process.stdout is None or not process.stdout.readline():
                raise ProcessError("crowd", f"{number} connections cannot be opened", "raise ulimit -n")
            time.sleep(_SETTLED)
            yield
        finally:
            process.kill()


@dataclass(frozen=True)
class Stops:
    """Many STOPs, each on a connection of its own, and what went on meanwhile."""

    durations: list[float]  # [ms]; inf: it was not answered
    late: list[float]  # delay with which this machine woke the client [ms]
    used: float  # processor time of the monitor [% of a core]


def _stops(port: int, monitor: int) -> Stops:
    durations, late, used, started = [], [], cpu_time(monitor), time.perf_counter()
    for _ in range(_STOPS):
        slept = time.perf_counter()
        time.sleep(_PERIOD)
        begun = time.perf_counter()
        late.append(1000.0 * (begun - slept - _PERIOD))
        durations.append(1000.0 * (time.perf_counter() - begun) if _is_answered(port) else float("inf"))
    return Stops(durations, late, 100.0 * (cpu_time(monitor) - used) / (time.perf_counter() - started))


def _is_answered(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
    try:
        connection.request("POST", "/api/protective_stop", b"{}", {"Content-Type": "application/json"})
        return bool(json.load(connection.getresponse())["ok"])
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()


def _figures(beside: str, stops: Stops, alone: Stops | None) -> Iterator[Figure]:
    answered = sum(np.isfinite(stops.durations))
    yield Figure(f"STOP {beside}: answered", float(answered), "", float(len(stops.durations)), "asked")
    for name, q in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        reference = None if alone is None else float(np.quantile(alone.durations, q))
        yield Figure(f"STOP {beside}: {name}", float(np.quantile(stops.durations, q)), "ms", reference, "alone")
    yield Figure(f"this machine's timer {beside}: p99 late", float(np.quantile(stops.late, 0.99)), "ms")
    yield Figure(f"CPU of monitor {beside}", stops.used, "%")


def assail(port: int, head: bytes) -> None:
    """Send a head and hundreds of megabytes behind it, as far as they are taken."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT) as client:
        client.sendall(head)
        for _ in range(_HOSTILE):
            client.sendall(_BLOCK)
