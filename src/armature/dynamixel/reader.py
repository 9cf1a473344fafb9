"""What is read in a cycle: every servo's state, and one slow value of one servo."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle, product

from armature.dynamixel.axis import Axis
from armature.dynamixel.bus import ServoBus
from armature.errors import CorruptPacket, ServoRefused, ServoTimeout

_UNREAD = (ServoTimeout, CorruptPacket, ServoRefused)


class Reader:
    """Reads servos into axes; what could not be read is marked so."""

    def __init__(self, bus: ServoBus, axes: Mapping[str, Axis], misses_allowed: int) -> None:
        """Args: the bus, axes by joint, and after how many missed cycles a servo counts as missing."""
        self._bus = bus
        self._axes = list(axes.values())
        self._queue = list(self._axes)  # in which they answer
        self._misses_allowed = misses_allowed
        self._turns = cycle(product((True, False), self._axes))

    def is_missing(self, axis: Axis) -> bool:
        """Whether a servo has not answered for too many cycles."""
        return axis.misses >= self._misses_allowed

    def expect_silence(self, axis: Axis) -> None:
        """A servo starts anew: count it as missing until a probe finds it."""
        axis.forget()
        axis.misses = self._misses_allowed

    def read_states(self, now: float) -> None:
        """Read position, velocity and current or load of all servos that are not missing.

        Raises:
            PortError: the port is gone.
        """
        for axis in self._axes:
            if self.is_missing(axis):
                axis.forget()
        for block, axes in self._blocks().items():
            self._read_block(block, axes, now)

    def read_slowly(self, now: float) -> None:
        """One more read: of a servo that shows an alert, of a missing one, or of the one whose turn it is.

        Raises:
            PortError: the port is gone.
        """
        status, axis = next(self._turns)
        alerted = next((other for other in self._axes if other.alert and not other.hardware_error), None)
        if alerted is not None:
            self._try(alerted, status=True)
        elif not self.is_missing(axis):
            self._try(axis, status=status)
        elif status:  # a probe of a silent servo costs a whole wait, so only every other turn
            self._probe(axis, now)

    def read_all(self, now: float) -> None:
        """Read everything of every servo, at start.

        Raises:
            BusError: a servo did not answer.
        """
        for axis in self._axes:
            axis.misses = 0
        self.read_states(now)
        for axis in self._axes:
            self._read(axis, status=True)
            self._read(axis, status=False)
        silent = [axis.wiring.servo_id for axis in self._axes if axis.misses]
        if silent:
            raise ServoTimeout(silent, "sync read")

    def _blocks(self) -> dict[tuple[int, int], list[Axis]]:
        blocks: dict[tuple[int, int], list[Axis]] = {}
        for axis in self._queue:
            if not self.is_missing(axis):
                blocks.setdefault(axis.block, []).append(axis)
        return blocks

    def _read_block(self, block: tuple[int, int], axes: list[Axis], now: float) -> None:
        answers = self._bus.sync_read([axis.wiring.servo_id for axis in axes], *block)
        silent = [axis for axis in axes if axis.wiring.servo_id not in answers]
        for axis in axes:
            if axis in silent:
                axis.miss()
            else:
                axis.take(answers[axis.wiring.servo_id], now)
        if silent:
            # Those behind a silent servo do not answer either: let it be the last next time.
            self._queue.remove(silent[0])
            self._queue.append(silent[0])

    def _probe(self, axis: Axis, now: float) -> None:
        answer = self._bus.sync_read([axis.wiring.servo_id], *axis.block).get(axis.wiring.servo_id)
        if answer is not None and self._try(axis, status=True):
            axis.take(answer, now)

    def _try(self, axis: Axis, *, status: bool) -> bool:
        try:
            self._read(axis, status=status)
        except _UNREAD:
            return False  # the bus has counted it; the turn comes again
        return True

    def _read(self, axis: Axis, *, status: bool) -> None:
        registers = axis.wiring.model.registers
        first, last = (
            ("Torque Enable", "Hardware Error Status")
            if status
            else ("Present Input Voltage", "Present Temperature")
        )
        address = registers[first].address
        data = self._bus.read_block(axis.wiring.servo_id, address, registers[last].end - address)
        if status:
            axis.take_status(data)
        else:
            axis.take_environment(data)
