"""The serial port of a servo bus: exclusive, waiting in the kernel."""

from __future__ import annotations

import errno
import os
import select
import termios
import time
from typing import Any

import serial

from armature.dynamixel.protocol.port import Port
from armature.errors import PortError, system_reason

_CHUNK = 4_096
_LARGEST_MIN = 255  # a control character of termios is one byte
_PSEUDO = "/dev/pts/"
_WRITE_TIME = 0.2  # how long the device may refuse to take bytes [s]
# pyserial passes some of the kernel's errors on as they are.
_FAILURES = (OSError, termios.error, ValueError, EOFError)


class SerialPort(Port):
    """A serial device that carries requests and answers."""

    def __init__(self, path: str, baud_rate: int, latency: float) -> None:
        """Describe the port; nothing is opened yet. Args: see Port."""
        super().__init__(path, baud_rate, latency)
        self._serial: serial.Serial | None = None
        self._file = -1
        self._poll = select.poll()
        self._attributes: list[Any] = []

    def open(self) -> None:
        """Open it with a lock that keeps out other programs; errors as Port.open."""
        try:
            _require_fresh(self.path)
            # exclusive takes a flock, which also keeps out root; TIOCEXCL would not.
            self._serial = serial.Serial(self.path, self.baud_rate, timeout=0, exclusive=True)
            self._file = self._serial.fileno()
            self._attributes = termios.tcgetattr(self._file)
            self._wake_at(1)  # with MIN 0, as it is now, silence would look like an end of file
        except _FAILURES as error:
            self.close()
            raise PortError(self.path, system_reason(error), _remedy(error)) from error
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)
        self.is_open = True

    def close(self) -> None:
        """Close the port; closing twice is harmless."""
        if self._serial is not None:
            self._serial.close()
        super().close()

    def _put(self, packet: bytes) -> None:
        try:
            written = os.write(self._file, packet)
            if written < len(packet):
                self._write_rest(packet[written:])
        except BlockingIOError:
            self._write_rest(packet)
        except _FAILURES as error:
            raise self._gone(error) from error

    def _write_rest(self, rest: bytes) -> None:
        room = select.poll()
        room.register(self._file, select.POLLOUT)
        while rest:
            if not room.poll(1000.0 * _WRITE_TIME):
                raise self._gone("it takes no bytes")
            try:
                rest = rest[os.write(self._file, rest) :]
            except _FAILURES as error:
                raise self._gone(error) from error

    def read(self, enough: int) -> bytes:
        """What has arrived as soon as that is enough, or by the deadline; waits in the kernel. See Port.read."""
        try:
            self._wake_at(enough)
            self._poll.poll(max(0.0, 1000.0 * (self._deadline - self.now())))
            return self._take(enough)
        except _FAILURES as error:
            raise self._gone(error) from error

    def read_pending(self) -> bytes:
        """Read what has arrived without being awaited; errors as Port.read_pending."""
        try:
            return self._take(_CHUNK)
        except _FAILURES as error:
            raise self._gone(error) from error

    def _take(self, enough: int) -> bytes:
        """What is there; Linux hands out 64 bytes a call where it was asked to wait for more."""
        received = b""
        while len(received) < enough:
            try:
                data = os.read(self._file, _CHUNK)
            except BlockingIOError:
                break
            if not data:
                raise EOFError("end of file")
            received += data
        return received

    def now(self) -> float:
        """The time by which the port waits, monotonic [s]."""
        return time.monotonic()

    def _wake_at(self, length: int) -> None:
        """Let poll wake for so many bytes, not for each; what is there at the deadline is read in any case.

        termios(3), "MIN > 0, TIME == 0"; Linux's poll on a terminal obeys it as read does.
        """
        characters = self._attributes[6]
        enough = min(max(length, 1), _LARGEST_MIN)
        if characters[termios.VMIN] != enough:
            characters[termios.VMIN] = enough
            termios.tcsetattr(self._file, termios.TCSANOW, self._attributes)


def _require_fresh(path: str) -> None:
    """Refuse a link that a dead emulator has left, whose pseudo-terminal's number another program has now.

    Raises:
        OSError: what it leads to came after the link.
    """
    device = os.path.realpath(path)
    is_linked = os.path.islink(path) and device.startswith(_PSEUDO)  # noqa: PTH114
    if is_linked and os.stat(device).st_ctime_ns > os.lstat(path).st_mtime_ns:  # noqa: PTH116
        raise OSError(errno.ENXIO, f"its link is older than {device}")


def _remedy(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number in (errno.EAGAIN, errno.EBUSY):
        return "another program has it open; stop that one first"
    if number in (errno.EACCES, errno.EPERM):
        return "add your user to the group dialout and log in again"
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return "check the cable, or start the emulator"
    return "check the device and its baud rate"
