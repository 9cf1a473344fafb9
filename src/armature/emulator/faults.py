"""Faults by name, injected into an emulated bus and taken away again while it runs.

    bus.faults.inject(Silence("elbow"))                    # until it is cleared
    bus.faults.inject(Drop(probability=0.01, seed=1))      # of all servos
    bus.faults.inject(make("voltage_dip", "waist", {"voltage": "8.5"}), seconds=0.5)
    bus.faults.clear("silence")                            # all of that name
    bus.faults.clear()                                     # all
    with bus.faults.injected(StuckJoint("elbow")): ...

Time is the plant's: a fault with a duration ends when so much of it has passed. Chance is seeded, so that the same
fault on the same traffic strikes the same packets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from armature.emulator.bus_faults import DuplicateId, SlowBus, Unplug
from armature.emulator.fault import Fault, Undo, describe, parameters
from armature.emulator.servo_faults import (
    BrownOut,
    ElectricalShock,
    EncoderError,
    Overheat,
    Overload,
    Payload,
    Place,
    Push,
    Reset,
    Silence,
    Slip,
    StuckJoint,
    VoltageDip,
    Wall,
)
from armature.emulator.wire_faults import Corrupt, CorruptRequests, Delay, Drop, Ignore, Late, Noise, Stale
from armature.errors import ConfigError

if TYPE_CHECKING:
    from armature.emulator.bus import EmulatedBus

__all__ = [
    "FAULTS",
    "BrownOut",
    "Corrupt",
    "CorruptRequests",
    "Delay",
    "Drop",
    "DuplicateId",
    "ElectricalShock",
    "EncoderError",
    "Fault",
    "FaultBoard",
    "Ignore",
    "Late",
    "Noise",
    "Overheat",
    "Overload",
    "Payload",
    "Place",
    "Push",
    "Reset",
    "Silence",
    "Slip",
    "SlowBus",
    "Stale",
    "StuckJoint",
    "Unplug",
    "VoltageDip",
    "Wall",
    "describe",
    "make",
]

_KINDS: tuple[type[Fault], ...] = (
    *(Drop, Ignore, Delay, Corrupt, CorruptRequests, Noise, Late, Stale, DuplicateId, SlowBus, Unplug),
    *(Silence, VoltageDip, BrownOut, Reset, Overload, EncoderError, ElectricalShock, Overheat),
    *(Slip, StuckJoint, Wall, Payload, Push, Place),
)
FAULTS: Mapping[str, type[Fault]] = {kind.name: kind for kind in _KINDS}


def make(name: str, joint: str | None = None, values: Mapping[str, str] | None = None) -> Fault:
    """Build a fault from text, as the command line has it.

    Args:
        name: of the fault.
        joint: whose servo; None for all.
        values: its parameters by name, as text; those left out keep their defaults.

    Raises:
        ConfigError: unknown fault or parameter, or a value that is no number or outside its bounds.
    """
    if name not in FAULTS:
        raise ConfigError("fault", name, f"faults are {', '.join(FAULTS)}")
    kind = FAULTS[name]
    known = {item.name: item for item in parameters(kind)}
    numbers: dict[str, float] = {}
    for key, text in (values or {}).items():
        if key not in known:
            allowed = f"it takes {', '.join(known)}" if known else "it takes no parameters"
            raise ConfigError(f"fault {name}: parameter", key, allowed)
        numbers[key] = _number(f"fault {name}: {key}", text, isinstance(known[key].default, int))
    return kind(joint, **numbers)


def _number(where: str, text: str, whole: bool) -> float:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        raise ConfigError(where, text, "a whole number is needed" if whole else "a number is needed") from None


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

    def pass_time(self, now: float) -> None:
        """End faults whose time has come [s]."""
        if self._injected:
            self._end(lambda item: item.ends <= now)

    def _end(self, chosen: Callable[[_Injected], bool]) -> tuple[Fault, ...]:
        ended = [item for item in self._injected if chosen(item)]
        for item in reversed(ended):  # the last one first, so that each finds what it changed
            self._injected.remove(item)
            item.undo()
        return tuple(item.fault for item in ended)
