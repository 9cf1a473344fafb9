"""The emulated bus as a serial device: a pseudo-terminal with a link to it."""

from __future__ import annotations

import os
import select
import termios
import tty
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from armature.emulator.bus import EmulatedBus
from armature.emulator.wire_faults import Transmission
from armature.errors import PortError

# The arm moves on at least this often while the line is quiet [s].
_QUIET = 4e-3
# A host that still drives the arm speaks in every cycle; its slowest is 1 Hz [s].
_SILENCE = 1.5
_CHUNK = 4_096
# termios names speeds by constants.
_SPEEDS = {
    getattr(termios, f"B{rate}"): rate
    for rate in (9_600, 57_600, 115_200, 1_000_000, 2_000_000, 3_000_000, 4_000_000)
    if hasattr(termios, f"B{rate}")
}


class Terminal:
    """Serves a bus on a pseudo-terminal until stop() is called; use it in a with statement."""

    def __init__(self, bus: EmulatedBus, link: Path, clock: Callable[[], float], *, pace: bool = True) -> None:
        """Open the pseudo-terminal and link to it.

        Args:
            bus: what answers.
            link: path of the symbolic link to make; an older link is replaced.
            clock: monotonic time [s].
            pace: let answers take the time that the wire needs.

        Raises:
            PortError: something that is no link stands at the path, or it cannot be made.
        """
        self._bus = bus
        self._link = link
        self._clock = clock
        self._pace = pace
        self._ending = False
        self._waiting: deque[Transmission] = deque()
        self._master, self._slave = os.openpty()
        self._wake_reader, self._wake_writer = os.pipe()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.device = os.ttyname(self._slave)
        try:
            _point(link, self.device)
        except OSError as error:
            self._close_files()
            raise PortError(str(link), error.strerror or str(error), "choose another path for --link") from error

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the link, if it is still ours, and hang up."""
        with suppress(OSError):
            if str(self._link.readlink()) == self.device:
                self._link.unlink()
        self._close_files()

    def stop(self) -> None:
        """Make serve() return; may be called from a signal handler or another thread."""
        os.write(self._wake_writer, b"\0")

    def stop_when_silent(self) -> None:
        """Make serve() return once nobody has spoken for a while; may be called from a signal handler.

        A Ctrl-C in a terminal reaches all processes at once, and the arm must park before its servos go.
        """
        self._ending = True

    def serve(self) -> None:
        """Answer until stop() is called, or there is silence after stop_when_silent()."""
        files = [self._master, self._wake_reader]
        heard = self._clock()
        while not (self._ending and self._clock() - heard > _SILENCE):
            readable, _, _ = select.select(files, [], [], self._patience())
            if self._wake_reader in readable:
                return
            now = self._clock()
            if self._master in readable:
                heard = now
                self._receive(now)
            else:
                self._bus.advance(now)
            self._send(self._clock())

    def _patience(self) -> float:
        if not self._waiting:
            return _QUIET
        return min(_QUIET, max(0.0, self._waiting[0].due - self._clock()))

    def _receive(self, now: float) -> None:
        data = os.read(self._master, _CHUNK)
        # A servo set to another baud rate than the host's port hears only noise.
        speed = termios.tcgetattr(self._slave)[5]
        self._bus.baud_rate = _SPEEDS.get(speed, self._bus.baud_rate)
        self._waiting.extend(self._bus.feed(data, now))

    def _send(self, now: float) -> None:
        while self._waiting and (not self._pace or self._waiting[0].due <= now):
            with suppress(BlockingIOError):  # nobody reads: on a wire the bytes would be lost as well
                os.write(self._master, self._waiting.popleft().data)

    def _close_files(self) -> None:
        for file in (self._master, self._slave, self._wake_reader, self._wake_writer):
            os.close(file)


def _point(link: Path, device: str) -> None:
    """Make or replace a link in one step, so that it always leads somewhere."""
    if link.exists() and not link.is_symlink():
        raise FileExistsError(17, "something that is no link stands there")
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(device)
    fresh.replace(link)
