"""Setting up the servos of an assembled arm, which have their ids: what differs is shown, asked for, written."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence

from armature.cli.servos.setup_steps import Compared, compare, may_write, print_write, value
from armature.cli.servos.wiring import WiredArm
from armature.cli.terminal import say, table
from armature.dynamixel.wiring.arm import ServoWiring
from armature.errors import ArmatureError, PortError


def set_up_mounted(
    options: argparse.Namespace, wired: WiredArm, servos: Sequence[ServoWiring], ports: Mapping[str, str]
) -> int:
    """Compare servos of an assembled arm, show what differs, ask, write. 1 if one of them is not set up then."""
    found = [item for servo in servos if (item := _look(options, wired, servo, ports[servo.bus])) is not None]
    lines = _lines(found)
    if lines and not options.json:
        print("\n".join(lines), flush=True)
    count = sum(len(item.differing) for item in found)
    is_to_write = may_write(options, count, "the EEPROM of these servos")
    if is_to_write is None:
        say("nothing was written")
        return 1
    for item in found if is_to_write else ():
        if item.differing:
            say(f"{item.servo.name}:")
            item.commissioning.write(item.presence, item.settings, print_write, is_mounted=True)
    _report(options, found, count if is_to_write else 0)
    return 0 if len(found) == len(servos) else 1


def _look(options: argparse.Namespace, wired: WiredArm, servo: ServoWiring, port: str) -> Compared | None:
    """What a servo holds; None where it cannot be set up, which is told.

    Raises:
        PortError: the port cannot be used.
    """
    try:
        return compare(options, wired, servo, port)
    except PortError:
        raise
    except ArmatureError as error:
        say(f"error: {servo.name}: {error}")
        return None


def _lines(found: Sequence[Compared]) -> list[str]:
    rows = [
        (item.servo.name, setting.register, value(setting, setting.now), value(setting, setting.wanted))
        for item in found
        for setting in item.differing
    ]
    return table([("servo", "register", "now", "will be"), *rows]) if rows else []


def _report(options: argparse.Namespace, found: Sequence[Compared], written: int) -> None:
    if options.json:
        listed = [item.fields(len(item.differing) if written else 0) for item in found]
        print(json.dumps(listed, ensure_ascii=False))
    elif written:
        print(f"{written} registers written and read back", flush=True)
    elif any(item.differing for item in found):
        print("--dry-run: nothing was written", flush=True)
    elif found:
        print(f"{', '.join(item.servo.name for item in found)}: set up as the wiring file says", flush=True)
