"""Putting a backup of the wiring file back."""

from __future__ import annotations

import argparse
import re
from contextlib import suppress
from datetime import datetime
from glob import escape
from pathlib import Path

from armature.cli.arguments import chosen_robot
from armature.cli.servos.wiring import WiredArm, require_own, save
from armature.cli.terminal import confirm, require_person, say
from armature.description.files import read_text
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import CommandRefused
from armature.nodes.common.robot_files import read_arm

_TIME = re.compile(r"\.(\d{8}-\d{6})\.bak$")


def restore(options: argparse.Namespace) -> int:
    """Put the last backup back, which is checked first; the present file becomes a backup itself.

    Raises:
        CommandRefused: there is none, or nobody can be asked.
        ConfigError: it cannot be used.
    """
    robot = chosen_robot(options)
    file, arm = robot.wiring.resolve(), read_arm("URDF", robot.urdf, with_collisions=False)
    say(f"robot {robot.name}; wiring file {file}")
    backups = _backups(file)
    for when, backup in backups:
        say(f"  {when:%Y-%m-%d %H:%M:%S}  {backup.name}")
    if not backups:
        raise CommandRefused("restore", f"{file.parent} has no backup of {file.name}", "calibrate makes them")
    when, last = backups[0]
    content = read_text("backup", last, "it cannot be read as text")
    wired = WiredArm(
        robot, file, robot.wiring_text.encode("utf-8"), arm, Wiring.from_yaml(content, arm, last.name)
    )
    require_own(wired)
    if not options.yes:
        require_person("restore", "add --yes to put the last backup back without asking")
        if not confirm(f"Put {last.name} of {when:%Y-%m-%d %H:%M:%S} back?"):
            say("nothing was written")
            return 1
    kept = save(wired, content, datetime.now())
    say(f"restored {file} from {last.name}; what it was is kept as {kept.name}")
    return 0


def _backups(file: Path) -> list[tuple[datetime, Path]]:
    """The file's backups with their times, the newest first."""
    found = [(_time_of(each), each) for each in file.parent.glob(f"{escape(file.name)}.*.bak")]
    return sorted(((time, each) for time, each in found if time), reverse=True)


def _time_of(backup: Path) -> datetime | None:
    found = _TIME.search(backup.name)
    with suppress(ValueError):  # digits that are no date
        return datetime.strptime(found[1], "%Y%m%d-%H%M%S") if found else None
    return None
