"""The ROS half's end of the link to the bus child: finds it or starts it, asks it, hears it."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from armature.dynamixel import link
from armature.dynamixel.setpoints import Piece
from armature.errors import CommandRefused, ProcessError

_CONNECT_EVERY = 0.02  # [s]
_SPAWN_TIME = 10.0  # how long a child may take to listen [s]
_ANSWER_TIME = 5.0  # how long a request may take [s]


class BusClient:
    """One connection to the bus child.

    `on_cycle`, `on_status` and `on_lost` are called in the thread that `listen` runs in.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Args: the child's configuration, as JSON can hold it."""
        self._config = dict(config)
        self._socket: socket.socket | None = None
        self._waiting: dict[int, Future[str]] = {}
        self._lock = threading.Lock()
        self._requests = 0
        self._pieces: dict[tuple[str, ...], Piece] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._readings: link.Mailbox
        self._pieces_box: link.Mailbox

    def attach(self) -> bool:
        """Connect to the child of the port, starting one where there is none.

        Returns:
            Whether it was found running.

        Raises:
            ProcessError: it does not start, or serves another process.
        """
        found = self._connect()
        if not found:
            self._spawn()
        connection = self._require_socket()
        message, descriptors, _, _ = socket.recv_fds(connection, link.MESSAGE_SIZE, 1)
        if not descriptors:
            reason = link.unpack_call(message).get("error", "no reason given") if message else "it ended at once"
            self.close()
            raise ProcessError("bus", reason, "mend that, then start again")
        memory = memoryview(mmap.mmap(descriptors[0], link.MEMORY_SIZE))
        os.close(descriptors[0])
        self._readings = link.Mailbox(memory[: link.READINGS_SIZE])
        self._pieces_box = link.Mailbox(memory[link.READINGS_SIZE :])
        self._serial = max((piece.serial for piece in self._known_pieces()), default=0)
        return found

    def matches(self, message: bytes) -> bool:
        """Whether a running child's configuration is ours."""
        return bool(json.loads(message) == self._config)

    def readings(self) -> link.Readings | None:
        """The newest cycle."""
        found = self._readings.read()
        return None if found is None else link.unpack_readings(found[1])

    def send_piece(self, session: str, start: float, motion: Any) -> int:
        """Put a piece of motion where the next cycle finds it.

        Returns:
            Its serial number.
        """
        with self._lock:
            self._serial += 1
            piece = Piece(self._serial, session, start, motion)
            self._pieces[motion.joints] = piece
            self._pieces_box.write(link.pack_pieces(list(self._pieces.values())))
            return piece.serial

    def request(self, name: str, **fields: Any) -> str:
        """Ask the child and await its answer.

        Raises:
            CommandRefused: it refuses, is gone, or does not answer in time.
        """
        future: Future[str] = Future()
        with self._lock:
            self._requests += 1
            number = self._requests
            self._waiting[number] = future
        try:
            self._require_socket().send(link.pack_call(link.REQUEST, {"request": name, "id": number, **fields}))
            return future.result(_ANSWER_TIME)
        except (OSError, FutureTimeoutError, ProcessError) as error:
            why = "the bus process does not answer"
            raise CommandRefused(name, why, "look at its state, then ask again") from error
        finally:
            self._waiting.pop(number, None)

    def listen(self, on_cycle: Callable[[link.Readings], None], on_status: Callable[[link.Status], None]) -> None:
        """Hear the child until it ends or the connection is closed."""
        connection = self._require_socket()
        while True:
            try:
                message = connection.recv(link.MESSAGE_SIZE)
            except OSError:
                message = b""
            kind = message[:1]
            if not message:
                break
            if kind == link.CYCLE:
                readings = self.readings()
                if readings is not None:
                    on_cycle(readings)
            elif kind == link.STATUS:
                on_status(link.unpack_status(message))
            elif kind == link.REPLY:
                self._settle(link.unpack_call(message))
        for future in list(self._waiting.values()):
            future.set_exception(ProcessError("bus", "it has ended", "it is started anew by itself"))

    def close(self) -> None:
        """Let go of the child; it holds the arm, and ends by itself if torque is off."""
        if self._socket is not None:
            with contextlib.suppress(OSError):  # the child was first
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = None

    def wait_ended(self, timeout: float) -> None:
        """Reap a child that was started here and has been asked to quit."""
        if self._child is not None:
            # One that does not end holds the arm; whoever starts next finds it.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout)

    def _settle(self, reply: Mapping[str, Any]) -> None:
        future = self._waiting.pop(reply["id"], None)
        if future is None:
            return
        if reply["ok"]:
            future.set_result(reply["message"])
        else:
            future.set_exception(_Refused(reply["message"]))

    def _connect(self) -> bool:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            connection.connect(link.address(self._config["port"]))
        except ConnectionRefusedError:
            connection.close()
            return False
        self._socket = connection
        return True

    def _spawn(self) -> None:
        # A session of its own: a Ctrl-C in the terminal is for the ROS half to see to.
        self._child = subprocess.Popen(
            [sys.executable, "-m", "armature.nodes.bus", json.dumps(self._config)],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        give_up = time.monotonic() + _SPAWN_TIME
        while not self._connect():
            if self._child.poll() is not None or time.monotonic() > give_up:
                raise ProcessError("bus", "the bus process does not start", "run it by hand to see why")
            time.sleep(_CONNECT_EVERY)

    def _known_pieces(self) -> tuple[Piece, ...]:
        found = self._pieces_box.read()
        return link.unpack_pieces(found[1]) if found else ()

    def _require_socket(self) -> socket.socket:
        if self._socket is None:
            raise ProcessError("bus", "it is not connected", "wait until it is started anew")
        return self._socket


class _Refused(CommandRefused):
    """A refusal whose text the child has written."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)
