"""Who drives: one page at a time, until it has gone, or another takes over from one that is idle."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from armature.errors import CommandRefused
from armature.monitor.gateway import Gateway

# A page whose stream has ended may be connecting again; a program has no stream [s].
GRACE = 3.0
# After so long without a command and without a motion, another page may take over [s].
IDLE = 10.0


@dataclass(frozen=True)
class Driver:
    """Who drives, as it is shown on every page."""

    page: str  # its number; empty for a program
    held: float  # [s] since it took control
    idle: bool  # whether another may take over


class Control:
    """Which page may command. Every method may be called from any thread."""

    def __init__(self, gateway: Gateway, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody drives yet.

        Args:
            gateway: to know whether a motion is under way.
            clock: monotonic time [s].
        """
        self._gateway, self._clock = gateway, clock
        self._lock = threading.Lock()
        self._page: str | None = None
        self._since = 0.0
        self._active = 0.0  # when the driver last commanded, or its stream ended
        self._commands: Counter[str] = Counter()  # of each page that are not answered yet
        self._streams: Counter[str] = Counter()

    def note_stream_opened(self, page: str) -> None:
        """Note that a page has opened its stream."""
        with self._lock:
            self._streams[page] += 1

    def note_stream_closed(self, page: str) -> None:
        """Note that a page's stream has ended."""
        with self._lock:
            self._streams[page] -= 1
            self._streams += Counter()  # drops what is zero
            if page == self._page:
                self._active = max(self._active, self._clock())

    def driver(self) -> Driver | None:
        """Who drives now; None if nobody does."""
        with self._lock:
            return self._driver()

    @contextmanager
    def driving(self, page: str, request: str, *, takes: bool = True) -> Iterator[None]:
        """Carry out a command of a page that drives; one that commands while nobody drives takes control.

        Args:
            page: the page that commands.
            request: what it asks for, for the error.
            takes: whether it takes control if nobody has it.

        Raises:
            CommandRefused: another page drives.
        """
        with self._lock:
            self._refuse_another(page, request)
            if takes or page == self._page:
                self._take(page)
            self._commands[page] += 1
        try:
            yield
        finally:
            with self._lock:
                self._commands[page] -= 1
                self._commands += Counter()  # drops what is zero
                if page == self._page:
                    self._active = self._clock()

    def take_over(self, page: str) -> None:
        """Let a page drive instead of one that is idle.

        Raises:
            CommandRefused: the other one is not idle.
        """
        with self._lock:
            driver = self._driver()
            if driver is not None and not driver.idle:
                self._refuse_another(page, "take over")
            self._take(page)

    def _take(self, page: str) -> None:
        now = self._clock()
        if page != self._page:
            self._page, self._since = page, now
        self._active = now

    def _driver(self) -> Driver | None:
        if self._page is None:
            return None
        now = self._clock()
        is_busy = self._commands[self._page] > 0 or self._is_moving()
        if not (is_busy or self._streams[self._page]) and now - self._active > GRACE:
            self._page = None
            return None
        return Driver(self._page, now - self._since, not is_busy and now - self._active > IDLE)

    def _is_moving(self) -> bool:
        snapshot = self._gateway.snapshot()  # a controller that has died leaves its motion running for ever
        is_running = snapshot.motion is not None and snapshot.motion.outcome == "running"
        return is_running and snapshot.state.name == "MOVING"

    def _refuse_another(self, page: str, request: str) -> None:
        driver = self._driver()
        if driver is None or driver.page == page:
            return
        who = "another browser" if driver.page else "a program"
        remedy = "take over first" if driver.idle else f"wait until it has been idle for {IDLE:g} s; STOP works"
        raise CommandRefused(request, f"{who} has been driving for {driver.held:.0f} s", remedy)
