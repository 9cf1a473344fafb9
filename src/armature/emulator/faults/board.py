"""Faults that are injected into an emulated bus, and taken away again while it runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.faults.fault import Fault, Undo
from armature.errors import ConfigError


@dataclass(frozen=True)
class _Injected:
    """A fault that is there now."""

    fault: Fault
    undo: Undo
    ends: float  # [s] of the plant's time


class FaultBoard:
    """The faults of one bus."""

    def __init__(self, bus: EmulatedBus) -> None:
        self._bus = bus
        self._injected: list[_Injected] = []
        bus.on_time(self._end_expired)

    @property
    def active(self) -> tuple[Fault, ...]:
        """Faults that are there now, in the order in which they came."""
        return tuple(item.fault for item in self._injected)

    def remaining(self, fault: Fault) -> float:
        """How long an active fault lasts yet [s]; infinity until it is cleared."""
        return next(item.ends for item in self._injected if item.fault is fault) - self._bus.time

    def inject(self, fault: Fault, seconds: float = math.inf) -> None:
        """Bring a fault about; it takes the place of one of the same name and joint.

        Args:
            fault: which.
            seconds: after which it goes again [s], in the plant's time.

        Raises:
            ConfigError: the bus has no such joint, its plant cannot do this, or the time is not positive.
        """
        if not seconds > 0.0:
            raise ConfigError(f"fault {fault.name}: seconds", seconds, "it takes more than 0 s")
        self._end(lambda item: (item.fault.name, item.fault.joint) == (fault.name, fault.joint))
        undo = fault.apply(self._bus)
        if undo is not None:
            self._injected.append(_Injected(fault, undo, self._bus.time + seconds))

    def clear(self, which: str | Fault | None = None) -> tuple[Fault, ...]:
        """Take faults away: one, all of a name, or all.

        Returns:
            Those taken away.
        """
        return self._end(lambda item: which is None or item.fault is which or item.fault.name == which)

    @contextmanager
    def injected(self, fault: Fault) -> Iterator[None]:
        """Have a fault for the length of a with statement."""
        self.inject(fault)
        try:
            yield
        finally:
            self.clear(fault)

    def _end_expired(self, now: float) -> None:
        """End faults whose time has come [s]."""
        if self._injected:
            self._end(lambda item: item.ends <= now)

    def _end(self, chosen: Callable[[_Injected], bool]) -> tuple[Fault, ...]:
        ended = [item for item in self._injected if chosen(item)]
        for item in reversed(ended):  # the last one first, so that each finds what it changed
            self._injected.remove(item)
            item.undo()
        return tuple(item.fault for item in ended)
