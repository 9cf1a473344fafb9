"""Who is on the bus, against who should be."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.tables.registry import model_name
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import ServoWiring
from armature.errors import BusMismatch, CorruptPacket, MuteServo, ServoTimeout

_MORE_TRIES = 2
ANSWERS_ALL = 2
"""The level by which a servo answers every request; with 0 it answers pings alone (e-Manual, address 68)."""


def check_presence(bus: Bus, servos: Iterable[ServoWiring], *, allow_missing: bool = False) -> list[int]:
    """Ping every servo of the wiring.

    Args:
        bus: open.
        servos: those that should be there.
        allow_missing: whether some, but not all, may be missing.

    Returns:
        Ids of those that are missing.

    Raises:
        BusMismatch: one is of another model or missing, with all that were expected and found.
        PortError: the port is gone.
    """
    wanted = {servo.servo_id: servo.model for servo in servos}
    found = ping_each(bus, wanted)
    for _ in range(_MORE_TRIES if found else 0):  # one lost answer is no missing servo; silence of all is no loss
        found |= ping_each(bus, [servo_id for servo_id in wanted if servo_id not in found])
    missing = [servo_id for servo_id in wanted if servo_id not in found]
    wrong = [servo_id for servo_id, number in found.items() if number != wanted[servo_id].number]
    if wrong or not found or (missing and not allow_missing):
        raise BusMismatch(
            bus.path,
            [f"id {servo_id} {model.name}" for servo_id, model in wanted.items()],
            [f"id {servo_id} {model_name(number)}" for servo_id, number in found.items()],
        )
    return missing


def mute_servo(request: str, servo: ServoWiring) -> MuteServo:
    """Why a servo that answers pings and nothing else cannot be used."""
    return MuteServo(request, servo.servo_id, servo.name, servo.model.name_of(Role.STATUS_RETURN_LEVEL))


def ping_each(bus: Bus, ids: Iterable[int]) -> dict[int, int]:
    """Model numbers of those servos that answer a ping.

    Raises:
        PortError: no port is left.
    """
    models: dict[int, int] = {}
    for servo_id in ids:
        with suppress(ServoTimeout, CorruptPacket):
            models[servo_id] = bus.ping(servo_id)
    return models
