"""The emulated buses as serial devices: pseudo-terminals with links to them."""

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

from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.bus.disturbance import Transmission
from armature.errors import PortError

# The arm moves on at least this often while the line is quiet [s].
_QUIET = 4e-3
# A host that still drives the arm speaks in every cycle; its slowest is 2 Hz [s].
_SILENCE = 1.5
_CHUNK = 4_096
# ioctl_tty(2): TCGETS2 and TCSETS2 of x86, ARM and RISC-V, and struct termios2, which ends with speeds [bit/s].
# The termios module tells speeds by their names, and many clients set theirs by its number.
_TCGETS2, _TCSETS2 = 0x802C542A, 0x402C542B
_TERMIOS2 = struct.Struct("=4I20s2I")
_CBAUD, _BOTHER = 0o010017, 0o010000  # of c_cflag: the speed by its name, or by its number


class Terminal:
    """Serves a bus, or several, each on a pseudo-terminal until stop() is called; use it in a with statement."""

    def __init__(
        self,
        bus: EmulatedBus,
        link: Path,
        clock: Callable[[], float],
        *,
        pace: bool = True,
        services: Mapping[int, Callable[[], None]] | None = None,
    ) -> None:
        """Open the pseudo-terminals and link to them.

        Args:
            bus: what answers.
            link: path of the symbolic link to make; an older link is replaced. Of several buses it is a folder,
                with a link for each by its name.
            clock: monotonic time [s].
            pace: let answers take the time that the wire needs.
            services: other files to wait for, and what to call when they can be read.

        Raises:
            PortError: something that is no link stands at the path, or it cannot be made.
        """
        self._bus = bus
        self._clock = clock
        self.is_ending = False  # whether silence ends it
        self._services = services or {}
        self._folder = None if "" in bus.wires else link
        self._plugs: list[_Plug] = []
        try:
            for name in bus.wires:
                self._plugs.append(_Plug(bus, name, link / name if name else link, pace=pace))
        except PortError:
            self._remove_links()
            raise
        self._wake_reader, self._wake_writer = os.pipe()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def devices(self) -> list[str]:
        """The pseudo-terminals that the links lead to now; none for a bus that is unplugged."""
        return [plug.line.device for plug in self._plugs if plug.line]

    def close(self) -> None:
        """Remove the links, as far as they are still ours, and hang up."""
        self._remove_links()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

    def _remove_links(self) -> None:
        for plug in self._plugs:
            plug.pull()
        if self._folder:
            with suppress(OSError):  # something else stands in it
                self._folder.rmdir()

    def stop(self) -> None:
        """Make serve() return; may be called from a signal handler or another thread."""
        os.write(self._wake_writer, b"\0")

    def stop_when_silent(self) -> None:
        """Make serve() return once nobody has spoken for a while; may be called from a signal handler.

        A Ctrl-C in a terminal reaches all processes at once, and the arm must park before its servos go.
        """
        self.is_ending = True

    def serve(self) -> None:
        """Answer until stop() is called, or there is silence after stop_when_silent()."""
        last_received = self._clock()
        while not (self.is_ending and self._clock() - last_received > _SILENCE):
            for plug in self._plugs:
                plug.update()
            masters = {plug.line.master: plug for plug in self._plugs if plug.line}
            readable, _, _ = select.select([self._wake_reader, *self._services, *masters], [], [], self._timeout())
            if self._wake_reader in readable:
                return
            now = self._clock()
            speaking = [masters[file] for file in readable if file in masters]
            for plug in speaking:
                last_received = now
                plug.receive(now)
            if not speaking:
                self._bus.advance(now)
            for file in self._services.keys() & readable:
                self._services[file]()
            for plug in self._plugs:
                plug.send(self._clock())

    def _timeout(self) -> float:
        dues = [plug.waiting[0].due for plug in self._plugs if plug.waiting]
        if not dues:
            return _QUIET
        return min(_QUIET, max(0.0, min(dues) - self._clock()))


class _Plug:
    """Where one bus meets the host."""

    def __init__(self, bus: EmulatedBus, name: str, link: Path, *, pace: bool) -> None:
        self._baud_rate = bus.wires[name].baud_rate
        self.line: _Line | None = _Line(link, self._baud_rate)
        self.waiting: deque[Transmission] = deque()
        self._bus = bus
        self._name = name
        self._link = link
        self._pace = pace

    def update(self) -> None:
        """Be pulled or put back, as the bus says."""
        if self.line and not self._bus.is_plugged(self._name):
            self.pull()
        elif not self.line and self._bus.is_plugged(self._name):
            self.line = _Line(self._link, self._baud_rate)

    def pull(self) -> None:
        """Disappear from the host."""
        self.waiting.clear()
        if self.line:
            self.line.close()
        self.line = None

    def receive(self, now: float) -> None:
        """Take in what the host has sent."""
        if self.line is None:
            return
        data = os.read(self.line.master, _CHUNK)
        # A servo set to another baud rate than the host's port hears only noise.
        self._bus.wires[self._name].baud_rate = _speed(self.line.slave)
        self.waiting.extend(self._bus.transmit(data, now, self._name))

    def send(self, now: float) -> None:
        """Hand over what has arrived by now [s]."""
        while self.line and self.waiting and (not self._pace or self.waiting[0].due <= now):
            with suppress(BlockingIOError):  # nobody reads: on a wire the bytes would be lost as well
                os.write(self.line.master, self.waiting.popleft().data)


class _Line:
    """A pseudo-terminal, and the link to it."""

    def __init__(self, link: Path, baud_rate: int) -> None:
        self._link = link
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        _set_speed(self.slave, baud_rate)  # that of a host which sets none
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


def _set_speed(terminal: int, speed: int) -> None:
    flags = list(_TERMIOS2.unpack(fcntl.ioctl(terminal, _TCGETS2, bytes(_TERMIOS2.size))))
    flags[2] = flags[2] & ~_CBAUD | _BOTHER
    fcntl.ioctl(terminal, _TCSETS2, _TERMIOS2.pack(*flags[:-2], speed, speed))


def _point(link: Path, device: str) -> None:
    """Make or replace a link in one step, so that it always leads somewhere."""
    if link.exists() and not link.is_symlink():
        raise FileExistsError(17, "something that is no link stands there")
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(device)
    fresh.replace(link)
