"""How a program that drives arms ends: whatever ends it, its motions are cancelled first."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from types import FrameType
from typing import NoReturn, Protocol

from armature.client import spinning

# Python raises KeyboardInterrupt for SIGINT; by these it would end without a word to the arm.
_DEADLY = (signal.SIGTERM, signal.SIGHUP)
_EXIT_CODE = 128  # and the signal's number, as a shell tells it


class Closable(Protocol):
    """What is to be closed before the program ends."""

    def close(self) -> None:
        """Close it; a second time changes nothing."""

    def abandon(self) -> None:
        """Count as closed, in a child process: it has no part in what its parent does."""


_open: list[Closable] = []


def register(each: Closable) -> None:
    """Have it closed at the end of the program, which SIGTERM and SIGHUP are too unless it handles them."""
    _open.append(each)
    for number in _DEADLY if _is_main_thread() else ():
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit)


def forget(each: Closable) -> None:
    """It is closed; with the last one signals are again as they were."""
    if each in _open:
        _open.remove(each)
    for number in _DEADLY if _is_main_thread() and not _open else ():
        if signal.getsignal(number) is _exit:
            signal.signal(number, signal.SIG_DFL)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(_EXIT_CODE + number)


def _close_all() -> None:
    for each in list(_open):
        each.close()
    spinning.end()  # which would end before, were it left to an exit handler of its own


def _abandon_all() -> None:
    while _open:
        _open.pop().abandon()


os.register_at_fork(after_in_child=_abandon_all)
atexit.register(_close_all)
