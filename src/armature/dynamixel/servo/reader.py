"""What is read in a cycle: every servo's state, and slow values of one in turn; a silent one is pinged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import cycle, product, zip_longest

from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.servo.axis import ENVIRONMENT, STATUS, Axis
from armature.dynamixel.servo.eeprom import PROTECTION_ROLES, Protection
from armature.dynamixel.servo.registers import with_retries
from armature.dynamixel.servo.state_group import StateGroup
from armature.dynamixel.tables.roles import Role
from armature.errors import CorruptPacket, ServoRefused, ServoTimeout

_UNREAD = (ServoTimeout, CorruptPacket, ServoRefused)
# How many turns in a row a late cycle may leave out: so the seven servos of an arm at 100 Hz have all had theirs
# within 0.6 s, and a fault without an alert is named within a second.
_MAX_SKIPPED_TURNS = 3


class Reader:
    """Reads servos into axes; what could not be read is marked so."""

    def __init__(self, bus: Bus, axes: Mapping[str, Axis], max_missed_reads: int) -> None:
        """Args: the bus, axes by servo, and after how many missed cycles a servo counts as missing."""
        self._bus = bus
        self._axes = list(axes.values())
        self._by_id = {axis.wiring.servo_id: axis for axis in self._axes}
        self._max_missed_reads = max_missed_reads
        self._rounds = _rounds(bus, self._axes, max_missed_reads)
        self._groups = [group for together in self._rounds for group in together]
        self._turns = cycle(product((STATUS, ENVIRONMENT), self._axes))
        self._saw_alert = False
        self._skipped_turns = 0

    @property
    def instruction(self) -> str:
        """By which instruction states are read, and why, for people."""
        texts = (f"{'Fast Sync Read' if g.is_fast else 'Sync Read'} ({g.reason})" for g in self._groups)
        return "; ".join(dict.fromkeys(texts))

    def is_missing(self, axis: Axis) -> bool:
        """Whether a servo has not answered for too many cycles."""
        return axis.misses >= self._max_missed_reads

    def mark_missing(self, axis: Axis) -> None:
        """Count a servo as missing until it answers a ping, for example while it restarts."""
        axis.mark_silent()
        axis.misses = self._max_missed_reads

    def read_states(self, now: float) -> None:
        """Read position, velocity and current or load of all servos that are not missing.

        Raises:
            PortError: no port is left.
        """
        if not self._bus.is_whole:
            self._mark_servos_of_closed_ports()
        for together in self._rounds:
            for take in [group.request(now) for group in together]:
                take()
        for axis in self._axes:
            if self.is_missing(axis):
                axis.mark_silent()

    def read_slow_values(self, now: float, *, is_late: bool = False) -> None:
        """One more request: of a servo that shows an alert, or whose turn it is; a missing one is pinged.

        A ping is not waited for, so that it costs no time: a servo that answers by the next cycle is read then.

        Args:
            now: [s].
            is_late: whether time is to be made up: then turns wait, though never long.

        Raises:
            PortError: the port is gone.
        """
        for servo_id, number in self._bus.collect_ping_answers().items():
            self._rejoin(self._by_id[servo_id], number, now)
        alerted = None if self._saw_alert else self._find_alert()
        self._saw_alert = alerted is not None  # every other time at most, so that the others have their turns
        if alerted is not None:
            self._try(lambda: self._read(alerted, STATUS, now))
            return
        if is_late and self._skipped_turns < _MAX_SKIPPED_TURNS:
            self._skipped_turns += 1
            return
        self._skipped_turns = 0
        block, axis = next(self._turns)
        if not axis.misses:  # else it would cost a second time-out in this cycle
            self._try(lambda: self._read(axis, block, now))
        elif self.is_missing(axis) and block == STATUS:
            self._bus.send_ping(axis.wiring.servo_id)

    def read_all(self, now: float) -> None:
        """Read everything of every servo that is not missing, at start, and choose how to read states from now on.

        Raises:
            BusError: a servo did not answer.
        """
        present = [axis for axis in self._axes if not self.is_missing(axis)]
        for axis in present:
            with_retries(partial(self._read_constants, axis))
        for group in self._groups:
            group.is_fast = False  # until the firmware is known
        with_retries(partial(self._read_states_of, present, now))
        for axis in present:
            with_retries(partial(self._read, axis, STATUS, now))
            with_retries(partial(self._read, axis, ENVIRONMENT, now))
        for group in self._groups:
            group.choose_instruction()

    def _mark_servos_of_closed_ports(self) -> None:
        """Servos whose port is gone are missing at once, not after so many cycles."""
        for axis in self._axes:
            if not self.is_missing(axis) and self._bus.disconnect_reason(axis.wiring.servo_id):
                self.mark_missing(axis)

    def _read_states_of(self, present: Iterable[Axis], now: float) -> None:
        self.read_states(now)
        silent = [axis.wiring.servo_id for axis in present if axis.misses]
        if silent:
            raise ServoTimeout(silent, "sync read")

    def _find_alert(self) -> Axis | None:
        alerted = (axis for axis in self._axes if axis.alert and not axis.hardware_error and not axis.misses)
        return next(alerted, None)

    def _rejoin(self, axis: Axis, model_number: int, now: float) -> None:
        """Let a missing servo that has answered a ping join the others again once all of it has been read.

        Its constants too: it may have been absent from the start, or another one may have taken its place.
        """
        axis.foreign_model = 0 if model_number == axis.wiring.model.number else model_number
        if axis.foreign_model:
            return
        servo_id = axis.wiring.servo_id
        answer = self._bus.sync_read([servo_id], *axis.block).get(servo_id)
        if answer is not None and self._try(lambda: self._read_all_of(axis, now)):
            axis.update(answer, now)
            for group in self._groups:
                group.update_instruction()

    def _read_all_of(self, axis: Axis, now: float) -> None:
        self._read_constants(axis)
        self._read(axis, STATUS, now)

    @staticmethod
    def _try(read: Callable[[], None]) -> bool:
        try:
            read()
        except _UNREAD:
            return False  # the bus has counted it; the turn comes again
        return True

    def _read(self, axis: Axis, roles: tuple[Role, ...], now: float) -> None:
        values = self._values(axis, roles)
        if roles == STATUS:
            axis.update_status(values, now)
        else:
            axis.update_environment(values, now)

    def _values(self, axis: Axis, roles: tuple[Role, ...]) -> Mapping[Role, int]:
        """Raw values of what a servo has of these, by one request."""
        block = axis.wiring.model.block(roles)
        if block is None:
            return {}
        return block.values(self._bus.read_block(axis.wiring.servo_id, block.address, block.length))

    def _read_constants(self, axis: Axis) -> None:
        model = axis.wiring.model
        axis.protection = Protection.of(model, self._values(axis, PROTECTION_ROLES))
        if model.has(Role.RETURN_DELAY):  # the bus waits no longer than that
            self._bus.read(axis.wiring.servo_id, model[Role.RETURN_DELAY])


def _rounds(bus: Bus, axes: Iterable[Axis], max_missed_reads: int) -> list[list[StateGroup]]:
    """Servos whose state stands at the same addresses on the same port, by the rounds in which they are read."""
    groups: dict[str, dict[tuple[int, int], list[Axis]]] = {}
    for axis in axes:
        groups.setdefault(axis.wiring.bus, {}).setdefault(axis.block, []).append(axis)
    queues = [[StateGroup(bus, own, max_missed_reads) for own in blocks.values()] for blocks in groups.values()]
    return [[group for group in together if group is not None] for together in zip_longest(*queues)]
