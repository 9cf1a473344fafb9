"""Faults by name, injected into an emulated bus and taken away again while it runs.

    board.inject(Silence("elbow"))                    # until it is cleared
    board.inject(Drop(probability=0.01, seed=1))      # of all servos
    board.inject(make("voltage_dip", "waist", {"voltage": "8.5"}), seconds=0.5)
    board.clear("silence")                            # all of that name
    board.clear()                                     # all
    with board.injected(StuckJoint("elbow")): ...

Time is the plant's: a fault with a duration ends when so much of it has passed. Chance is seeded, so that the same
fault on the same traffic strikes the same packets.
"""

from __future__ import annotations

from collections.abc import Mapping

from armature.emulator.faults.bus import DuplicateId, SlowBus, Unplug
from armature.emulator.faults.fault import Fault, describe, parameters
from armature.emulator.faults.servo import (
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
from armature.emulator.faults.wire import Corrupt, CorruptRequests, Delay, Drop, Ignore, Late, Noise, Stale
from armature.errors import ConfigError, listed

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
        raise ConfigError("fault", name, listed("faults", FAULTS))
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
