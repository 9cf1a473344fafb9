"""The commands: a module each, or an object in one, with `add_arguments(parser)` and `run(options)`."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from armature.cli.loading import uninterrupted


class Command(Protocol):
    """What is a command."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def run(self, options: argparse.Namespace) -> int:
        """Run the command; returns the exit code."""


class Entry(NamedTuple):
    """The module of a command, and its help."""

    module: str  # below armature.cli; a colon before what in it is the command, where it is not the module
    help: str

    def load(self) -> Command:
        """Import its module."""
        name, _, member = self.module.partition(":")
        with uninterrupted():
            module = import_module(f"armature.cli.{name}")
        return cast(Command, getattr(module, member) if member else module)


COMMANDS = {
    "up": Entry("graph.up", "Start the graph and stay in the foreground."),
    "down": Entry("graph.down", "End the graph: park, torque off, stop all processes."),
    "status": Entry("graph.status", "Show processes, the arm's state and its faults."),
    "restart": Entry("graph.restart", "Restart one process."),
    "logs": Entry("graph.logs", "Show the logs of one process or all."),
    "enable": Entry("arm.services:ENABLE", "Turn torque on where the arm stands, and take commands."),
    "disable": Entry("arm.services:DISABLE", "Park the arm, then turn torque off."),
    "move": Entry("arm.move", "Move the arm of the running graph."),
    "gripper": Entry("arm.gripper", "Open or close the gripper."),
    "stop": Entry("arm.services:STOP", "End the motion under way; the arm holds and stays enabled."),
    "release": Entry("arm.services:RELEASE", "Release the protective stop; the arm holds."),
    "clear": Entry("arm.services:CLEAR", "Recover every joint whose fault is gone."),
    "torque-off": Entry("arm.services:TORQUE_OFF", "Turn torque off now; an arm that nothing holds falls."),
    "free": Entry("arm.free", "Let joints be guided by hand, or end that."),
    "payload": Entry("robot.payload", "Tell the running graph what the tool carries."),
    "pose": Entry("robot.pose", "Save the arm's place as a named pose; list or remove poses."),
    "record": Entry("arm.record", "Start, stop or snapshot the recording."),
    "report": Entry("arm.report", "Plot a recording into one HTML file."),
    "check": Entry("servos.check", "Check port, servos and speed; nothing moves."),
    "scan": Entry("servos.scan", "Show all servos that answer."),
    "setup": Entry("servos.setup", "Configure a new servo as the wiring file says."),
    "calibrate": Entry("servos.calibrate", "Find zero offsets; a person places the arm by hand."),
    "emulate": Entry("graph.emulate", "Serve the emulated bus on a pseudo-terminal."),
    "fault": Entry("graph.fault", "Inject faults into the running emulator."),
    "world": Entry("graph.world", "Write a world for Gazebo with the arm."),
    "bench": Entry("bench", "Measure this machine."),
}
