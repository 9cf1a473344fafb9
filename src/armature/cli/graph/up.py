"""The command that starts the graph and stays in the foreground."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from armature.cli.arguments import (
    HTTP_TAKEN,
    add_http,
    add_namespace,
    add_parameters,
    add_robot,
    chosen_robot,
    same_arm,
)
from armature.cli.graph.ending import POLL, SERVO_INTERFACE, START_AGAIN, print_exit_message, send_signal
from armature.cli.graph.page import fetch_state, page_address
from armature.cli.graph.running import Graph, without_runner
from armature.core.recovery_commands import in_namespace
from armature.core.refusals import Refusals
from armature.dynamixel.wiring.confirmed import NOT_CONFIRMED, how_to_confirm
from armature.environment import graph_environment, state_folder
from armature.errors import ConfigError, ProcessError
from armature.graph import (
    EMULATED,
    GAZEBO,
    Process,
    exit_message_file,
    forget_payload,
    make_runtime_folder,
    processes,
    write_url,
)
from armature.monitor.http.address import is_loopback, listen
from armature.nodes.monitor.access_key import key_file, load_or_create_key
from armature.robots import Robot
from armature.running_processes import BUS
from armature.share import dds_profile
from armature.signals import ended_with_terminal, received_signals
from armature.standalone import Supervisor, configuration
from armature.web_address import page_url, web_address

_READY_TIME = 60.0  # [s]
_CRASHES = 2  # while the graph starts; one may be chance
_AWAIT_GAZEBO = "waiting for Gazebo, up to 30 s; it is a program of its own: see docs/howto/gazebo.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arm, port and page."""
    add_robot(parser)
    add_parameters(parser)
    port_help = "serial device, NAME=DEVICE,… of several buses, emulated (default) or gazebo"
    parser.add_argument("--port", metavar="DEV", default=EMULATED, help=port_help)
    add_http(parser)
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Start the graph, say when it is ready, and end it on SIGINT or SIGTERM."""
    found = Graph.of(options.namespace)
    _refuse_second(found)
    robot = chosen_robot(options, keeps_refused=True)
    tool = _require_usable(robot, options.namespace)
    http = _free_address(web_address(options.http))
    # Made before the monitor needs it, and printed only here.
    key = "" if is_loopback(http[0]) else f" (access key {load_or_create_key(key_file(state_folder(os.environ)))})"
    runtime = make_runtime_folder(os.environ, options.namespace)
    supervisor = found.supervisor
    graph = processes(robot, options.port, runtime, http, options.namespace)
    environment = graph_environment(os.environ, dds_profile())
    with received_signals(is_last=True) as received, ended_with_terminal():
        with _usable(runtime), _start_lock(runtime):
            _refuse_second(found)  # another command may have been quicker
            _clear_runtime_folder(runtime, page_url(*http))
            child = supervisor.start(configuration(graph, options.namespace, runtime), environment)
            _wait_for_runner(supervisor, child, received)
        try:
            if tool:
                print(f"tool: {tool}", file=sys.stderr, flush=True)
            if options.port == GAZEBO:
                print(_AWAIT_GAZEBO, file=sys.stderr, flush=True)
            if state := _wait_until_ready(supervisor, child, graph, received):
                print(f"ready {page_address(runtime)}{key}{_how_slow(options, state)}", flush=True)
            _wait_for_signal(child, received)
        finally:
            _end(found, child, received)
            left = found.processes.find() if child.returncode < 0 else []
            code = 1 if left else print_exit_message(supervisor, in_namespace(START_AGAIN, options.namespace))
    if left:
        raise without_runner(left)
    return code


def _require_usable(robot: Robot, namespace: str = "") -> str:
    """Read the files before any process does: what is wrong with them, or counts for nothing, is said once.

    Returns:
        The frame of the tool, in words.

    Raises:
        ConfigError: all that cannot be used, with the file and the line that give each.
        ProcessError: the process that reads them was ended.
    """
    # Aside: what reads meshes and compiles models would stay loaded here as long as the graph runs, up to 90 MB.
    reader, writer = Pipe(duplex=False)
    aside = get_context("fork").Process(target=_send_refusals, args=(robot, namespace, writer), daemon=True)
    aside.start()
    writer.close()
    try:
        refused, notes, tool = reader.recv()
    except EOFError:
        why = "what reads the robot's files has ended without a word"
        raise ProcessError("up", why, "armature check reads them too") from None
    for note in notes:
        print(f"note: {note}", file=sys.stderr, flush=True)
    Refusals(ConfigError(*each) for each in refused).raise_all()
    return str(tool)


def _send_refusals(robot: Robot, namespace: str, writer: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the command itself says that it was interrupted
    from armature.cli.servos.start_check import check_start

    notes, refusals, tool = check_start(robot, namespace)
    writer.send(([(each.where, each.value, each.allowed) for each in refusals.found], notes, tool))


def _free_address(http: tuple[str, int]) -> tuple[str, int]:
    """The same address with a port that is free now.

    Raises:
        ProcessError: it cannot be used.
    """
    with listen(*http, HTTP_TAKEN) as probe:
        return http[0], int(probe.getsockname()[1])


def _refuse_second(graph: Graph) -> None:
    """Refuse to start a second graph in the same namespace.

    Raises:
        ProcessError: there is one already.
    """
    if graph.supervisor.is_running():
        why = f"it runs already ({graph.supervisor.runtime})"
        raise ProcessError("graph", why, "end it with: armature down")
    found = graph.processes.find()
    if any(each.has_runner or each.name == SERVO_INTERFACE for each in found if each.name != BUS):
        raise without_runner(found)


@contextmanager
def _usable(runtime: Path) -> Iterator[None]:
    """Refuse a runtime folder that cannot be prepared: full, read-only, or with a folder in a file's place."""
    try:
        yield
    except OSError as error:
        why = f"{error.strerror or error}: {error.filename or runtime}"
        allowed = f"{why}; remove it, or set ARMATURE_RUNTIME to a folder of your own"
        raise ConfigError("folder", str(runtime), allowed) from error


@contextmanager
def _start_lock(runtime: Path) -> Iterator[None]:
    """Let one command at a time start a runner in this folder; the next one then finds it running."""
    with (runtime / "starting").open("w") as file:
        flock(file, LOCK_EX)
        yield


def _wait_for_runner(supervisor: Supervisor, child: subprocess.Popen[bytes], received: list[int]) -> None:
    give_up = time.monotonic() + _READY_TIME
    while not (received or supervisor.is_running()) and child.poll() is None and time.monotonic() < give_up:
        time.sleep(POLL)


def _clear_runtime_folder(runtime: Path, page: str) -> None:
    """Clear the folder; the last graph's logs stay as log.1, since they may say how it left the arm."""
    log = runtime / "log"
    if log.exists():
        shutil.rmtree(runtime / "log.1", ignore_errors=True)
        log.rename(runtime / "log.1")
    exit_message_file(runtime).unlink(missing_ok=True)
    forget_payload(runtime)
    write_url(runtime, page)


def _wait_until_ready(
    supervisor: Supervisor, child: subprocess.Popen[bytes], graph: tuple[Process, ...], received: list[int]
) -> dict[str, Any] | None:
    """Wait until the page shows the arm's state and has received every topic.

    Returns:
        The page's state; None if a signal came first.
    """
    give_up = time.monotonic() + _READY_TIME
    while not received:
        _require_alive(supervisor, child, graph)
        answer = fetch_state(page_address(supervisor.runtime))
        if answer is not None and _is_complete(answer):
            return answer
        if time.monotonic() > give_up:
            raise ProcessError("graph", f"it is not ready after {_READY_TIME:.0f} s", _see_logs(supervisor))
        time.sleep(POLL)
    return None


def _how_slow(options: argparse.Namespace, state: dict[str, Any]) -> str:
    """That the arm is slow, and what ends it; empty where its limits are whole."""
    if state["state"].get("values", {}).get("limits") != "reduced":
        return ""
    return f" ({NOT_CONFIRMED}; {how_to_confirm(same_arm(options))})"


def _is_complete(answer: dict[str, Any]) -> bool:
    silent = [source for source in answer["sources"] if source["age"] is None]
    return answer["state"]["name"] not in ("STARTING", "DISCONNECTED") and not silent


def _require_alive(supervisor: Supervisor, child: subprocess.Popen[bytes], graph: tuple[Process, ...]) -> None:
    if child.poll() == 0:
        raise ProcessError(
            "graph", "it was ended while it started, as armature down does", "start it again: armature up"
        )
    if child.poll() is not None:
        raise ProcessError("supervisord", f"it ended with {child.returncode}", _see_logs(supervisor))
    if not (supervisor.runtime / "control").exists():
        return
    for process in graph:
        log = supervisor.log(process.name)
        lines = _log_lines(log)
        errors = [line for line in lines if line.startswith("error: ")]
        if errors:
            raise ProcessError(process.name, errors[-1].removeprefix("error: "), f"its log is {log}")
        if crashed := _crash_reason(lines):
            raise ProcessError(process.name, f"it crashes repeatedly: {crashed}", f"its log is {log}")


def _crash_reason(lines: list[str]) -> str:
    """The exception that has ended a process twice; empty if none has."""
    if lines.count("Traceback (most recent call last):") < _CRASHES:
        return ""
    return next((line for line in reversed(lines) if re.match(r"[\w.]+: ", line)), lines[-1])


def _log_lines(file: Path) -> list[str]:
    return file.read_text("utf-8", "replace").splitlines() if file.exists() else []


def _see_logs(supervisor: Supervisor) -> str:
    return f"see the logs in {supervisor.runtime / 'log'}"


def _wait_for_signal(child: subprocess.Popen[bytes], received: list[int]) -> None:
    while not received:
        if child.poll() is not None:
            return
        time.sleep(POLL)


def _end(graph: Graph, child: subprocess.Popen[bytes], received: list[int]) -> None:
    """End in order; a second signal makes the servo interface hold at once instead of parking."""
    try:
        if child.poll() is None:  # else a runner that answers is not this one
            graph.supervisor.shutdown()
    except ProcessError:
        child.terminate()  # it does not listen yet, or no longer; the signal has the same effect
    handled = max(_count_requests(received), 1)
    while child.poll() is None:
        if _count_requests(received) > handled:
            handled = _count_requests(received)
            # Not through supervisord, which accepts no requests while it ends.
            send_signal(graph, SERVO_INTERFACE, signal.SIGINT)
        time.sleep(POLL)


def _count_requests(received: list[int]) -> int:
    """How often a person has asked for the end; a hang-up only says that the terminal or session has ended."""
    return sum(number != signal.SIGHUP for number in received)
