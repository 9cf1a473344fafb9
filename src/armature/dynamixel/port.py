"""The SDK's port and packets with their faults cured.

The port is exclusive, waits in the kernel, and is bounded by the wire's own time.
"""

from __future__ import annotations

import errno
import os
import select
import termios
import time
from typing import Any

import serial
from dynamixel_sdk import PortHandler, Protocol2PacketHandler

from armature.errors import PortError

# Bytes are 10 bits on the wire: start, 8 data, stop (Protocol 2.0 manual, 8N1).
_BITS_PER_BYTE = 10.0
# Return Delay Time is at most 254 units of 2 µs (e-Manual, "Return Delay Time(9)").
_RETURN_DELAY = 508e-6  # [s]
_MARGIN = 1e-3  # [s]
_CHUNK = 4_096
_LARGEST_MIN = 255  # a control character of termios is one byte
_WRITE_TIME = 0.2  # how long the device may refuse to take bytes [s]
# Byte stuffing keeps a header out of a packet's inside (Protocol 2.0 manual, "Byte Stuffing").
_HEADER, _STUFFED = b"\xff\xff\xfd", b"\xff\xff\xfd\xfd"
# Places in a packet (same manual, "Instruction Packet").
_LENGTH_FIELD, _INSTRUCTION_FIELD, _CRC_SIZE = 5, 7, 2
# pyserial lets some of the kernel's refusals through as what they are.
_FAILURES = (OSError, termios.error, ValueError)


class ServoPort(PortHandler):  # type: ignore[misc]  # the SDK is untyped
    """A serial port that the SDK's packet handler can use.

    The SDK's own port waits by spinning, always 34 ms at least, on the wall clock, and opens shared.
    """

    def __init__(self, path: str, baud_rate: int, latency: float) -> None:
        """Describe the port; nothing is opened yet.

        Args:
            path: serial device.
            baud_rate: [bit/s].
            latency: of the serial adapter [s].
        """
        super().__init__(path)
        self.baudrate = baud_rate
        self._latency = latency
        self._deadline = 0.0
        self._sent = 0.0  # when the wire has carried all that was written
        self._poll = select.poll()
        self._received = b""
        self._attributes: list[Any] = []

    def open(self) -> None:
        """Open the port for this process alone.

        Raises:
            PortError: it does not exist, is in use, may not be opened, or cannot do the baud rate.
        """
        try:
            # exclusive takes a flock, which also keeps out root; TIOCEXCL would not.
            self.ser = serial.Serial(
                self.port_name, self.baudrate, timeout=0, write_timeout=_WRITE_TIME, exclusive=True
            )
        except _FAILURES as error:
            raise PortError(self.port_name, str(error), _remedy(error)) from error
        self.is_open = True
        self.is_using = False
        self._poll = select.poll()
        self._poll.register(self.ser.fileno(), select.POLLIN)
        self._received = b""
        self._attributes = termios.tcgetattr(self.ser.fileno())

    def close(self) -> None:
        """Close the port; closing twice is harmless."""
        if self.ser is not None:
            self.ser.close()
        self.is_open = False
        self.is_using = False

    def expect(self, length: int, answers: int) -> None:
        """Allow the time that answers need: the wire's, the servos' return delay, the adapter's, and a margin.

        Args:
            length: of all answers together [byte].
            answers: how many servos answer.
        """
        wire = length * _BITS_PER_BYTE / self.baudrate + answers * _RETURN_DELAY
        # The request itself may still be on its way when the kernel has taken it.
        self._deadline = max(self._sent, self._now()) + wire + self._latency + _MARGIN
        self._wake_at(length)

    # The SDK's names from here on.

    def clearPort(self) -> None:  # noqa: N802
        """Throw away what has arrived."""
        self._received = b""
        try:
            self.ser.reset_input_buffer()
        except _FAILURES as error:
            raise self._gone(error) from error

    def readPort(self, length: int) -> bytes:  # noqa: N802
        """Up to so many bytes, waiting in the kernel until the answers are there or the time is over."""
        if not self._received:
            self._receive()
        data, self._received = self._received[:length], self._received[length:]
        return data

    def _receive(self) -> None:
        remaining = self._deadline - self._now()
        try:
            ready = self._poll.poll(max(0.0, 1000.0 * remaining))
            self._received = os.read(self.ser.fileno(), _CHUNK)
        except BlockingIOError:
            return  # silence
        except _FAILURES as error:
            raise self._gone(error) from error
        if ready and not self._received:
            raise self._gone("end of file")
        self._wake_at(1)

    def _wake_at(self, length: int) -> None:
        """Let poll wake for so many bytes, not for each; what is there at the deadline is read all the same.

        termios(3), "MIN > 0, TIME == 0"; Linux's poll on a terminal heeds it as read does.
        """
        characters = self._attributes[6]
        if characters[termios.VMIN] == min(length, _LARGEST_MIN):
            return
        characters[termios.VMIN] = min(length, _LARGEST_MIN)
        try:
            termios.tcsetattr(self.ser.fileno(), termios.TCSANOW, self._attributes)
        except _FAILURES as error:
            raise self._gone(error) from error

    def writePort(self, packet: list[int]) -> int:  # noqa: N802
        """Write a whole packet."""
        self._sent = max(self._sent, self._now()) + len(packet) * _BITS_PER_BYTE / self.baudrate
        try:
            return int(self.ser.write(bytes(packet)))
        except _FAILURES as error:
            raise self._gone(error) from error

    def setPacketTimeout(self, packet_length: int) -> None:  # noqa: N802
        """Allow the time of one answer."""
        self.expect(packet_length, 1)

    def setPacketTimeoutMillis(self, msec: float) -> None:  # noqa: N802
        """Allow so many milliseconds."""
        self._deadline = self._now() + msec / 1000.0

    def isPacketTimeout(self) -> bool:  # noqa: N802
        """Whether the time is over."""
        return self._now() >= self._deadline

    def _now(self) -> float:
        return time.monotonic()

    def _gone(self, reason: object) -> PortError:
        self.close()
        return PortError(self.port_name, f"the port is gone ({reason})", "check cable and power")


def _remedy(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number in (errno.EAGAIN, errno.EBUSY):
        return "another program has it open; stop that one first"
    if number in (errno.EACCES, errno.EPERM):
        return "add your user to the group dialout and log in again"
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return "check the cable, or start the emulator"
    return "check the device and its baud rate"


class PacketHandler(Protocol2PacketHandler):  # type: ignore[misc]  # the SDK is untyped
    """The SDK's packets with its byte stuffing cured (Protocol 2.0 manual, "Processing Order of Byte Stuffing").

    The SDK leaves the stuffing's bytes at the end of what it has unstuffed, and loses what it has stuffed.
    """

    def addStuffing(self, packet: list[int]) -> list[int]:  # noqa: N802
        """Stuff a packet in place; its header and CRC are still to be filled in."""
        body = bytes(packet[_INSTRUCTION_FIELD:-_CRC_SIZE])
        return _with_body(packet, body.replace(_HEADER, _STUFFED))

    def removeStuffing(self, packet: list[int]) -> list[int]:  # noqa: N802
        """A packet without its stuffing."""
        body = bytes(packet[_INSTRUCTION_FIELD:-_CRC_SIZE])
        return _with_body(packet, body.replace(_STUFFED, _HEADER))


def _with_body(packet: list[int], body: bytes) -> list[int]:
    packet[_INSTRUCTION_FIELD:-_CRC_SIZE] = body
    length = len(body) + _CRC_SIZE
    packet[_LENGTH_FIELD:_INSTRUCTION_FIELD] = [length & 0xFF, length >> 8]
    return packet
