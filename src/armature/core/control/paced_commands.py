"""Commands that come by topics: however fast they come, they leave the node time for its set-points."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

Command = Callable[[], bool]
"""Carries out a command; returns whether it was taken, not refused."""

_PERIOD = 0.005  # [s]
# The newest counts; where it is refused the one before it, so that what is wrong hides nothing that is right.
_KEPT = 2


class Timer(Protocol):
    """A timer as rclpy's."""

    def cancel(self) -> None:
        """Call nothing any more."""

    def reset(self) -> None:
        """Begin a period, canceled or not."""

    def is_canceled(self) -> bool:
        """Whether it calls nothing."""


class PacedCommands:
    """Carries out commands, the newest first, in no more than a share of the time.

    A command replaces those before it. One that comes after a pause is carried out at once; those that come
    meanwhile, or soon behind it, wait, and of them the newest counts.

    Args:
        make_timer: of a period [s] and what it calls.
        clock: monotonic [s].
        rest: behind each command everything else has so many times as long as that took.
    """

    def __init__(
        self,
        make_timer: Callable[[float, Callable[[], None]], Timer],
        clock: Callable[[], float],
        rest: float = 1.0,
    ) -> None:
        self._rest = rest
        self._clock = clock
        self._waiting: deque[Command] = deque(maxlen=_KEPT)
        self._before: Command | None = None  # that one came before the last, which was refused
        self._free_at = 0.0  # when the next may be carried out [s]
        self._timer = make_timer(_PERIOD, self._advance)
        self._timer.cancel()

    def taker(self, carry_out: Callable[[Any], bool]) -> Callable[[Any], None]:
        """Takes the messages of a topic; `carry_out` returns what a `Command` does."""

        def take(message: Any) -> None:
            self._waiting.append(lambda: carry_out(message))
            self._advance()

        return take

    def drop(self) -> None:
        """Drop what waits: something newer moves the arm, or nothing may."""
        self._waiting.clear()
        self._before = None

    def _advance(self) -> None:
        if (self._waiting or self._before) and self._clock() >= self._free_at:
            self._carry_out()
        if not (self._waiting or self._before):
            self._timer.cancel()
        elif self._timer.is_canceled():
            self._timer.reset()

    def _carry_out(self) -> None:
        is_newest = self._before is None
        command, self._before = self._before or self._waiting.pop(), None
        begun = self._clock()
        try:
            is_taken = command()
        finally:
            ended = self._clock()
            self._free_at = ended + self._rest * (ended - begun)
        if is_newest and is_taken:
            self._waiting.clear()
        elif is_newest and self._waiting:
            self._before = self._waiting.pop()
