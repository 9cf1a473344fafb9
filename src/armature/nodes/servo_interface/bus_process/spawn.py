"""Connects the ROS half to its bus process: the one that serves the port, or a new one."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from armature import __version__
from armature.dynamixel.loop import link
from armature.errors import ProcessError, system_reason
from armature.nodes.common.device_holder import describe_process, peer_credentials

_CONNECT_EVERY = 0.02  # [s]
_LISTEN_TIME = 10.0  # how long a new process may take to listen [s]
_END_TIME = 5.0  # how long a child without service may take to end [s]


@dataclass(frozen=True)
class Attachment:
    """A connection with the bus process of a port."""

    connection: socket.socket
    memory: link.Memory
    config: Mapping[str, Any]  # which the child works with
    child: subprocess.Popen[bytes] | None  # where it was started here


class BusStart:
    """One attempt to attach; another thread may give it up."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Args: the child's configuration, as JSON can hold it."""
        self._config = config
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._child: subprocess.Popen[bytes] | None = None
        self._given_up = threading.Event()

    def attach(self) -> Attachment:
        """Connect to the child of the port, starting one where there is none.

        Raises:
            ProcessError: it does not start, serves another process, is of another version, or this was given up.
        """
        try:
            if not self._connect():
                self._spawn()
            message, descriptor = self._greeting()
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                memory = link.Memory(memoryview(mmap.mmap(file.fileno(), link.MEMORY_SIZE)))
            config = _check_greeting(json.loads(message), self._config, peer_credentials(self._connection)[0])
        except BaseException:  # whatever it is, leave no orphan
            self._abandon()
            raise
        return Attachment(self._connection, memory, config, self._child)

    def give_up(self) -> None:
        """Abort the attempt: `attach` waits no longer."""
        self._given_up.set()
        with contextlib.suppress(OSError):  # it is not connected yet
            self._connection.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> bool:
        try:
            self._connection.connect(link.address(self._config["port"]))
        except ConnectionRefusedError:
            return False
        # An address without a file has no permissions; anybody may be at its other end.
        pid, user = peer_credentials(self._connection)
        if user not in (os.getuid(), 0):
            who = f"{describe_process(pid)} of user {user} serves this port"
            raise ProcessError("bus", who, "end that process, or let that user run the arm")
        return True

    def _spawn(self) -> None:
        # A session of its own: a Ctrl-C in the terminal is for the ROS half alone.
        with tempfile.TemporaryFile() as errors:  # it outlives the reader of a pipe
            self._child = subprocess.Popen(
                [sys.executable, "-m", "armature.nodes.bus_process", json.dumps(self._config)],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
            self._await_child(self._child, errors)

    def _await_child(self, child: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        late = time.monotonic() + _LISTEN_TIME
        while not self._connect():
            if self._given_up.wait(_CONNECT_EVERY):
                raise _ending()
            if child.poll() is not None or time.monotonic() > late:
                why = f"the bus process does not start: {_last_line(errors)}"
                raise ProcessError("bus", why, "fix that, then start again")

    def _greeting(self) -> tuple[bytes, int]:
        """The greeting, and the descriptor of the shared memory; the bus process waits for its port before."""
        if self._given_up.is_set():  # before there was a connection that could be cut
            raise _ending()
        self._connection.settimeout(float(self._config["connect_timeout"]) + _LISTEN_TIME)
        try:
            message, descriptors, _, _ = socket.recv_fds(self._connection, link.MESSAGE_SIZE, 1)
            self._connection.settimeout(None)
        except ConnectionResetError as error:
            raise ProcessError("bus", "it ended before its greeting", "start it again") from error
        except OSError as error:
            raise ProcessError(
                "bus", f"no greeting ({system_reason(error)})", "end that process, then start again"
            ) from error
        if self._given_up.is_set():
            raise _ending()
        if descriptors:
            return message, descriptors[0]
        reason = link.unpack_call(message).get("error", "no reason given") if message else "it ended at once"
        raise ProcessError("bus", str(reason), "fix that, then start again")

    def _abandon(self) -> None:
        self._connection.close()
        if self._child is None:
            return
        self._child.terminate()  # it ends by itself, unless it still waits for its port
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_END_TIME)


def _check_greeting(greeting: Mapping[str, Any], required: Mapping[str, Any], pid: int) -> Mapping[str, Any]:
    """Refuse a running bus process of another version or with other joints, whose data would be misread."""
    if greeting.get("layout") != link.layout():
        theirs = (
            f"its version is {greeting.get('version', 'an older one')} (memory layout {greeting.get('layout')})"
        )
        raise _mismatch(pid, theirs, f"ours is {__version__} ({link.layout()})")
    config: dict[str, Any] = greeting["config"]
    ours = required.get("joints", config.get("joints"))
    if config.get("joints") != ours:
        raise _mismatch(pid, f"its joints are {_join(config.get('joints'))}", f"ours are {_join(ours)}")
    return config


def _mismatch(pid: int, theirs: str, ours: str) -> ProcessError:
    remedy = f"end it with: kill {pid} (the servos hold the arm meanwhile), then start again"
    return ProcessError("bus", f"{describe_process(pid)} holds the arm; {theirs}, {ours}", remedy)


def _join(joints: Sequence[str] | None) -> str:
    return ", ".join(joints or ("unknown",))


def _last_line(errors: IO[bytes]) -> str:
    """The last line of a process's errors."""
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it wrote no error")


def _ending() -> ProcessError:
    return ProcessError("bus", "the servo interface is ending", "start it again")
