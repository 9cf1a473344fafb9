"""Commands that start, end and look at the graph."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, flock
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from armature.cli.graph.running import Graph, without_runner
from armature.cli.graph.status import ask, url
from armature.environment import graph_environment, state_folder
from armature.errors import ProcessError
from armature.graph import (
    Process,
    exit_message_file,
    find_robot,
    make_runtime_folder,
    page_url,
    processes,
    share_folder,
    web_address,
    write_url,
)
from armature.monitor.http.address import is_loopback, listen
from armature.nodes.common.exit_message import exit_message, leaves_torque_on
from armature.nodes.monitor.access_key import keep_key, key_file
from armature.running_processes import BUS
from armature.signals import RUNNER_SIGNAL, received_signals
from armature.standalone import Supervisor, configuration

_READY_TIME = 60.0  # [s]
_END_TIME = 120.0  # of a process, or of all: the longest way to park, and what the runner makes end [s]
_POLL = 0.1  # [s]
_START_AGAIN = "\nto go on start it again: armature up; or support the arm and cut its power"
_CRASHES = 2  # while the graph starts; one may be chance
_SERVO_INTERFACE = "servo_interface"


def up(options: argparse.Namespace) -> int:
    """Start the graph, say when it is ready, and end it on SIGINT or SIGTERM."""
    found = Graph.of(options.namespace)
    _require_none(found)
    http = _free(web_address(options.http))
    # Made before the monitor needs it, and shown here alone.
    key = "" if is_loopback(http[0]) else f" (access key {keep_key(key_file(state_folder(os.environ)))})"
    runtime = make_runtime_folder(os.environ, options.namespace)
    supervisor = found.supervisor
    graph = processes(find_robot(options.robot, options.wiring, options.params_file), options.port, runtime, http)
    environment = graph_environment(os.environ, share_folder() / "config" / "fastdds_loopback.xml")
    with received_signals(is_last=True) as received:
        with _one_at_a_time(runtime):
            _require_none(found)  # somebody else may have been quicker
            _prepare(runtime, page_url(*http))
            child = supervisor.start(configuration(graph, options.namespace, runtime), environment)
            _await_runner(supervisor, child, received)
        try:
            if _await_ready(supervisor, child, graph, received):
                print(f"ready {url(runtime)}{key}", flush=True)
            _await_signal(child, received)
        finally:
            _end(found, child, received)
            left = found.processes.find() if child.returncode < 0 else []
            code = 1 if left else _tell_how_it_left(supervisor, _START_AGAIN)
    if left:
        raise without_runner(left)
    return code


def down(options: argparse.Namespace) -> int:
    """End the graph: the servo interface parks first, the rest follows; 1 if it left the arm with torque."""
    graph = Graph.of(options.namespace)
    if graph.supervisor.is_running():
        graph.supervisor.shutdown()
        _await_end(lambda: not graph.supervisor.is_running(), "graph")
    else:
        _end_without_runner(graph)
    return _tell_how_it_left(graph.supervisor, _START_AGAIN)


def restart(options: argparse.Namespace) -> int:
    """Restart one process; the servo interface parks first, and 1 if it could not."""
    graph = Graph.of(options.namespace)
    supervisor = graph.require_runner(options.process)
    was_running = supervisor.stop(options.process)
    tells = was_running and options.process == _SERVO_INTERFACE
    code = _tell_how_it_left(supervisor) if tells else 0
    supervisor.start_again(options.process)
    return code


def logs(options: argparse.Namespace) -> int:
    """Show the last lines of the logs."""
    graph = Graph.of(options.namespace)
    folder = graph.supervisor.runtime / "log"
    files = sorted(folder.glob(f"{options.process or '*'}.log"))
    if not files:
        names = ", ".join(sorted(file.stem for file in folder.glob("*.log")))
        remedy = f"logs are {names}" if names else "start it with: armature up"
        raise ProcessError(options.process or "graph", "there is no log", remedy)
    if not graph.supervisor.is_running():
        print(f"nothing is added to these logs: {without_runner(graph.processes.find())}", file=sys.stderr)
    for file in files:
        print(f"== {file.stem}")
        print("\n".join(file.read_text("utf-8", "replace").splitlines()[-options.n :]))
    return 0


def emulate(options: argparse.Namespace) -> int:
    """Serve the emulated bus until SIGINT or SIGTERM."""
    graph = processes(find_robot(options.robot, options.wiring), "emulated", Path(options.link).absolute().parent)
    line = list(graph[0].arguments)
    line[line.index("--link") + 1] = options.link
    for option in ("baud", "usb_latency", "factory"):
        if getattr(options, option) is not None:
            line += [f"--{option.replace('_', '-')}", str(getattr(options, option))]
    os.execv(sys.executable, [sys.executable, "-m", "armature.nodes.emulator", *line])


# Parts of up


def _free(http: tuple[str, int]) -> tuple[str, int]:
    """The same address with a port that is free now.

    Raises:
        ProcessError: it cannot be had.
    """
    with listen(*http, "choose another one with --http HOST:PORT, or end what uses it") as probe:
        return http[0], int(probe.getsockname()[1])


def _require_none(graph: Graph) -> None:
    """Refuse to start a second graph of the same name.

    Raises:
        ProcessError: there is one, whoever runs it.
    """
    if graph.supervisor.is_running():
        why = f"it runs already ({graph.supervisor.runtime})"
        raise ProcessError("graph", why, "end it with: armature down")
    found = graph.processes.find()
    if any(each.has_runner or each.name == _SERVO_INTERFACE for each in found if each.name != BUS):
        raise without_runner(found)


@contextmanager
def _one_at_a_time(runtime: Path) -> Iterator[None]:
    """Let one command start a runner in this folder; another one waits until that can be found there."""
    with (runtime / "starting").open("w") as file:
        flock(file, LOCK_EX)
        yield


def _await_runner(supervisor: Supervisor, child: subprocess.Popen[bytes], received: list[int]) -> None:
    give_up = time.monotonic() + _READY_TIME
    while not (received or supervisor.is_running()) and child.poll() is None and time.monotonic() < give_up:
        time.sleep(_POLL)


def _prepare(runtime: Path, page: str) -> None:
    """Clear the folder; the logs of the graph before stay, as log.1, since they may tell how the arm was left."""
    log = runtime / "log"
    if log.exists():
        shutil.rmtree(runtime / "log.1", ignore_errors=True)
        log.rename(runtime / "log.1")
    exit_message_file(runtime).unlink(missing_ok=True)
    write_url(runtime, page)


def _await_ready(
    supervisor: Supervisor, child: subprocess.Popen[bytes], graph: tuple[Process, ...], received: list[int]
) -> bool:
    """Wait until the arm's state is known to the page and every topic it shows has been heard.

    Returns:
        Whether it is so; not if a signal came first.
    """
    give_up = time.monotonic() + _READY_TIME
    while not received:
        _check_alive(supervisor, child, graph)
        answer = ask(url(supervisor.runtime))
        if answer is not None and _is_complete(answer):
            return True
        if time.monotonic() > give_up:
            raise ProcessError("graph", f"it is not ready after {_READY_TIME:.0f} s", _where_logs(supervisor))
        time.sleep(_POLL)
    return False


def _is_complete(answer: dict[str, Any]) -> bool:
    silent = [source for source in answer["sources"] if source["age"] is None]
    return answer["state"]["name"] not in ("STARTING", "DISCONNECTED") and not silent


def _check_alive(supervisor: Supervisor, child: subprocess.Popen[bytes], graph: tuple[Process, ...]) -> None:
    if child.poll() is not None:
        raise ProcessError("supervisord", f"it ended with {child.returncode}", _where_logs(supervisor))
    if not (supervisor.runtime / "control").exists():
        return
    for process in graph:
        log = supervisor.log(process.name)
        lines = _lines(log)
        errors = [line for line in lines if line.startswith("error: ")]
        if errors:
            raise ProcessError(process.name, errors[-1].removeprefix("error: "), f"its log is {log}")
        if crashed := _crash(lines):
            raise ProcessError(process.name, f"it crashes again and again: {crashed}", f"its log is {log}")


def _crash(lines: list[str]) -> str:
    """The exception that has ended a process twice; empty where none has."""
    if lines.count("Traceback (most recent call last):") < _CRASHES:
        return ""
    return next((line for line in reversed(lines) if re.match(r"[\w.]+: ", line)), lines[-1])


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8", "replace").splitlines() if file.exists() else []


def _where_logs(supervisor: Supervisor) -> str:
    return f"see the logs in {supervisor.runtime / 'log'}"


def _await_signal(child: subprocess.Popen[bytes], received: list[int]) -> None:
    while not received:
        if child.poll() is not None:
            return
        time.sleep(_POLL)


def _end(graph: Graph, child: subprocess.Popen[bytes], received: list[int]) -> None:
    """End in order; a second signal makes the servo interface hold at once instead of parking."""
    try:
        if child.poll() is None:  # else a runner that answers is another one
            graph.supervisor.shutdown()
    except ProcessError:
        child.terminate()  # it does not listen yet, or any more; the signal asks the same of it
    seen = max(_asked(received), 1)
    while child.poll() is None:
        if _asked(received) > seen:
            seen = _asked(received)
            # Not through supervisord, which takes no requests while it ends.
            _signal(graph, _SERVO_INTERFACE, signal.SIGINT)
        time.sleep(_POLL)


def _asked(received: list[int]) -> int:
    """How often a person has asked; a hang-up comes along with the death of a terminal or a session."""
    return sum(number != signal.SIGHUP for number in received)


def _signal(graph: Graph, name: str, number: int) -> None:
    for found in graph.processes.find():
        if found.name == name:
            with suppress(ProcessLookupError):
                os.kill(found.pid, number)


def _end_without_runner(graph: Graph) -> None:
    """End the processes of a runner that has died, in the runner's order: the servo interface first, which parks.

    Raises:
        ProcessError: there are none, or somebody else runs them, or one does not end.
    """
    found = graph.processes.find()
    ours = [each.name for each in found if each.has_runner and each.name != BUS]
    if not ours:
        raise without_runner(found)
    for name in reversed(ours):
        _signal(graph, name, RUNNER_SIGNAL)
        _await_end(partial(_is_gone, graph, name), name)


def _is_gone(graph: Graph, name: str) -> bool:
    return all(found.name != name for found in graph.processes.find())


def _await_end(has_ended: Callable[[], bool], name: str) -> None:
    give_up = time.monotonic() + _END_TIME
    while not has_ended():
        if time.monotonic() > give_up:
            raise ProcessError(name, f"it does not end in {_END_TIME:.0f} s", "look with: armature status")
        time.sleep(_POLL)


def _tell_how_it_left(supervisor: Supervisor, then: str = "") -> int:
    """Print the exit message of the servo interface, and what to do then; returns 1 where it left torque on."""
    words = exit_message(exit_message_file(supervisor.runtime))
    is_left_on = leaves_torque_on(words)
    if words:
        _tell(f"{words}{then if is_left_on else ''}", sys.stderr if is_left_on else sys.stdout)
    return int(is_left_on)


def _tell(words: str, stream: TextIO) -> None:
    try:
        print(words, file=stream, flush=True)
    except OSError:  # the terminal has gone; Python would complain of it once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
