"""The command that configures servos as the wiring file says; nothing moves."""

from __future__ import annotations

import argparse
import json

from armature.cli.arguments import add_json, add_port, add_robot
from armature.cli.servos.port import chosen_port, chosen_ports
from armature.cli.servos.scan import survey_rates
from armature.cli.servos.setup_mounted import set_up_mounted
from armature.cli.servos.setup_steps import Compared, compare, may_write, owner_of, print_write, value
from armature.cli.servos.wiring import WiredArm, announce, wired_arm
from armature.cli.terminal import QUIT, ask, confirm, require_person, say, table
from armature.dynamixel.commissioning.commissioning import FACTORY_RATE, Presence, only_servo
from armature.dynamixel.commissioning.settings import Setting
from armature.dynamixel.tables.registry import baud_rates
from armature.dynamixel.wiring.arm import ServoWiring
from armature.errors import ArmatureError, CommandRefused, ConfigError

_SKIP = "s"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which servo, and whether to ask."""
    joint_help = "default: all, one after the other"
    parser.add_argument("joint", metavar="JOINT", nargs="?", default="", help=joint_help)
    apply_help = "servos that are mounted and have their ids: write what differs"
    parser.add_argument("--apply", action="store_true", help=apply_help)
    dry_help = "show what would be written, write nothing; without a JOINT of all mounted servos"
    parser.add_argument("--dry-run", action="store_true", help=dry_help)
    parser.add_argument("--yes", action="store_true", help="write without asking")
    add_robot(parser)
    add_port(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Set up one servo, all of them in turn, or those of an assembled arm."""
    is_mounted = options.apply or (options.dry_run and not options.joint)
    _check_use(options, is_mounted)
    wired = wired_arm(options)
    servo = wired.servo(options.joint) if options.joint else None
    try:
        if is_mounted:
            ports = chosen_ports(options.port, wired.wiring.buses)
            announce(options, wired.robot, ports, wired.wiring.buses)
            return set_up_mounted(options, wired, [servo] if servo else wired.wiring.all_servos, ports)
        port = chosen_port(options.port)
        announce(options, wired.robot, dict.fromkeys(wired.wiring.buses, port), wired.wiring.buses)
        if servo is not None:
            return _set_up(options, wired, servo, port)
        return _set_up_all(options, wired, port)
    except KeyboardInterrupt:
        say()
        remedy = "what was written stays; run it again to continue"
        raise CommandRefused("setup", "interrupted", remedy) from None


def _check_use(options: argparse.Namespace, is_mounted: bool) -> None:
    """Refuse a use that needs a person if there is none, before anything is done."""
    if options.json and not ((options.joint or is_mounted) and (options.yes or options.dry_run)):
        raise ConfigError("--json", True, "it asks nothing: name a JOINT, and --yes or --dry-run")
    if not (options.joint or is_mounted):
        require_person("setup of all joints", "name a JOINT, or --apply for servos that are mounted")
    if not (options.yes or options.dry_run):
        require_person("setup", "add --yes to write without asking, or --dry-run to write nothing")


def _set_up_all(options: argparse.Namespace, wired: WiredArm, port: str) -> int:
    """Set up all joints in turn; one that fails may be tried again. 0 if every servo is set up."""
    missing = [servo.name for servo in wired.wiring.all_servos]
    for servo in wired.wiring.all_servos:
        prompt = f"{servo.name}: connect its {servo.model.name} and no other"
        while (chosen := ask(f"{prompt}, then press Enter (s skips it, q ends)")) not in (_SKIP, QUIT):
            try:
                code = _set_up(options, wired, servo, port)
            except ArmatureError as error:
                say(f"error: {error}")
                continue
            if code == 0:
                missing.remove(servo.name)
                break
        if chosen == QUIT:
            break
    if missing:
        say(f"not set up: {', '.join(missing)}")
    return 1 if missing else 0


def _set_up(options: argparse.Namespace, wired: WiredArm, servo: ServoWiring, port: str) -> int:
    """Find the servo, show what would change, ask, write. 1 if the person declines."""
    presence = only_servo(survey_rates(port, _rates(wired.wiring.baud_rate(servo))))
    found = compare(options, wired, servo, port, presence)
    if not _is_the_right_one(options, wired, servo, presence, port):
        say(f"{servo.name}: nothing was written; connect its own servo and no other")
        return 1
    if not options.json:
        print("\n".join(_lines(found)), flush=True)
    is_to_write = may_write(options, len(found.differing), "its EEPROM")
    if is_to_write is None:
        say(f"{servo.name}: nothing was written")
        return 1
    written = found.commissioning.write(presence, found.settings, print_write) if is_to_write else 0
    _report(options, found, written)
    return 0


def _is_the_right_one(
    options: argparse.Namespace, wired: WiredArm, servo: ServoWiring, presence: Presence, port: str
) -> bool:
    """Whether a servo may become this joint's: one that is another joint's already only after a question.

    Raises:
        CommandRefused: it is another joint's, and nobody can be asked.
    """
    owner = owner_of(wired, servo, presence, port)
    if not owner:
        return True
    if options.dry_run:
        say(f"warning: {owner}")
        return True
    if options.yes:
        remedy = f"connect the servo of {servo.name} and no other; at a terminal you are asked whether it is meant"
        raise CommandRefused("setup", owner, remedy)
    return confirm(f"{owner}. Make it that of {servo.name} all the same?")


def _rates(baud_rate: int) -> list[int]:
    """All baud rates, the likeliest first."""
    return list(dict.fromkeys((baud_rate, FACTORY_RATE, *baud_rates())))


def _lines(item: Compared) -> list[str]:
    found, rate = item.presence.found, item.presence.baud_rate
    head = f"{item.servo.name}: {found.model}, firmware {found.firmware}, id {found.servo_id}, {rate} bit/s"
    rows = [("register", "now", "will be")]
    rows += [(s.register, value(s, s.now), _next_value(s)) for s in item.settings]
    return [head, *(f"  {line}" for line in table(rows))]


def _next_value(setting: Setting) -> str:
    return value(setting, setting.wanted) if setting.differs else "the same"


def _report(options: argparse.Namespace, item: Compared, written: int) -> None:
    name, found = item.servo.name, item.presence.found
    if options.json:
        place = {"id": found.servo_id, "baud_rate": item.presence.baud_rate}
        more = {"model": found.model, "firmware": found.firmware, "found": place}
        print(json.dumps({**item.fields(written), **more}, ensure_ascii=False))
    elif written:
        print(f"{name}: {written} registers written and read back", flush=True)
    elif not item.differing:
        print(f"{name}: it is set up as the wiring file says; nothing to write", flush=True)
    else:
        print(f"{name}: --dry-run: nothing was written", flush=True)
    if written and (moved := [setting.register for setting in item.settings if setting.moves_place]):
        say(f"{name}: calibrate its joint again if it was: its {' and '.join(moved)} has changed")
