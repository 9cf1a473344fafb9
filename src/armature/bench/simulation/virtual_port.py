"""A port whose far end is an emulated bus in the same process; waiting moves the time on and takes none."""

from __future__ import annotations

from collections import deque

from armature.dynamixel.protocol.port import Port
from armature.emulator.bus.bus import EmulatedBus
from armature.errors import PortError


class VirtualPort(Port):
    """A port whose far end is an emulated bus; waiting moves the time on and takes none."""

    def __init__(self, far: EmulatedBus, bus: str = "", beside: VirtualPort | None = None) -> None:
        """Args: the servos, on which of their buses, and another port that lives on the same time."""
        super().__init__(f"virtual{bus}", far.wires[bus].baud_rate, 0.001)
        self.far = far
        self.bus = bus
        self._clock: list[float] = [0.0] if beside is None else beside._clock  # [s], of all that share it
        self.unplugged = False
        self.lost_answers = 0  # how many of the next bytes' answers get lost
        self._arriving: deque[tuple[float, bytes]] = deque()
        self._buffer = b""

    @property
    def time(self) -> float:
        """The virtual time [s]."""
        return self._clock[0]

    @time.setter
    def time(self, now: float) -> None:
        self._clock[0] = now

    def open(self) -> None:
        """Open it, unless it is unplugged."""
        if self.unplugged or not self.far.is_plugged(self.bus):
            raise PortError(self.path, "no such file", "plug it in")
        self.is_open = True

    def read(self, enough: int) -> bytes:
        """Take what has arrived once it is enough, or by the deadline, to which the time moves on."""
        self._check()
        self._arrive()
        while len(self._buffer) < enough and self.time < self._deadline:
            due = self._arriving[0][0] if self._arriving else self._deadline
            self.time = max(self.time, min(due, self._deadline))
            self._arrive()
        return self._take_buffer()

    def read_pending(self) -> bytes:
        """Take what has arrived by now."""
        self._check()
        self._arrive()
        return self._take_buffer()

    def now(self) -> float:
        """The virtual time [s]."""
        return self.time

    def _put(self, packet: bytes) -> None:
        self._check()
        for answer in self.far.transmit(packet, self.time, self.bus):
            if self.lost_answers:
                self.lost_answers -= 1
            else:
                self._arriving.append((answer.due, answer.data))

    def _take_buffer(self) -> bytes:
        data, self._buffer = self._buffer, b""
        return data

    def _arrive(self) -> None:
        while self._arriving and self._arriving[0][0] <= self.time:
            self._buffer += self._arriving.popleft()[1]

    def _check(self) -> None:
        if self.unplugged or not self.far.is_plugged(self.bus):
            raise self._gone("unplugged")
