"""The stand-alone runner: the graph under supervisord, for machines without `ros2 launch`.

supervisord restarts what dies, stops in reverse order, keeps logs, and is asked over a socket.
"""

from __future__ import annotations

import math
import os
import shlex
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from armature.errors import ProcessError
from armature.graph import Process
from armature.signals import RUNNER_SIGNAL, RUNNER_VARIABLE

_LOG_SIZE = "5MB"
_LOG_BACKUPS = 2
# A process that lives this long counts as started; one that dies sooner is tried again, ever more slowly.
_START_TIME = 2  # [s]
_START_TRIES = 5
_SEE_LOG = "look at: armature logs"
# What supervisord answers by a code, in words and with what would work.
_REFUSALS = {
    Faults.SHUTDOWN_STATE: ("the graph is ending", "wait until it has ended"),
    Faults.BAD_NAME: ("there is no such process", "see the names with: armature status"),
    Faults.NOT_RUNNING: ("it does not run", _SEE_LOG),
    Faults.ALREADY_STARTED: ("it runs already", "there is nothing to do"),
    Faults.SPAWN_ERROR: ("it could not be started", _SEE_LOG),
    Faults.ABNORMAL_TERMINATION: ("it ended as soon as it was started", _SEE_LOG),
    Faults.NO_FILE: ("its program is not there", "run make setup"),
    Faults.NOT_EXECUTABLE: ("its program cannot be run", "run make setup"),
    Faults.STILL_RUNNING: ("it still runs", "wait until it has ended"),
}
# How long it may take to answer what needs no waiting; one that was stopped (SIGSTOP) never does.
_ANSWER_TIME = 10.0  # [s]


def configuration(processes: Iterable[Process], namespace: str, runtime: Path) -> str:
    """The text of supervisord's configuration file."""
    sections = [
        f"[supervisord]\nnodaemon=true\nsilent=true\nlogfile={runtime}/log/supervisord.log\n"
        f"logfile_maxbytes={_LOG_SIZE}\nlogfile_backups={_LOG_BACKUPS}\npidfile={runtime}/supervisord.pid\n"
        + ("user=root\n" if os.getuid() == 0 else ""),
        f"[unix_http_server]\nfile={runtime}/control\nchmod=0700\n",
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n",
        "[rpcinterface:waker]\nsupervisor.rpcinterface_factory=armature.signals:SupervisordWaker\n",
    ]
    sections += [_program(process, namespace, runtime, order) for order, process in enumerate(processes)]
    return "\n".join(sections)


def _program(process: Process, namespace: str, runtime: Path, order: int) -> str:
    line = [sys.executable, "-m", f"armature.nodes.{process.name}", *process.command_line(namespace)]
    # supervisord expands %(…)s, and takes a # or ; behind a space for a comment, also in quotes.
    command = shlex.join(line).replace("%", "%%").replace(" #", " ''#").replace(" ;", " '';")
    log = f"{runtime}/log/{process.name}"
    return (
        f"[program:{process.name}]\ncommand={command}\npriority={order}\n"
        f"autorestart=true\nstartsecs={_START_TIME}\nstartretries={_START_TRIES}\n"
        f"stopsignal={RUNNER_SIGNAL.name}\nstopwaitsecs={math.ceil(process.stop_timeout)}\n"
        f"redirect_stderr=true\nstdout_logfile={log}.log\n"
        f"stdout_logfile_maxbytes={_LOG_SIZE}\nstdout_logfile_backups={_LOG_BACKUPS}\n"
    )


class Supervisor:
    """The supervisord of one runtime folder."""

    def __init__(self, runtime: Path) -> None:
        """Args: the graph's runtime folder."""
        self.runtime = runtime

    def start(self, text: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start supervisord with a configuration.

        It gets a session of its own, so that a Ctrl-C in the terminal reaches it only through `shutdown`.
        """
        (self.runtime / "log").mkdir(parents=True, exist_ok=True)
        file = self.runtime / "supervisord.conf"
        file.write_text(text, "utf-8")
        return subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(file)],
            env={**environment, RUNNER_VARIABLE: str(self.runtime)},
            start_new_session=True,
            stdin=subprocess.DEVNULL,
        )

    def is_running(self) -> bool:
        """Whether a graph runs in this folder.

        Raises:
            ProcessError: its supervisord does not answer.
        """
        try:
            with self._server(_ANSWER_TIME) as server:
                server.supervisor.getState()
        except xmlrpc.client.Fault:
            return True  # it answers; while it ends, every question is a fault
        except TimeoutError as error:
            raise self._silent() from error
        except (OSError, HTTPException):
            return False
        return True

    def processes(self) -> list[dict[str, Any]]:
        """Supervisord's information on each process."""
        return list(self._call("getAllProcessInfo", timeout=_ANSWER_TIME))

    def shutdown(self) -> None:
        """Stop all processes in reverse order, then supervisord; one that does so already goes on."""
        try:
            self._call("shutdown", timeout=_ANSWER_TIME)
        except ProcessError as error:
            if not _is_fault(error, Faults.SHUTDOWN_STATE):
                raise

    def stop(self, process: str) -> bool:
        """Stop a process by its own signal, and wait for its end.

        Returns:
            Whether it ran; one that has ended by itself, or was given up, does not.

        Raises:
            ProcessError: there is no such process.
        """
        if process not in {info["name"] for info in self.processes()}:
            names = ", ".join(info["name"] for info in self.processes())
            raise ProcessError(process, "there is no such process", f"processes are {names}")
        try:
            self._call("stopProcess", process)
        except ProcessError as error:
            if _is_fault(error, Faults.NOT_RUNNING):
                return False
            raise
        return True

    def start_again(self, process: str) -> None:
        """Start a process that was stopped."""
        self._call("startProcess", process)

    def log(self, process: str) -> Path:
        """The log file of a process."""
        return self.runtime / "log" / f"{process}.log"

    def _silent(self) -> ProcessError:
        why = f"it has not answered for {_ANSWER_TIME:g} s"
        remedy = f"if it was stopped, let it go on: kill -CONT $(cat {self.runtime}/supervisord.pid)"
        return ProcessError("runner", why, remedy)

    def _server(self, timeout: float | None) -> Any:
        # A new one for each call: after a failed connection the transport is of no use any more.
        transport = SupervisorTransport(None, None, f"unix://{self.runtime}/control")
        connect = transport._get_connection

        def connect_with_timeout() -> Any:
            connection = connect()
            try:
                connection.connect()
            except OSError:
                connection.close()
                raise
            connection.sock.settimeout(timeout)
            return connection

        transport._get_connection = connect_with_timeout
        return xmlrpc.client.ServerProxy("http://localhost", transport=transport)

    def _call(self, name: str, *arguments: object, timeout: float | None = None) -> Any:
        try:
            with self._server(timeout) as server:
                return getattr(server.supervisor, name)(*arguments)
        except xmlrpc.client.Fault as error:
            process = str(arguments[0] if arguments else "runner")
            raise ProcessError(process, *_REFUSALS.get(error.faultCode, (error.faultString, _SEE_LOG))) from error
        except TimeoutError as error:
            raise self._silent() from error
        except (OSError, HTTPException) as error:
            raise ProcessError("graph", "it is not running", "start it with: armature up") from error


def _is_fault(error: ProcessError, code: int) -> bool:
    """Whether supervisord refused a call with this code."""
    return isinstance(error.__cause__, xmlrpc.client.Fault) and error.__cause__.faultCode == code
