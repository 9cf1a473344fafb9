"""Signals as a list that grows: who runs a loop looks at it when it is ready to."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# How the stand-alone runner asks a process to end. Between the fork and the exec of a process supervisord's own
# handlers for SIGINT and SIGTERM would take such a signal, and it would be lost; this one it does not handle.
RUNNER_SIGNAL = signal.SIGUSR1
_NOTED = (signal.SIGINT, signal.SIGTERM, RUNNER_SIGNAL)
# Without a terminal, launch sends each process the SIGINT that its whole group has had already: the same act,
# not a second one, at which the servo interface would give up parking [s].
_ECHO = 0.1


@contextmanager
def received_signals() -> Iterator[list[int]]:
    """Note what asks to end in its order instead of being ended by it; an echo of one counts once."""
    received: list[int] = []
    noted_at: dict[int, float] = {}

    def note(number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - noted_at.get(number, -_ECHO) >= _ECHO:
            received.append(number)
            noted_at[number] = now

    before = {number: signal.signal(number, note) for number in _NOTED}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
