"""Putting a backup of the wiring file back."""

from __future__ import annotations

import argparse
import re
from contextlib import suppress
from datetime import datetime
from glob import escape
from pathlib import Path

from armature.cli.arguments import another_robot, chosen_robot
from armature.cli.servos.wiring import WiredArm, require_own, save, save_lost
from armature.cli.terminal import confirm, require_person, say
from armature.core.model.arm import ArmModel
from armature.description.files import read_text
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import CommandRefused, ConfigError
from armature.nodes.common.robot_files import read_arm

_TIME = re.compile(r"\.(\d{8}-\d{6})\.bak$")


def restore(options: argparse.Namespace) -> int:
    """Put the newest backup that can be used back; the present file, if it is there, becomes a backup itself.

    Raises:
        CommandRefused: there is none, or nobody can be asked.
        ConfigError: none can be used, or the file cannot be replaced.
    """
    robot = chosen_robot(options, needs_wiring=False)
    file, arm = robot.wiring.resolve(), read_arm("URDF", robot.urdf, with_collisions=False)
    say(f"robot {robot.name}; wiring file {file}{another_robot(options)}")
    backups = _backups(file)
    for when, backup in backups:
        say(f"  {when:%Y-%m-%d %H:%M:%S}  {backup.name}")
    if not backups:
        raise CommandRefused("restore", f"{file.parent} has no backup of {file.name}", "calibrate makes them")
    present = _present(file)
    when, last, content, wiring = _newest_usable(arm, backups)
    wired = WiredArm(robot, file, present or b"", arm, wiring)
    require_own(wired)
    if not options.yes:
        require_person("restore", "add --yes to put the last backup back without asking")
        if not confirm(f"Put {last.name} of {when:%Y-%m-%d %H:%M:%S} back?"):
            say("nothing was written")
            return 1
    if present is None:
        save_lost(file, content, last)
        say(f"restored {file} from {last.name}; it was not there")
    else:
        kept = save(wired, content, datetime.now())
        say(f"restored {file} from {last.name}; what it was is kept as {kept.name}")
    return 0


def _present(file: Path) -> bytes | None:
    """What the wiring file holds, whether or not it can be used; None where it is not there.

    Raises:
        ConfigError: it cannot be read, so that no backup of it could be made.
    """
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        allowed = "nothing was restored; it must be a file that you may read, since a backup of it is made"
        raise ConfigError("wiring file", str(file), f"{allowed} ({error.strerror})") from error


def _newest_usable(arm: ArmModel, backups: list[tuple[datetime, Path]]) -> tuple[datetime, Path, str, Wiring]:
    """Time, file, text and wiring of the first backup that can be used; those before it are named.

    Raises:
        ConfigError: none can be used; says why of the first.
    """
    errors: list[ConfigError] = []
    for when, backup in backups:
        try:
            content = read_text("backup", backup, "it cannot be read as text")
            wiring = Wiring.from_yaml(content, arm, backup.name)
        except ConfigError as error:
            errors.append(error)
            continue
        for unusable in errors:
            say(f"left out: {unusable}")
        return when, backup, content, wiring
    raise errors[0]


def _backups(file: Path) -> list[tuple[datetime, Path]]:
    """The file's backups with their times, the newest first."""
    found = [(_time_of(each), each) for each in file.parent.glob(f"{escape(file.name)}.*.bak")]
    return sorted(((time, each) for time, each in found if time), reverse=True)


def _time_of(backup: Path) -> datetime | None:
    found = _TIME.search(backup.name)
    with suppress(ValueError):  # digits that are no date
        return datetime.strptime(found[1], "%Y%m%d-%H%M%S") if found else None
    return None
