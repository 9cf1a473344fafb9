"""What setting up one servo and setting up a whole arm have in common."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from armature.cli.servos.wiring import WiredArm
from armature.cli.terminal import confirm, say
from armature.dynamixel.commissioning.commissioning import FACTORY_ID, FACTORY_RATE, Commissioning, Presence
from armature.dynamixel.commissioning.settings import Setting
from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.discovery import FoundServo
from armature.dynamixel.protocol.port import LATENCY
from armature.dynamixel.protocol.serial_port import SerialPort
from armature.dynamixel.wiring.arm import ServoWiring
from armature.errors import MuteServo


def commissioning_of(wired: WiredArm, servo: ServoWiring, port: str) -> Commissioning:
    """What sets up a servo at a port."""

    @contextmanager
    def open_bus(baud_rate: int) -> Iterator[ServoBus]:
        bus = ServoBus(SerialPort(port, baud_rate, LATENCY))
        bus.open()
        try:
            yield bus
        finally:
            bus.close()

    return Commissioning(servo, wired.wiring.baud_rate(servo), wired.arm.limit(servo.joint), open_bus)


@dataclass(frozen=True)
class Compared:
    """A servo that answers, and what its registers hold and shall hold."""

    servo: ServoWiring
    commissioning: Commissioning
    presence: Presence
    settings: tuple[Setting, ...]

    @property
    def differing(self) -> list[Setting]:
        """What would be written."""
        return [setting for setting in self.settings if setting.differs]

    def fields(self, written: int) -> dict[str, Any]:
        """For a program; with how many registers were written."""
        listed = [{"register": s.register, "now": s.now, "wanted": s.wanted} for s in self.settings]
        return {"joint": self.servo.name, "settings": listed, "written": written}


def may_write(options: argparse.Namespace, count: int, whose: str) -> bool | None:
    """Whether registers shall be written; None where the person declines.

    Args:
        options: whether it is a dry run, and whether to ask.
        count: of registers that differ.
        whose: EEPROM it is.
    """
    if not count or options.dry_run:
        return False
    return options.yes or confirm(f"Write {count} registers to {whose}?") or None


def compare(
    options: argparse.Namespace, wired: WiredArm, servo: ServoWiring, port: str, presence: Presence | None = None
) -> Compared:
    """What a servo holds and shall hold; one that answers pings alone is made to answer, unless on a dry run.

    Args:
        options: whether it is a dry run.
        wired: the arm.
        servo: as the wiring file has it.
        port: on which.
        presence: where it is alone; by default it is one of an assembled arm, beside others.

    Raises:
        CommandRefused, BusError: see Commissioning.compare() and compare_mounted().
    """
    commissioning = commissioning_of(wired, servo, port)

    def look() -> Compared:
        if presence is None:
            return Compared(servo, commissioning, *commissioning.compare_mounted())
        return Compared(servo, commissioning, presence, commissioning.compare(presence))

    try:
        return look()
    except MuteServo:
        if options.dry_run:
            raise
    found = FoundServo(servo.servo_id, servo.model.number, 0)
    commissioning.wake(presence or Presence(wired.wiring.baud_rate(servo), found))
    say(f"{servo.name}: it answered pings and nothing else; now it answers everything, until its power goes off")
    return look()


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
