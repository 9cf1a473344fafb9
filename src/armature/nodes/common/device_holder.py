"""Which process holds a device or the other end of a socket, by Linux (proc(5), unix(7))."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from armature.errors import PortError

_PROC = Path("/proc")
_COMMAND_LENGTH = 120
CREDENTIALS = struct.Struct("3i")  # process, user, group (unix(7): SO_PEERCRED, SCM_CREDENTIALS)


def describe_process(pid: int) -> str:
    """A process in words: its id and its command, or its id alone where it has gone."""
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return f"process {pid}"
    command = " ".join(b" ".join(words).decode("utf-8", "replace").split())
    # The bus process's configuration would fill the screen.
    return f"process {pid} ({command.partition(' {')[0][:_COMMAND_LENGTH]})"


def peer_credentials(connection: socket.socket) -> tuple[int, int]:
    """Process and user at the other end of a UNIX socket."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    pid, user, _ = CREDENTIALS.unpack(credentials)
    return pid, user


def lock_holder(path: str) -> int | None:
    """The other process that has locked a device with flock, as all of Armature does; None for none."""
    try:
        device = os.stat(path)  # noqa: PTH116  # through the link that is its stable name
        locks = (_PROC / "locks").read_text("utf-8").splitlines()
    except OSError:
        return None
    place = f"{os.major(device.st_dev):02x}:{os.minor(device.st_dev):02x}:{device.st_ino}"
    for line in locks:
        fields = line.split()
        if fields[1] == "FLOCK" and fields[5] == place and int(fields[4]) not in (0, os.getpid()):
            return int(fields[4])
    return None


def processes_using(path: str) -> list[int]:
    """Other processes that have a serial device open, locked or not; those of other users stay hidden.

    Of a pseudo-terminal none are returned: the process that serves it has it open too.
    """
    try:
        device = os.stat(path)  # noqa: PTH116  # through the link
    except OSError:
        return []
    if os.path.realpath(path).startswith("/dev/pts/"):
        return []
    return [pid for pid in _others() if device.st_rdev in _open_devices(pid)]


def require_exclusive(path: str) -> None:
    """Refuse a device that other processes have open, whether they have locked it or not.

    Raises:
        PortError: with the processes.
    """
    if others := processes_using(path):
        listed = ", ".join(describe_process(pid) for pid in others)
        raise PortError(path, f"it is also open in {listed}", "stop that first")


def _others() -> Iterator[int]:
    numbers = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
    return (pid for pid in numbers if pid != os.getpid())


def _open_devices(pid: int) -> set[int]:
    found = set()
    with suppress(OSError):  # it has gone, or belongs to somebody else
        for entry in (_PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                found.add(entry.stat().st_rdev)
    return found
