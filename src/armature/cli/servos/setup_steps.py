"""What setting up one servo and setting up a whole arm have in common."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from armature.cli.servos.wiring import WiredArm
from armature.cli.terminal import say
from armature.dynamixel.commissioning.commissioning import FACTORY_ID, FACTORY_RATE, Commissioning, Presence
from armature.dynamixel.commissioning.settings import Setting
from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.serial_port import SerialPort
from armature.dynamixel.wiring.arm import ServoWiring
from armature.errors import MuteServo

_LATENCY = 0.016  # [s]; the default of FTDI adapters


def commissioning_of(wired: WiredArm, servo: ServoWiring, port: str) -> Commissioning:
    """What sets up a servo at a port."""

    @contextmanager
    def open_bus(baud_rate: int) -> Iterator[ServoBus]:
        bus = ServoBus(SerialPort(port, baud_rate, _LATENCY))
        bus.open()
        try:
            yield bus
        finally:
            bus.close()

    return Commissioning(servo, wired.wiring.baud_rate(servo), wired.arm.limit(servo.joint), open_bus)


def compare(options: argparse.Namespace, commissioning: Commissioning, presence: Presence) -> tuple[Setting, ...]:
    """What a servo holds and shall hold; one that answers pings alone is made to answer, unless on a dry run.

    Raises:
        CommandRefused, BusError: see Commissioning.compare().
    """
    try:
        return commissioning.compare(presence)
    except MuteServo:
        if options.dry_run:
            raise
        commissioning.wake(presence)
        say("it answered pings and nothing else; now it answers everything, until its power goes off")
        return commissioning.compare(presence)


def owner_of(wired: WiredArm, servo: ServoWiring, presence: Presence, port: str) -> str:
    """That a servo is another joint's already, in words; empty where it is not.

    Args:
        wired: the arm.
        servo: which it shall become.
        presence: where it is.
        port: on which.
    """
    found, rate = presence.found, presence.baud_rate
    for other in wired.wiring.all_servos:
        here = other.servo_id == found.servo_id and wired.wiring.baud_rate(other) == rate
        if other.name == servo.name or not here or other.model.number != found.model_number:
            continue
        settings = commissioning_of(wired, other, port).compare(presence)
        is_set_up = not any(setting.differs for setting in settings)
        if (found.servo_id, rate) == (FACTORY_ID, FACTORY_RATE) and not is_set_up:
            return ""  # that is every new servo's address
        more = " and is set up as the wiring file says" if is_set_up else ""
        return f"this {found.model} is that of {other.name}: it has id {found.servo_id} at {rate} bit/s{more}"
    return ""


def print_write(setting: Setting) -> None:
    """Say that a register was written."""
    say(f"wrote {setting.register} := {setting.wanted}")


def value(setting: Setting, raw: int) -> str:
    """A value as a person reads it."""
    words = setting.meaning(raw)
    return f"{raw} ({words})" if words else str(raw)
