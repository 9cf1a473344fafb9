"""The SDK's port with its faults cured: exclusive, waiting in the kernel, bounded by the wire's own time."""

from __future__ import annotations

import os
import select
import time

import serial
from dynamixel_sdk import PortHandler

from armature.errors import PortError

# Bytes are 10 bits on the wire: start, 8 data, stop (Protocol 2.0 manual, 8N1).
_BITS_PER_BYTE = 10.0
_MARGIN = 1e-3  # [s]


class ServoPort(PortHandler):  # type: ignore[misc]  # the SDK is untyped
    """A serial port that the SDK's packet handler can use.

    The SDK's own port waits by spinning, always 34 ms at least, on the wall clock, and opens shared.
    """

    def __init__(self, path: str, baud_rate: int, latency: float) -> None:
        super().__init__(path)
        self.baudrate = baud_rate
        self._latency = latency
        self._deadline = 0.0
        self._poll = select.poll()

    def open(self) -> None:
        """Open the port for this process alone.

        Raises:
            PortError: it does not exist, is in use, may not be opened, or cannot do the baud rate.
        """
        try:
            # exclusive takes a flock, which also keeps out root; TIOCEXCL would not.
            self.ser = serial.Serial(self.port_name, self.baudrate, timeout=0, exclusive=True)
        except (serial.SerialException, ValueError, OSError) as error:
            raise PortError(self.port_name, str(error), _remedy(error)) from error
        self.is_open = True
        self.is_using = False
        self.tx_time_per_byte = 1000.0 * _BITS_PER_BYTE / self.baudrate
        self._poll = select.poll()
        self._poll.register(self.ser.fileno(), select.POLLIN)

    def close(self) -> None:
        """Close the port; closing twice is harmless."""
        if self.ser is not None:
            self.ser.close()
        self.is_open = False
        self.is_using = False

    # The SDK's names from here on.

    def clearPort(self) -> None:  # noqa: N802
        """Throw away what has arrived."""
        try:
            self.ser.reset_input_buffer()
        except (OSError, serial.SerialException) as error:
            raise self._gone(error) from error

    def readPort(self, length: int) -> bytes:  # noqa: N802
        """Up to so many bytes, waiting in the kernel until one is there or the time is over."""
        remaining = self._deadline - time.monotonic()
        try:
            if not self._poll.poll(max(0.0, 1000.0 * remaining)):
                return b""
            data = os.read(self.ser.fileno(), length)
        except (OSError, serial.SerialException) as error:
            raise self._gone(error) from error
        if not data:
            raise self._gone("end of file")
        return data

    def writePort(self, packet: list[int]) -> int:  # noqa: N802
        """Write a whole packet."""
        try:
            return int(self.ser.write(bytes(packet)))
        except (OSError, serial.SerialException) as error:
            raise self._gone(error) from error

    def setPacketTimeout(self, packet_length: int) -> None:  # noqa: N802
        """Allow the wire's time for so many bytes, the adapter's latency and a margin."""
        wire = packet_length * _BITS_PER_BYTE / self.baudrate
        self._deadline = time.monotonic() + wire + self._latency + _MARGIN

    def setPacketTimeoutMillis(self, msec: float) -> None:  # noqa: N802
        """Allow so many milliseconds."""
        self._deadline = time.monotonic() + msec / 1000.0

    def isPacketTimeout(self) -> bool:  # noqa: N802
        """Whether the time is over."""
        return time.monotonic() >= self._deadline

    def _gone(self, reason: object) -> PortError:
        self.close()
        return PortError(self.port_name, f"the port is gone ({reason})", "check cable and power")


def _remedy(error: Exception) -> str:
    text = str(error)
    if "lock" in text:
        return "another program has it open; stop that one first"
    if "Permission" in text:
        return "add your user to the group dialout and log in again"
    if "No such file" in text:
        return "check the cable, or start the emulator"
    return "check the device and its baud rate"
