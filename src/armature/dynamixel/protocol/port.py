"""The serial port of a servo bus: exclusive, waiting in the kernel, bounded by the wire's own time."""

from __future__ import annotations

import errno
import os
import select
import termios
import time
from typing import Any

import serial

from armature.dynamixel.protocol.packet import BITS_PER_BYTE
from armature.errors import PortError

_MARGIN = 1e-3  # [s]
_CHUNK = 4_096
_LARGEST_MIN = 255  # a control character of termios is one byte
_PSEUDO = "/dev/pts/"
_WRITE_TIME = 0.2  # how long the device may refuse to take bytes [s]
# pyserial lets some of the kernel's refusals through as what they are.
_FAILURES = (OSError, termios.error, ValueError, EOFError)


class ServoPort:
    """A serial port that carries requests and answers, one after the other."""

    def __init__(self, path: str, baud_rate: int, latency: float) -> None:
        """Describe the port; nothing is opened yet.

        Args:
            path: serial device.
            baud_rate: [bit/s].
            latency: of the serial adapter [s].
        """
        self.path = path
        self.baud_rate = baud_rate
        self.is_open = False
        self._latency = latency
        self._serial: serial.Serial | None = None
        self._file = -1
        self._poll = select.poll()
        self._attributes: list[Any] = []
        self._deadline = 0.0
        self._sent = 0.0  # when the wire has carried all that was written

    def open(self) -> None:
        """Open the port for this process alone.

        Raises:
            PortError: it does not exist, is in use, may not be opened, or cannot do the baud rate.
        """
        try:
            _require_fresh(self.path)
            # exclusive takes a flock, which also keeps out root; TIOCEXCL would not.
            self._serial = serial.Serial(self.path, self.baud_rate, timeout=0, exclusive=True)
            self._file = self._serial.fileno()
            self._attributes = termios.tcgetattr(self._file)
            self._wake_at(1)  # with MIN 0, as it is now, silence would look like an end of file
        except _FAILURES as error:
            self.close()
            raise PortError(self.path, str(error), _remedy(error)) from error
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)
        self.is_open = True

    def close(self) -> None:
        """Close the port; closing twice is harmless."""
        if self._serial is not None:
            self._serial.close()
        self.is_open = False

    def write(self, packet: bytes) -> None:
        """Write a whole packet.

        Raises:
            PortError: the port is gone.
        """
        self._sent = max(self._sent, self.now()) + len(packet) * BITS_PER_BYTE / self.baud_rate
        self._put(packet)

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

    def expect(self, length: int, return_delay: float) -> None:
        """Allow the time that answers need: the wire's, the servos' return delay, the adapter's, and a margin.

        Args:
            length: of all answers together [byte].
            return_delay: of all servos that answer together [s].
        """
        wire = length * BITS_PER_BYTE / self.baud_rate
        # The request itself may still be on its way when the kernel has taken it.
        self._deadline = max(self._sent, self.now()) + wire + return_delay + self._latency + _MARGIN

    def read(self, enough: int) -> bytes:
        """What has arrived as soon as that is enough, or when the time is over; waits in the kernel.

        Args:
            enough: for which to wait [byte].

        Returns:
            All that is there, which may be more, or less, or nothing.

        Raises:
            PortError: the port is gone.
        """
        try:
            self._wake_at(enough)
            self._poll.poll(max(0.0, 1000.0 * (self._deadline - self.now())))
            return self._take(enough)
        except _FAILURES as error:
            raise self._gone(error) from error

    def pending(self) -> bytes:
        """What has arrived that nobody waited for.

        Raises:
            PortError: the port is gone.
        """
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

    def is_over(self) -> bool:
        """Whether the time that was allowed is over."""
        return self.now() >= self._deadline

    def now(self) -> float:
        """The time by which the port waits, monotonic [s]."""
        return time.monotonic()

    def _wake_at(self, length: int) -> None:
        """Let poll wake for so many bytes, not for each; what is there at the deadline is read all the same.

        termios(3), "MIN > 0, TIME == 0"; Linux's poll on a terminal heeds it as read does.
        """
        characters = self._attributes[6]
        enough = min(max(length, 1), _LARGEST_MIN)
        if characters[termios.VMIN] != enough:
            characters[termios.VMIN] = enough
            termios.tcsetattr(self._file, termios.TCSANOW, self._attributes)

    def _gone(self, reason: object) -> PortError:
        self.close()
        return PortError(self.path, f"the port is gone ({reason})", "check cable and power")


def _require_fresh(path: str) -> None:
    """Refuse a link that a dead emulator has left, where its pseudo-terminal's number is somebody else's now.

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
