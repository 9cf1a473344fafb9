"""The arm that a command commissions: its URDF and its wiring file, which may be one of the user's own."""

from __future__ import annotations

import argparse
import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from armature.cli.arguments import another_robot, chosen_robot
from armature.cli.replacing import beside, write
from armature.cli.terminal import say
from armature.core.model.arm import ArmModel
from armature.dynamixel.wiring.arm import ServoWiring, Wiring
from armature.errors import ConfigError, listed
from armature.nodes.common.robot_files import read_arm
from armature.robots import Robot
from armature.share import share_folder


@dataclass(frozen=True)
class WiredArm:
    """An arm with its wiring file as it was read."""

    robot: Robot
    file: Path  # the wiring file itself, behind any links
    content: bytes
    arm: ArmModel  # as it is wired; how far continuous joints go depends on what is commissioned
    wiring: Wiring

    def servo(self, name: str) -> ServoWiring:
        """The servo of a joint, or its second one by its own name.

        Raises:
            ConfigError: the wiring file has no such joint.
        """
        servos = {servo.name: servo for servo in self.wiring.all_servos}
        if name not in servos:
            raise ConfigError("joint", name, listed("joints", servos))
        return servos[name]

    def parse(self, text: str) -> Wiring:
        """Read a wiring file of this arm.

        Raises:
            ConfigError: it cannot be used.
        """
        return Wiring.from_yaml(text, read_arm("URDF", self.robot.urdf, with_collisions=False), str(self.file))


def wired_arm(options: argparse.Namespace) -> WiredArm:
    """The arm of --robot, wired as --wiring says.

    Raises:
        ConfigError: a file that cannot be read or used.
    """
    robot = chosen_robot(options)
    file = robot.wiring.resolve()
    arm = read_arm("URDF", robot.urdf, with_collisions=False)
    wiring = Wiring.from_yaml(robot.wiring_text, arm, str(file))
    return WiredArm(robot, file, robot.wiring_text.encode("utf-8"), wiring.fit(arm), wiring)


def announce(
    options: argparse.Namespace, robot: Robot, ports: Mapping[str, str], baud_rates: Mapping[str, int]
) -> None:
    """Say which arm a command takes the servos for, before it asks anything or writes."""
    buses = ", ".join(
        f"{f'{name}: ' if name else ''}{path} at {baud_rates[name]} bit/s" for name, path in ports.items()
    )
    bus = f"bus {buses}" if ports else "no bus: its files alone"
    say(f"robot {robot.name}; wiring file {robot.wiring.resolve()}; {bus}{another_robot(options)}")


def require_own(wired: WiredArm) -> None:
    """Refuse to edit a file of the default arm or of the installed package, or one that cannot be replaced.

    Raises:
        ConfigError: says which copy to edit instead.
    """
    share = share_folder().resolve()
    shared = share / "config" / "servos.yaml"
    if (share / "setup.py").exists():
        if wired.file == shared:
            copy = share / "config" / "robots" / wired.robot.name / "servos.yaml"
            allowed = f"it is the default arm's; make your own first: cp {shared} {copy}"
            raise ConfigError("wiring file", str(wired.file), allowed)
    elif wired.file.is_relative_to(share):
        allowed = "it belongs to the installed package; copy it to a place of your own and name that with --wiring"
        raise ConfigError("wiring file", str(wired.file), allowed)
    if not os.access(wired.file.parent, os.W_OK):
        raise ConfigError("wiring file", str(wired.file), "its folder must be writable, for the backup too")


def save(wired: WiredArm, text: str, now: datetime) -> Path:
    """Replace the wiring file atomically, and keep the old one beside it.

    Args:
        wired: the arm as it was read.
        text: the new content.
        now: the time in the backup's name.

    Returns:
        The backup.

    Raises:
        ConfigError: the file has changed since it was read, or cannot be written; nothing was saved.
    """
    file = wired.file
    backup = file.with_name(f"{file.name}.{now:%Y%m%d-%H%M%S}.bak")
    with beside(file) as fresh:
        if file.read_bytes() != wired.content:
            raise ConfigError(str(file), "a file that has changed meanwhile", "nothing was saved; start again")
        if backup.exists():
            raise FileExistsError(errno.EEXIST, "its backup of this second is there already; start again")
        write(fresh, wired.content, file)
        fresh.rename(backup)  # whole or not at all: half of one is what --restore would take
        write(fresh, text.encode("utf-8"), file)
        fresh.replace(file)
    return backup


def save_lost(file: Path, text: str, like: Path) -> None:
    """Write a wiring file that is not there, with the permissions of another file.

    Raises:
        ConfigError: it cannot be written, or has appeared meanwhile; nothing was saved.
    """
    with beside(file) as fresh:
        write(fresh, text.encode("utf-8"), like)
        os.link(fresh, file)
