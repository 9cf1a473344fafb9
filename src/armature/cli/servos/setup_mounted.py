"""Setting up the servos of an assembled arm, which have their ids: what differs is shown, asked for, written."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from armature.cli.servos.setup_steps import commissioning_of, print_write, value
from armature.cli.servos.wiring import WiredArm
from armature.cli.terminal import confirm, say, table
from armature.dynamixel.commissioning.commissioning import Commissioning, Presence
from armature.dynamixel.commissioning.settings import Setting
from armature.dynamixel.protocol.discovery import FoundServo
from armature.dynamixel.wiring.arm import ServoWiring
from armature.errors import ArmatureError, MuteServo, PortError


@dataclass(frozen=True)
class _Mounted:
    """A servo that answers where the wiring file says, and what its registers shall hold."""

    servo: ServoWiring
    commissioning: Commissioning
    presence: Presence
    settings: tuple[Setting, ...]

    @property
    def differing(self) -> list[Setting]:
        """What would be written."""
        return [setting for setting in self.settings if setting.differs]


def set_up_mounted(
    options: argparse.Namespace, wired: WiredArm, servos: Sequence[ServoWiring], ports: Mapping[str, str]
) -> int:
    """Compare servos of an assembled arm, show what differs, ask, write. 1 if one of them is not set up then."""
    found = [item for servo in servos if (item := _look(options, wired, servo, ports[servo.bus])) is not None]
    lines = _lines(found)
    if lines and not options.json:
        print("\n".join(lines), flush=True)
    count = sum(len(item.differing) for item in found)
    is_to_write = bool(count) and not options.dry_run
    if is_to_write and not options.yes and not confirm(f"Write {count} registers to the EEPROM of these servos?"):
        say("nothing was written")
        return 1
    for item in found if is_to_write else ():
        if item.differing:
            say(f"{item.servo.name}:")
            item.commissioning.write(item.presence, item.settings, print_write, is_mounted=True)
    _report(options, found, count if is_to_write else 0)
    return 0 if len(found) == len(servos) else 1


def _look(options: argparse.Namespace, wired: WiredArm, servo: ServoWiring, port: str) -> _Mounted | None:
    """What a servo holds; None where it cannot be set up, which is told.

    Raises:
        PortError: the port cannot be used.
    """
    commissioning = commissioning_of(wired, servo, port)
    try:
        try:
            presence, settings = commissioning.compare_mounted()
        except MuteServo:
            if options.dry_run:
                raise
            rate = wired.wiring.baud_rate(servo)
            commissioning.wake(Presence(rate, FoundServo(servo.servo_id, servo.model.number, 0)))
            say(f"{servo.name}: it answered pings and nothing else; now it answers everything")
            presence, settings = commissioning.compare_mounted()
    except PortError:
        raise
    except ArmatureError as error:
        say(f"error: {servo.name}: {error}")
        return None
    return _Mounted(servo, commissioning, presence, settings)


def _lines(found: Sequence[_Mounted]) -> list[str]:
    rows = [
        (item.servo.name, setting.register, value(setting, setting.now), value(setting, setting.wanted))
        for item in found
        for setting in item.differing
    ]
    return table([("servo", "register", "now", "will be"), *rows]) if rows else []


def _report(options: argparse.Namespace, found: Sequence[_Mounted], written: int) -> None:
    if options.json:
        listed = [
            {
                "joint": item.servo.name,
                "settings": [{"register": s.register, "now": s.now, "wanted": s.wanted} for s in item.settings],
                "written": len(item.differing) if written else 0,
            }
            for item in found
        ]
        print(json.dumps(listed, ensure_ascii=False))
    elif written:
        print(f"{written} registers written and read back", flush=True)
    elif any(item.differing for item in found):
        print("--dry-run: nothing was written", flush=True)
    elif found:
        print(f"{', '.join(item.servo.name for item in found)}: set up as the wiring file says", flush=True)
