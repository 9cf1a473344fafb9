"""Dialogue with the person at the terminal: questions, single keys, and a table redrawn in place."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from armature.errors import CommandRefused

ENTER = ("\n", "\r")
# Ctrl-D ends the input of a line; a terminal that takes single keys passes it as a character.
_END = "\x04"
_CHUNK = 64
QUIT = "q"
PERIOD = 0.05  # of what is live while a person is waited for [s]


def require_person(request: str, remedy: str) -> None:
    """Refuse what needs a person to answer questions if there is none.

    Raises:
        CommandRefused: standard input is no terminal.
    """
    if not sys.stdin.isatty():
        raise CommandRefused(request, "standard input is no terminal, so nobody can be asked", remedy)


def say(text: str = "") -> None:
    """Print a line for the person; standard output is for results."""
    print(text, file=sys.stderr, flush=True)


def ask(question: str, meanwhile: Callable[[], object] | None = None) -> str:
    """The person's answer in lower case; "q" if the input ends.

    Args:
        question: for the person.
        meanwhile: called again and again until there is an answer.
    """
    print(question, end=" ", file=sys.stderr, flush=True)
    while meanwhile is not None and not _is_readable(sys.stdin.fileno(), PERIOD):
        meanwhile()
    try:
        line = sys.stdin.readline()
    except OSError:  # the terminal has gone
        line = ""
    if not line:
        say()
        return QUIT
    return line.strip().lower()


def confirm(question: str, meanwhile: Callable[[], object] | None = None) -> bool:
    """Whether the person says yes; anything else is no."""
    return ask(f"{question} [y/N]", meanwhile) in ("y", "yes")


@contextmanager
def single_keys() -> Iterator[None]:
    """Read keys as they are pressed; Ctrl-C still interrupts."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def read_key(timeout: float) -> str:
    """The next key, "" after the timeout [s], "q" if the input ends; use it inside single_keys()."""
    terminal = sys.stdin.fileno()
    if not _is_readable(terminal, timeout):
        return ""
    try:
        pressed = os.read(terminal, _CHUNK).decode("utf-8", "replace")[:1]
    except OSError:  # the terminal has gone
        pressed = ""
    return QUIT if pressed in ("", _END) else pressed.lower()


def _is_readable(terminal: int, timeout: float) -> bool:
    return bool(select.select([terminal], [], [], timeout)[0])


class LiveTable:
    """Lines that replace those before them; without a terminal only the first lines are printed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._height = 0

    def show(self, lines: Sequence[str]) -> None:
        """Draw the lines."""
        if self._height and not self._stream.isatty():
            return
        # ECMA-48: CPL moves to the beginning of a line above, ED erases all below.
        up = f"\x1b[{self._height}F\x1b[J" if self._height else ""
        self._stream.write(up + "".join(f"{line}\n" for line in lines))
        self._stream.flush()
        self._height = len(lines)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, in columns two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
