"""The commands that are one request to the graph, answered with a line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from armature.cli.answers import print_answer
from armature.cli.arguments import add_json, add_namespace
from armature.cli.loading import uninterrupted
from armature.cli.terminal import confirm, require_person
from armature.errors import CommandRefused, ProcessError

if TYPE_CHECKING:
    from armature.client.connection import Connection

_HOLD_IT = "the arm falls unless something holds it. Is it held?"


@dataclass(frozen=True)
class ServiceCommand:
    """A command that asks the graph for one thing."""

    name: str
    ask: Callable[[Connection], str]  # returns the answer's words; CommandRefused where it is refused
    question: str = ""  # to a person, before; --yes answers it

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Which arm."""
        if self.question:
            parser.add_argument("--yes", action="store_true", help="do not ask: it is held")
        add_json(parser)
        add_namespace(parser)

    def run(self, options: argparse.Namespace) -> int:
        """Ask, and print the answer; 1 if it is refused, with the reason and the next step.

        Raises:
            CommandRefused: nobody is there to answer the question.
            ProcessError: the graph does not answer, or the wait was interrupted.
        """
        if self.question and not options.yes:
            require_person(self.name, "add --yes if it is held")
            if not confirm(self.question):
                return print_answer(options, False, "nothing was done")
        try:
            return print_answer(options, True, self._ask(options.namespace))
        except CommandRefused as refusal:
            return print_answer(options, False, str(refusal))

    def _ask(self, namespace: str) -> str:
        with uninterrupted():
            from armature.client.connection import connect

        with connect(self.name.replace("-", "_"), namespace) as connection:
            try:
                return self.ask(connection)
            except KeyboardInterrupt:
                remedy = f"it may still {self.name} the arm; see: armature status"
                raise ProcessError("servo_interface", "interrupted before it answered", remedy) from None


def _asks(name: str, on: bool | None = None) -> Callable[[Connection], str]:
    """Asks a service of the table of topics, by its name there: topics load ROS."""

    def asks(connection: Connection) -> str:
        from armature.client.connection import ask
        from armature.nodes.common import topics

        return ask(connection, getattr(topics, name), on, topics.PARK_TIMEOUT)

    return asks


def _stop(connection: Connection) -> str:
    from armature.client.session import stop_motions

    return stop_motions(connection)


def _clear(connection: Connection) -> str:
    from armature.client.readings import Readings
    from armature.client.session import recover

    return recover(connection, Readings(connection))


ENABLE = ServiceCommand("enable", _asks("ENABLE", True))
DISABLE = ServiceCommand("disable", _asks("ENABLE", False))
CLEAR = ServiceCommand("clear", _clear)
TORQUE_OFF = ServiceCommand("torque-off", _asks("TORQUE_OFF"), _HOLD_IT)
STOP = ServiceCommand("stop", _stop)
RELEASE = ServiceCommand("release", _asks("PROTECTIVE_STOP", False))
