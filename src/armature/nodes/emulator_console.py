"""The control socket of the emulator's process: one request and one answer a datagram."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

from armature.emulator import console
from armature.emulator.faults import FaultBoard
from armature.errors import ProcessError

_CREDENTIALS = struct.Struct("3i")  # process, user, group (unix(7), SCM_CREDENTIALS)
_PATIENCE = 2.0  # [s]; the emulator answers between two steps of its physics


class Console:
    """The emulator's end."""

    def __init__(self, board: FaultBoard, link: Path) -> None:
        """Listen.

        Raises:
            ProcessError: another emulator serves this link.
        """
        self._board = board
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            self._socket.bind(console.address(link))
        except OSError as error:
            self._socket.close()
            raise ProcessError(
                "emulator", f"another one serves {link}", "choose another --link, or end it"
            ) from error

    def __enter__(self) -> Console:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """The file to wait for."""
        return self._socket.fileno()

    def answer(self) -> None:
        """Take one request in and answer it."""
        with suppress(OSError):  # who asked has gone
            space = socket.CMSG_SPACE(_CREDENTIALS.size)
            request, ancillary, _, sender = self._socket.recvmsg(console.MESSAGE_SIZE, space)
            users = [_user(data) for _, kind, data in ancillary if kind == socket.SCM_CREDENTIALS]
            # An address without a file has no permissions; the emulator obeys its own user alone.
            if sender and set(users) & {os.getuid(), 0}:
                self._socket.sendto(console.reply(self._board, request), sender)


def _user(credentials: bytes) -> int:
    return int(_CREDENTIALS.unpack(credentials)[1])


def ask(link: Path, request: bytes) -> bytes:
    """Ask the emulator that serves a link.

    Raises:
        ProcessError: none does, or it does not answer.
    """
    remedy = "start one with: armature up, or armature emulate"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.bind("")  # Linux finds a free abstract address, to which the answer goes
        client.settimeout(_PATIENCE)
        try:
            client.connect(console.address(link))
            client.send(request)
            return client.recv(console.MESSAGE_SIZE)
        except TimeoutError as error:
            raise ProcessError("emulator", f"no answer in {_PATIENCE:g} s", "look at its log") from error
        except OSError as error:
            raise ProcessError("emulator", f"none serves {link}", remedy) from error
