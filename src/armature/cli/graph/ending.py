"""Ends processes of the graph, and prints how they left the arm."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from armature.cli.graph.running import Graph
from armature.errors import ProcessError
from armature.graph import exit_message_file
from armature.nodes.common.exit_message import leaves_torque_on, read_exit_message
from armature.standalone import Supervisor

SERVO_INTERFACE = "servo_interface"
START_AGAIN = "\nto continue, start the graph again: armature up; or support the arm and cut its power"
POLL = 0.1  # [s]
_END_TIME = 120.0  # of one process or all: the longest parking, plus the end of the runner [s]


def send_signal(graph: Graph, name: str, number: int) -> None:
    """Send a signal to a process of the graph, by the name of its executable."""
    for process in graph.processes.find():
        if process.name == name:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)


def wait_for_end(has_ended: Callable[[], bool], name: str) -> None:
    """Wait until something has ended.

    Raises:
        ProcessError: it has not.
    """
    give_up = time.monotonic() + _END_TIME
    while not has_ended():
        if time.monotonic() > give_up:
            raise ProcessError(name, f"it has not ended within {_END_TIME:.0f} s", "see: armature status")
        time.sleep(POLL)


def print_exit_message(supervisor: Supervisor, advice: str = "") -> int:
    """Print how the servo interface left the arm.

    Args:
        supervisor: of the graph.
        advice: added if torque is on.

    Returns:
        1 if it left torque on, else 0.
    """
    words = read_exit_message(exit_message_file(supervisor.runtime))
    is_left_on = leaves_torque_on(words)
    if words:
        _print(f"{words}{advice if is_left_on else ''}", sys.stderr if is_left_on else sys.stdout)
    return int(is_left_on)


def _print(words: str, stream: TextIO) -> None:
    try:
        print(words, file=stream, flush=True)
    except OSError:  # the terminal has gone; without this Python would report that once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
