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

from armature.core.trajectory import Trajectory
from armature.dynamixel import link
from armature.dynamixel.setpoints import Piece
from armature.errors import CommandRefused, GoalRefused, ProcessError

_CONNECT_EVERY = 0.02  # [s]
_SPAWN_TIME = 10.0  # how long a child may take to listen [s]
_ANSWER_TIME = 5.0  # how long a request may take [s]


class BusClient:
    """One connection to the bus child.

    `listen` calls back in its own thread; the other methods may be called in any other.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Args: the child's configuration, as JSON can hold it."""
        self._config = dict(config)
        self._socket: socket.socket | None = None
        self._waiting: dict[int, Future[str]] = {}
        self._lock = threading.Lock()
        self._requests = 0
        self._pieces: dict[tuple[str, ...], Piece] = {}
        self.has_our_settings = True  # whether the child that was found works with this configuration
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
        greeting, descriptor = self._greeted()
        memory = memoryview(mmap.mmap(descriptor, link.MEMORY_SIZE))
        os.close(descriptor)
        self._readings = link.Mailbox(memory[: link.READINGS_SIZE])
        self._pieces_box = link.Mailbox(memory[link.READINGS_SIZE :])
        self._serial = max((piece.serial for piece in self._known_pieces()), default=0)
        self.has_our_settings = _settings(json.loads(greeting)) == _settings(self._config)
        return found

    def readings(self) -> link.Readings | None:
        """The newest cycle."""
        found = self._readings.read()
        return None if found is None else link.unpack_readings(found[1])

    def send_piece(self, session: str, start: float, motion: Trajectory) -> int:
        """Put a piece of motion where the next cycle finds it.

        Returns:
            Its serial number.

        Raises:
            GoalRefused: it is too long.
        """
        with self._lock:
            piece = Piece(self._serial + 1, session, start, motion)
            # A piece that has ended is of no use any more, whoever's it was.
            others = {joints: other for joints, other in self._pieces.items() if other.end > start}
            pieces = {**others, motion.joints: piece}
            data = link.pack_pieces(list(pieces.values()))
            if len(data) > self._pieces_box.capacity:
                allowed = f"pieces take {self._pieces_box.capacity} bytes; send about 200 ms at a time"
                raise GoalRefused("set-points: points", len(motion.times), allowed)
            self._pieces_box.write(data)
            self._pieces, self._serial = pieces, piece.serial
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
            until = time.monotonic() + _ANSWER_TIME  # a request that is given up must not be carried out later
            call = {"until": until, **fields, "request": name, "id": number}
            self._require_socket().send(link.pack_call(link.REQUEST, call))
            return future.result(_ANSWER_TIME)
        except (OSError, FutureTimeoutError, ProcessError) as error:
            why = "the bus process does not answer"
            raise CommandRefused(name, why, "look at its state, then ask again") from error
        finally:
            self._waiting.pop(number, None)

    def listen(self, on_cycle: Callable[[link.Readings], None], on_status: Callable[[link.Status], None]) -> str:
        """Hear the child until it ends or the connection is closed.

        Returns:
            What the child said of its end, if it could say anything.
        """
        connection = self._require_socket()
        last_words = ""
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
            elif kind == link.FAILED:
                last_words = str(link.unpack_call(message).get("error", ""))
        for future in list(self._waiting.values()):
            future.set_exception(ProcessError("bus", "it has ended", "it is started anew by itself"))
        return last_words

    def close(self) -> None:
        """Let go of the child; it holds the arm, and ends by itself if torque is off."""
        with self._lock:  # whoever hears the end and whoever ends may come here at once
            connection, self._socket = self._socket, None
        if connection is not None:
            with contextlib.suppress(OSError):  # the child was first
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

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
                self._child.kill()
                self._child.wait()
                raise ProcessError("bus", "the bus process does not start", "run it by hand to see why")
            time.sleep(_CONNECT_EVERY)

    def _greeted(self) -> tuple[bytes, int]:
        """What the child says first, and the descriptor of its memory; it waits for its port before.

        Raises:
            ProcessError: it has no service for us, with its reason.
        """
        connection = self._require_socket()
        connection.settimeout(float(self._config["patience"]) + _SPAWN_TIME)
        try:
            message, descriptors, _, _ = socket.recv_fds(connection, link.MESSAGE_SIZE, 1)
        except OSError as error:
            self.close()
            raise ProcessError("bus", f"no greeting ({error})", "end that process, then start again") from error
        connection.settimeout(None)
        if descriptors:
            return message, descriptors[0]
        self.close()
        self.wait_ended(_ANSWER_TIME)
        reason = link.unpack_call(message).get("error", "no reason given") if message else "it ended at once"
        raise ProcessError("bus", str(reason), "mend that, then start again")

    def _known_pieces(self) -> tuple[Piece, ...]:
        found = self._pieces_box.read()
        return link.unpack_pieces(found[1]) if found else ()

    def _require_socket(self) -> socket.socket:
        if self._socket is None:
            raise ProcessError("bus", "it is not connected", "wait until it is started anew")
        return self._socket


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the user has set; the rest is how the child was found when it was started."""
    return {name: value for name, value in config.items() if name != "protective_stop"}


class _Refused(CommandRefused):
    """A refusal whose text the child has written."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)
