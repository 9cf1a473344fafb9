"""The commands: a module each, with `add_arguments(parser)` and `run(options)`, and what the help says of it."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from armature.cli.loading import uninterrupted


class Command(Protocol):
    """A module that is a command."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what the command takes."""

    def run(self, options: argparse.Namespace) -> int:
        """Do it; returns the exit code."""


class Entry(NamedTuple):
    """Where a command is, and what it does."""

    module: str  # below armature.cli
    help: str

    def load(self) -> Command:
        """Import its module."""
        with uninterrupted():
            return cast(Command, import_module(f"armature.cli.{self.module}"))


COMMANDS = {
    "up": Entry("graph.up", "Start the graph and stay in the foreground."),
    "down": Entry("graph.down", "End the graph: park, torque off, stop all."),
    "status": Entry("graph.status", "Show processes, the arm's state and its faults."),
    "restart": Entry("graph.restart", "Restart one process."),
    "logs": Entry("graph.logs", "Show the logs of one process or all."),
    "enable": Entry("arm.enable", "Turn torque on where the arm stands, and take commands."),
    "disable": Entry("arm.disable", "Park the arm, then turn torque off."),
    "move": Entry("arm.move", "Move the arm of the running graph."),
    "free": Entry("arm.free", "Let joints be guided by hand, or end that."),
    "record": Entry("arm.record", "Start, stop or snapshot the recording."),
    "report": Entry("arm.report", "Plot a recording into one HTML file."),
    "check": Entry("servos.check", "Look at port, servos and speed; nothing moves."),
    "scan": Entry("servos.scan", "Show all servos that answer."),
    "setup": Entry("servos.setup", "Bring a new servo to what the wiring file wants."),
    "calibrate": Entry("servos.calibrate", "Find zero offsets: the arm is placed by hand."),
    "emulate": Entry("graph.emulate", "Serve the emulated bus on a pseudo-terminal."),
    "fault": Entry("graph.fault", "Make the running emulator fail on purpose."),
    "world": Entry("graph.world", "Write a world for Gazebo with the arm."),
    "bench": Entry("bench", "Measure this machine."),
}
