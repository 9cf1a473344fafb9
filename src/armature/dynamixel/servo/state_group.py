"""Servos whose state stands at the same addresses: read in one request in each cycle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from armature.dynamixel.protocol.base import Bus, ReadAnswer
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.tables.roles import Feature

_FALLBACK_AFTER = 2  # failures of Fast Sync Read in a row; one may be a disturbance that ended just then


class StateGroup:
    """The present state of some servos.

    A servo waits for the one before it, so those behind a silent one do not answer either: after one miss it is
    put last, and costs a time-out but no other servo. Once it has missed as often as allowed it is asked no more.
    """

    def __init__(self, bus: Bus, axes: Iterable[Axis], max_missed_reads: int) -> None:
        """Args: the bus, servos with equal blocks, and after how many missed cycles a servo counts as missing."""
        self.is_fast = False
        self.reason = "not chosen yet"  # for the instruction in use, for people
        self._bus = bus
        self._axes = list(axes)  # in the order in which they answer
        self._block = self._axes[0].block
        self._max_missed_reads = max_missed_reads
        self._has_fallen_back = False
        self._fast_read_failures = 0  # how often, in a row, Sync Read was answered where Fast Sync Read was not

    def update_instruction(self) -> None:
        """Choose again where a servo has come, whose firmware was not known before, or is another now."""
        if not self._has_fallen_back:
            self.choose_instruction()

    def choose_instruction(self) -> None:
        """Use Fast Sync Read if every servo knows it, as far as their firmware was read."""
        self._has_fallen_back = False
        known = [axis for axis in self._axes if axis.firmware]
        lacking = [axis for axis in known if not axis.wiring.model.supports(Feature.FAST_READ, axis.firmware)]
        self.is_fast = bool(known) and not lacking
        self._fast_read_failures = 0
        self.reason = "every servo knows it" if known else "no firmware is known"
        if lacking:
            names = (f"{axis.wiring.model.name} firmware {axis.firmware}" for axis in lacking)
            self.reason = f"no Fast Sync Read in {', '.join(sorted(set(names)))}"

    def request(self, now: float) -> Callable[[], None]:
        """Ask the servos that are not missing.

        Returns:
            What awaits their answers, and marks those that do not answer; to be called next on their port.

        Raises:
            PortError: no port is left; so does what is returned.
        """
        last_chance = self._max_missed_reads - 1
        if not self.is_fast:
            return self._request([axis for axis in self._axes if axis.misses <= last_chance], now)
        doubtful = [axis for axis in self._axes if axis.misses == last_chance]
        take = self._request([axis for axis in self._axes if axis.misses < last_chance], now, fast=True)
        if not doubtful:
            return take

        def take_both() -> None:
            take()
            self._retry_with_sync_read(doubtful, now)

        return take_both

    def _retry_with_sync_read(self, axes: Sequence[Axis], now: float) -> None:
        """Before a servo counts as missing: does it answer Sync Read, though not Fast Sync Read?"""
        self._request(axes, now)()
        answering = sorted(axis.wiring.servo_id for axis in axes if not axis.misses)
        self._fast_read_failures += bool(answering)
        if self._fast_read_failures == _FALLBACK_AFTER:
            self.is_fast, self._has_fallen_back = False, True
            ids, vain = ", ".join(map(str, answering)), self._max_missed_reads - 1
            why = f"{_FALLBACK_AFTER} times id {ids} answered Sync Read after {vain} Fast Sync Reads in vain"
            self.reason = f"fell back: {why}"

    def _request(self, axes: Sequence[Axis], now: float, *, fast: bool = False) -> Callable[[], None]:
        if not axes:
            return lambda: None
        ids = [axis.wiring.servo_id for axis in axes]
        collect = self._bus.start_sync_read(ids, *self._block, fast=fast)
        return lambda: self._update(axes, collect(), now, fast=fast)

    def _update(self, axes: Sequence[Axis], answers: Mapping[int, ReadAnswer], now: float, *, fast: bool) -> None:
        first_silent = None
        for axis in axes:
            answer = answers.get(axis.wiring.servo_id)
            if answer is not None:
                axis.update(answer, now)
            else:
                axis.mark_missed()
                first_silent = first_silent or axis
        if first_silent is not None:
            self._axes.remove(first_silent)
            self._axes.append(first_silent)
        elif fast:
            self._fast_read_failures = 0
