"""Commands that start, end and look at the graph."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from armature.cli_status import ask, running, url
from armature.environment import graph_environment, state_folder
from armature.errors import ProcessError
from armature.graph import STOP_TIMEOUT, Process, find_robot, processes, runtime_folder, share_folder, web_address
from armature.monitor.address import is_loopback, listen, page_url
from armature.nodes.access_key import keep_key, key_file
from armature.nodes.last_words import last_words, leaves_torque_on
from armature.signals import received_signals
from armature.standalone import Supervisor, configuration

_READY_TIME = 60.0  # [s]
_POLL = 0.1  # [s]
_SERVO_INTERFACE = "servo_interface"


def up(options: argparse.Namespace) -> int:
    """Start the graph, say when it is ready, and end it on SIGINT or SIGTERM."""
    http = _free(web_address(options.http))
    # Made before the monitor needs it, and shown here alone.
    key = "" if is_loopback(http[0]) else f" (access key {keep_key(key_file(state_folder(os.environ)))})"
    runtime = runtime_folder(os.environ, options.namespace)
    supervisor = Supervisor(runtime)
    if supervisor.is_running():
        raise ProcessError("graph", f"it runs already ({runtime})", "end it with: armature down")
    graph = processes(find_robot(options.robot, options.wiring, options.params_file), options.port, runtime, http)
    _prepare(runtime, page_url(*http))
    environment = graph_environment(os.environ, share_folder() / "config" / "fastdds_loopback.xml")
    with received_signals() as received:
        child = supervisor.start(configuration(graph, options.namespace, runtime), environment)
        try:
            if _await_ready(supervisor, child, graph, received):
                print(f"ready {url(runtime)}{key}", flush=True)
            _await_signal(child, received)
        finally:
            _end(supervisor, child, received)
            code = _tell_how_it_left(supervisor)
    return code


def down(options: argparse.Namespace) -> int:
    """End the graph: the servo interface parks first, the rest follows; 1 if it left the arm with torque."""
    supervisor = running(options.namespace)
    supervisor.shutdown()
    give_up = time.monotonic() + 2 * STOP_TIMEOUT
    while supervisor.is_running():
        if time.monotonic() > give_up:
            raise ProcessError("graph", "it does not end", "look with: armature status")
        time.sleep(_POLL)
    return _tell_how_it_left(supervisor)


def restart(options: argparse.Namespace) -> int:
    """Restart one process; the servo interface parks first, and 1 if it could not."""
    supervisor = running(options.namespace)
    supervisor.stop(options.process)
    code = _tell_how_it_left(supervisor) if options.process == _SERVO_INTERFACE else 0
    supervisor.start_again(options.process)
    return code


def logs(options: argparse.Namespace) -> int:
    """Show the last lines of the logs."""
    folder = runtime_folder(os.environ, options.namespace) / "log"
    files = sorted(folder.glob(f"{options.process or '*'}.log"))
    if not files:
        names = ", ".join(sorted(file.stem for file in folder.glob("*.log"))) or "none"
        raise ProcessError(options.process or "graph", "there is no log", f"logs are {names}")
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


def _prepare(runtime: Path, url: str) -> None:
    """Make the folder; the logs of the graph before stay, as log.1, since they may tell how the arm was left."""
    log = runtime / "log"
    if log.exists():
        shutil.rmtree(runtime / "log.1", ignore_errors=True)
        log.rename(runtime / "log.1")
    runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
    (runtime / "url").write_text(url, "utf-8")


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
        errors = [line for line in _lines(log) if line.startswith("error: ")]
        if errors:
            raise ProcessError(process.name, errors[-1].removeprefix("error: "), f"its log is {log}")


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8", "replace").splitlines() if file.exists() else []


def _where_logs(supervisor: Supervisor) -> str:
    return f"see the logs in {supervisor.runtime / 'log'}"


def _await_signal(child: subprocess.Popen[bytes], received: list[int]) -> None:
    while not received:
        if child.poll() is not None:
            return
        time.sleep(_POLL)


def _end(supervisor: Supervisor, child: subprocess.Popen[bytes], received: list[int]) -> None:
    """End in order; a second signal makes the servo interface hold at once instead of parking."""
    servo_interface = _ask_to_end(supervisor, child)
    seen = max(len(received), 1)
    while child.poll() is None:
        if len(received) > seen and servo_interface:
            seen = len(received)
            # Not through supervisord, which takes no requests while it ends.
            with suppress(ProcessLookupError):
                os.kill(servo_interface, signal.SIGINT)
        time.sleep(_POLL)


def _tell_how_it_left(supervisor: Supervisor) -> int:
    """Print the last words of the servo interface; returns 1 where the arm was left with torque."""
    words = last_words(supervisor.log(_SERVO_INTERFACE))
    is_left_on = leaves_torque_on(words)
    if words:
        print(words, file=sys.stderr if is_left_on else sys.stdout, flush=True)
    return int(is_left_on)


def _ask_to_end(supervisor: Supervisor, child: subprocess.Popen[bytes]) -> int:
    """Ask supervisord to end; returns the servo interface's process id, 0 where it does not run yet."""
    try:
        pids = {info["name"]: int(info["pid"]) for info in supervisor.processes()}
        supervisor.shutdown()
    except ProcessError:
        child.terminate()  # it does not listen yet, or any more; the signal asks the same of it
        return 0
    return pids.get(_SERVO_INTERFACE, 0)
