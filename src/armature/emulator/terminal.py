"""The emulated bus as a serial device: a pseudo-terminal with a link to it."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import tty
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from armature.dynamixel.control_table import BAUD_RATES
from armature.emulator.bus import EmulatedBus
from armature.emulator.disturbance import Transmission
from armature.errors import PortError

# The arm moves on at least this often while the line is quiet [s].
_QUIET = 4e-3
# A host that still drives the arm speaks in every cycle; its slowest is 1 Hz [s].
_SILENCE = 1.5
_CHUNK = 4_096
# ioctl_tty(2): TCGETS2 of x86, ARM and RISC-V, and struct termios2, which ends with the output speed [bit/s]. The
# termios module tells speeds by their names, and many clients set theirs by its number.
_TCGETS2 = 0x802C542A
_TERMIOS2 = struct.Struct("=4I20s2I")


class Terminal:
    """Serves a bus on a pseudo-terminal until stop() is called; use it in a with statement."""

    def __init__(
        self,
        bus: EmulatedBus,
        link: Path,
        clock: Callable[[], float],
        *,
        pace: bool = True,
        services: Mapping[int, Callable[[], None]] | None = None,
    ) -> None:
        """Open the pseudo-terminal and link to it.

        Args:
            bus: what answers.
            link: path of the symbolic link to make; an older link is replaced.
            clock: monotonic time [s].
            pace: let answers take the time that the wire needs.
            services: other files to wait for, and what to call when they can be read.

        Raises:
            PortError: something that is no link stands at the path, or it cannot be made.
        """
        self._bus = bus
        self._link = link
        self._clock = clock
        self._pace = pace
        self._ending = False
        self._services = services or {}
        self._waiting: deque[Transmission] = deque()
        self._line: _Line | None = _Line(link)
        self._wake_reader, self._wake_writer = os.pipe()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def device(self) -> str:
        """The pseudo-terminal that the link leads to now; none while it is unplugged."""
        return self._line.device if self._line else ""

    def close(self) -> None:
        """Remove the link, if it is still ours, and hang up."""
        self._unplug()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

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
        heard = self._clock()
        while not (self._ending and self._clock() - heard > _SILENCE):
            line = self._plugged()
            files = [self._wake_reader, *self._services, *((line.master,) if line else ())]
            readable, _, _ = select.select(files, [], [], self._patience())
            if self._wake_reader in readable:
                return
            now = self._clock()
            if line and line.master in readable:
                heard = now
                self._receive(line, now)
            else:
                self._bus.advance(now)
            for file in self._services.keys() & readable:
                self._services[file]()
            self._send(self._clock())

    def _plugged(self) -> _Line | None:
        """The line, after the bus was heeded that has its plug pulled or put back."""
        if self._line and not self._bus.is_plugged:
            self._unplug()
        elif not self._line and self._bus.is_plugged:
            self._line = _Line(self._link)
        return self._line

    def _unplug(self) -> None:
        self._waiting.clear()
        if self._line:
            self._line.close()
        self._line = None

    def _patience(self) -> float:
        if not self._waiting:
            return _QUIET
        return min(_QUIET, max(0.0, self._waiting[0].due - self._clock()))

    def _receive(self, line: _Line, now: float) -> None:
        data = os.read(line.master, _CHUNK)
        # A servo set to another baud rate than the host's port hears only noise.
        speed = _speed(line.slave)
        self._bus.wire.baud_rate = speed if speed in BAUD_RATES else self._bus.baud_rate
        self._waiting.extend(self._bus.feed(data, now))

    def _send(self, now: float) -> None:
        while self._line and self._waiting and (not self._pace or self._waiting[0].due <= now):
            with suppress(BlockingIOError):  # nobody reads: on a wire the bytes would be lost as well
                os.write(self._line.master, self._waiting.popleft().data)


class _Line:
    """A pseudo-terminal, and the link to it."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.device = os.ttyname(self.slave)
        try:
            _point(link, self.device)
        except OSError as error:
            self._hang_up()
            raise PortError(str(link), error.strerror or str(error), "choose another path for --link") from error

    def close(self) -> None:
        with suppress(OSError):
            if str(self._link.readlink()) == self.device:
                self._link.unlink()
        self._hang_up()

    def _hang_up(self) -> None:
        os.close(self.master)
        os.close(self.slave)


def _speed(terminal: int) -> int:
    """At which whoever opened a terminal set it to send [bit/s]."""
    answer = fcntl.ioctl(terminal, _TCGETS2, bytes(_TERMIOS2.size))
    return int(_TERMIOS2.unpack(answer)[-1])


def _point(link: Path, device: str) -> None:
    """Make or replace a link in one step, so that it always leads somewhere."""
    if link.exists() and not link.is_symlink():
        raise FileExistsError(17, "something that is no link stands there")
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(device)
    fresh.replace(link)
