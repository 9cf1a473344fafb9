"""What carries requests and answers, one after the other, and how long it may take over them."""

from __future__ import annotations

from abc import ABC, abstractmethod

from armature.dynamixel.protocol.packet import BITS_PER_BYTE
from armature.errors import PortError, system_reason

_MARGIN = 1e-3  # [s]
LATENCY = 0.016
"""That of adapters with FTDI's drivers, unless they are told another one [s]."""


class Port(ABC):
    """A port of one servo bus; answers are waited for as long as the wire needs for them."""

    def __init__(self, path: str, baud_rate: int, latency: float) -> None:
        """Describe the port; nothing is opened yet.

        Args:
            path: of the device, for people.
            baud_rate: [bit/s].
            latency: of the adapter [s].
        """
        self.path = path
        self.baud_rate = baud_rate
        self.is_open = False
        self._latency = latency
        self._deadline = 0.0
        self._sent = 0.0  # when the wire has carried all that was written

    @abstractmethod
    def open(self) -> None:
        """Open the port for this process alone.

        Raises:
            PortError: it does not exist, is in use, may not be opened, or cannot do the baud rate.
        """

    def close(self) -> None:
        """Close the port; closing twice is harmless."""
        self.is_open = False

    def write(self, packet: bytes) -> None:
        """Write a whole packet.

        Raises:
            PortError: the port is gone.
        """
        self._sent = max(self._sent, self.now()) + len(packet) * BITS_PER_BYTE / self.baud_rate
        self._put(packet)

    @abstractmethod
    def _put(self, packet: bytes) -> None:
        """Hand a whole packet to the wire; errors as `write`."""

    def set_deadline(self, length: int, return_delay: float) -> None:
        """Set the deadline of answers by what they need: wire, return delay, adapter latency and a margin.

        Args:
            length: of all answers together [byte].
            return_delay: of all servos that answer together [s].
        """
        wire = length * BITS_PER_BYTE / self.baud_rate
        # The request itself may still be on its way when the kernel has taken it.
        self._deadline = max(self._sent, self.now()) + wire + return_delay + self._latency + _MARGIN

    @abstractmethod
    def read(self, enough: int) -> bytes:
        """What has arrived as soon as that is enough, or when the time is over.

        Args:
            enough: for which to wait [byte].

        Returns:
            All that is there, which may be more, or less, or nothing.

        Raises:
            PortError: the port is gone.
        """

    @abstractmethod
    def read_pending(self) -> bytes:
        """Read what has arrived without being awaited.

        Raises:
            PortError: the port is gone.
        """

    def is_timed_out(self) -> bool:
        """Whether the time that was allowed is over."""
        return self.now() >= self._deadline

    @abstractmethod
    def now(self) -> float:
        """The time by which the port waits [s]."""

    def _gone(self, error: Exception | str) -> PortError:
        self.close()
        reason = error if isinstance(error, str) else system_reason(error)
        return PortError(self.path, f"the port is gone ({reason})", "check cable and power")
