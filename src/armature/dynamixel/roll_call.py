"""Who is on the bus, against who should be."""

from __future__ import annotations

from collections.abc import Iterable

from armature.dynamixel.bus import ServoBus
from armature.dynamixel.control_table import servo_model_by_number
from armature.dynamixel.wiring import ServoWiring
from armature.errors import BusMismatch, ConfigError


def call_roll(bus: ServoBus, servos: Iterable[ServoWiring]) -> None:
    """Ping every servo of the wiring.

    Raises:
        BusMismatch: one is missing or of another model, with all that were expected and found.
        PortError: the port is gone.
    """
    wanted = {servo.servo_id: servo.model for servo in servos}
    found = bus.found(wanted)
    if found != {servo_id: model.number for servo_id, model in wanted.items()}:
        raise BusMismatch(
            bus.path,
            [f"id {servo_id} {model.name}" for servo_id, model in wanted.items()],
            [f"id {servo_id} {_model_name(number)}" for servo_id, number in found.items()],
        )


def _model_name(number: int) -> str:
    try:
        return servo_model_by_number(number).name
    except ConfigError:
        return f"model number {number}"
