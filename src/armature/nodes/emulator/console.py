"""The control socket of the emulator's process: one request and one answer a datagram."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from armature.emulator.faults import console
from armature.emulator.faults.board import FaultBoard
from armature.errors import ProcessError
from armature.nodes.common.device_holder import CREDENTIALS

_SPACE = socket.CMSG_SPACE(CREDENTIALS.size)
_TIMEOUT = 2.0  # [s]; the emulator answers between two steps of its physics


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
        """Receive one request and answer it."""
        with suppress(OSError):  # the sender has gone
            request, ancillary, _, sender = self._socket.recvmsg(console.MESSAGE_SIZE, _SPACE)
            if sender and _is_ours(ancillary):
                self._socket.sendto(console.reply(self._board, request), sender)


def _is_ours(ancillary: list[tuple[int, int, bytes]]) -> bool:
    """Whether a message is of our own user, or of root: an address without a file has no permissions."""
    users = {CREDENTIALS.unpack(data)[1] for _, kind, data in ancillary if kind == socket.SCM_CREDENTIALS}
    return bool(users & {os.getuid(), 0})


def ask(link: Path, request: bytes) -> bytes:
    """Ask the emulator that serves a link.

    Raises:
        ProcessError: none does, it does not answer, or somebody else does.
    """
    remedy = "start one with: armature up, or armature emulate"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        client.bind("")  # Linux finds a free abstract address, to which the answer goes
        client.settimeout(_TIMEOUT)
        try:
            client.connect(console.address(link))
            client.send(request)
            answer, ancillary, _, _ = client.recvmsg(console.MESSAGE_SIZE, _SPACE)
        except TimeoutError as error:
            raise ProcessError("emulator", f"no answer in {_TIMEOUT:g} s", "look at its log") from error
        except OSError as error:
            raise ProcessError("emulator", f"none serves {link}", remedy) from error
    if not _is_ours(ancillary):
        raise ProcessError(
            "emulator", f"another user's process answers for {link}", "end that, or use another --link"
        )
    return answer
