"""How processes of the graph are asked to end, and what they leave."""

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
from armature.nodes.common.exit_message import exit_message, leaves_torque_on
from armature.standalone import Supervisor

SERVO_INTERFACE = "servo_interface"
START_AGAIN = "\nto go on start it again: armature up; or support the arm and cut its power"
POLL = 0.1  # [s]
_END_TIME = 120.0  # of a process, or of all: the longest way to park, and what the runner makes end [s]


def send_signal(graph: Graph, name: str, number: int) -> None:
    """Send a signal to a process of the graph, by the name of its executable."""
    for found in graph.processes.find():
        if found.name == name:
            with suppress(ProcessLookupError):
                os.kill(found.pid, number)


def wait_for_end(has_ended: Callable[[], bool], name: str) -> None:
    """Wait until something has ended.

    Raises:
        ProcessError: it does not.
    """
    give_up = time.monotonic() + _END_TIME
    while not has_ended():
        if time.monotonic() > give_up:
            raise ProcessError(name, f"it does not end in {_END_TIME:.0f} s", "look with: armature status")
        time.sleep(POLL)


def print_exit_message(supervisor: Supervisor, advice: str = "") -> int:
    """Print how the servo interface left the arm.

    Args:
        supervisor: of the graph.
        advice: what to do where torque is on.

    Returns:
        1 where it left torque on, else 0.
    """
    words = exit_message(exit_message_file(supervisor.runtime))
    is_left_on = leaves_torque_on(words)
    if words:
        _print(f"{words}{advice if is_left_on else ''}", sys.stderr if is_left_on else sys.stdout)
    return int(is_left_on)


def _print(words: str, stream: TextIO) -> None:
    try:
        print(words, file=stream, flush=True)
    except OSError:  # the terminal has gone; Python would complain of it once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
