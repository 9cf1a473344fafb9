"""A person at a terminal, who waits for a text and then types."""

from __future__ import annotations

import math
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable

import pytest

from armature.cli import main

_PATIENCE = 40.0  # for each text [s]
INTERRUPT = "\x03"
END = "\x04"
Step = tuple["str | Callable[[], bool]", "str | Callable[[], object]"]
"""What to wait for on the screen or elsewhere, and what to type then, or to do; text that it returns is typed.

What is done must not take long: a screen that nobody reads fills up, and keeps the command from going on.
"""
_GoingOn = Callable[[list[Step]], list[Step]]


def at_terminal(
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    *script: Step,
    where: str = "",
    then: _GoingOn = list,
) -> tuple[int, str]:
    """Run a command at a pseudo-terminal; its exit code, and all that stood on the screen.

    Args:
        monkeypatch: puts the terminal in place.
        arguments: of the command.
        script: the dialogue.
        where: a text that may come in between, such as an answer that a busy computer has lost,
        then: and how a person goes on then, from what was to be done without it.
    """
    master, slave = os.openpty()
    person = _Person(master, script, where, then)
    with monkeypatch.context() as patch, os.fdopen(os.dup(slave), "r") as keys, os.fdopen(slave, "w", 1) as screen:
        patch.setattr(sys, "stdin", keys)
        patch.setattr(sys, "stdout", screen)
        patch.setattr(sys, "stderr", screen)
        try:
            code = main.main(arguments)
        finally:
            seen = person.leave()
    os.close(master)
    assert not person.left, f"never seen: {person.left[0][0]!r}, but:\n{seen}"
    return code, seen.replace("\r\n", "\n")


class _Person:
    """Reads and types in a thread of its own."""

    def __init__(self, master: int, script: tuple[Step, ...], where: str, then: _GoingOn) -> None:
        self.left = list(script)
        self._where, self._then = where, then
        self._master = master
        self._seen = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._act)
        self._thread.start()

    def leave(self) -> str:
        self._done.set()
        self._thread.join()
        return self._seen

    def _act(self) -> None:
        place, give_up = 0, time.monotonic() + _PATIENCE
        while not self._done.is_set() or self._is_readable(0.0):
            if self._is_readable(0.05):
                self._seen += os.read(self._master, 4096).decode("utf-8", "replace")
            if self._where and (trouble := self._seen.find(self._where, place)) >= 0:
                place = trouble + len(self._where)
                self.left = self._then(self.left)
            if self.left and (found := self._end_of(self.left[0][0], place)) >= 0:
                place = found
                self._do(self.left.pop(0)[1])
                give_up = time.monotonic() + _PATIENCE
            elif time.monotonic() > give_up:
                give_up = math.inf
                os.kill(os.getpid(), signal.SIGINT)  # the command waits in vain as well

    def _end_of(self, awaited: str | Callable[[], bool], begin: int) -> int:
        """Where what was awaited ends on the screen; negative while it is not there."""
        if not isinstance(awaited, str):
            return begin if awaited() else -1
        found = self._seen.find(awaited, begin)
        return found + len(awaited) if found >= 0 else -1

    def _is_readable(self, timeout: float) -> bool:
        return bool(select.select([self._master], [], [], timeout)[0])

    def _do(self, act: str | Callable[[], object]) -> None:
        if act == INTERRUPT:  # it is no controlling terminal, which would send this by itself
            os.kill(os.getpid(), signal.SIGINT)
            return
        keys = act if isinstance(act, str) else act()
        if isinstance(keys, str):
            os.write(self._master, keys.encode())
