"""Received signals as a growing list, which a loop reads when it is ready to."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

# How the stand-alone runner asks a process to end. Between the fork and the exec of a process supervisord's own
# handlers for SIGINT and SIGTERM would take such a signal, and it would be lost; this one it does not handle.
RUNNER_SIGNAL = signal.SIGUSR1
# The runner names its folder in this variable; its processes outlive it, to be found and ended by `armature down`.
RUNNER_VARIABLE = "ARMATURE_RUNNER"
_NOTED = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, RUNNER_SIGNAL)
BURST = 0.1  # in which a signal that comes twice is one [s]
# A repetition within this time is not a second request, unless the first one shows effect already [s].
_SAME_REQUEST = 1.0
_CHECK_EVERY = 0.5  # [s]


class Signals(list[int]):
    """Numbers of the signals that ask to end, in their order."""

    def __init__(self, echoes: int = 0) -> None:
        """Args: how many SIGINTs come by themselves behind the one that a person has sent."""
        super().__init__()
        self._echoes = echoes
        self._times: list[float] = []

    def note(self, number: int, now: float) -> None:
        """Note a signal; right after one of the same number it is the same request.

        Args:
            number: of the signal.
            now: monotonic time [s].
        """
        latest = max((at for known, at in self._with_times() if known == number), default=-math.inf)
        if now - latest >= BURST:
            self._times.append(now)  # first: another signal may be noted between these two lines
            self.append(number)

    def asks_again(self, begun: float | None) -> bool:
        """Whether a second request to end has come, which means: at once.

        That is a SIGINT behind any other signal, or a SIGTERM behind a SIGINT or SIGTERM (as launch sends it when
        its time is up). SIGHUP and the runner's signal only come along with others: with the death of a
        terminal, with a SIGTERM for every process of a service.

        Args:
            begun: since when the first request shows effect, monotonic [s]; None if not yet.
        """
        if not self:
            return False
        first = self._times[0]
        settled = first + _SAME_REQUEST if begun is None or begun <= first else min(first + _SAME_REQUEST, begun)
        interrupts = [at for number, at in self._with_times() if number == signal.SIGINT]
        if self[0] != signal.SIGINT:  # such as the runner's, which no echo follows
            return bool(interrupts) or self._is_terminated_again(settled)
        late = [at for at in interrupts[1 + self._echoes :] if at >= settled]
        return bool(late) or self._is_terminated_again(settled)

    def _is_terminated_again(self, settled: float) -> bool:
        deliberate = [(n, at) for n, at in self._with_times() if n in (signal.SIGINT, signal.SIGTERM)]
        return any(n == signal.SIGTERM and at >= settled for n, at in deliberate[1:])

    def _with_times(self) -> Iterator[tuple[int, float]]:
        return zip(self, self._times, strict=False)  # the last time may be of a signal that is just being noted


@contextmanager
def received_signals(*, is_last: bool = False) -> Iterator[Signals]:
    """Note signals that ask to end, in their order, instead of being ended by them.

    Args:
        is_last: whether the process ends with this; what still comes must not take its exit code from it.
    """
    received = Signals(_echoes_of(os.getppid()))

    def note(number: int, _frame: FrameType | None) -> None:
        received.note(number, time.monotonic())

    noted = [number for number in _NOTED if number != signal.SIGHUP or not _is_under_nohup()]
    before = {number: signal.signal(number, note) for number in noted}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if is_last else handler)


@contextmanager
def ended_with_parent(environment: Mapping[str, str]) -> Iterator[None]:
    """Treat the death of the parent process as a hang-up: nobody attends to the arm any more.

    Not under the stand-alone runner, whose processes are found without it, nor under nohup.

    Args:
        environment: of this process.
    """
    if RUNNER_VARIABLE in environment:
        yield
        return
    parent = os.getppid()
    with _hang_up_once(lambda: os.getppid() != parent):
        yield


@contextmanager
def ended_with_terminal() -> Iterator[None]:
    """Treat the end of the terminal as a hang-up, where this process is in its foreground.

    The kernel signals the leader of the terminal's session alone (credentials(7)), which may be make, sudo or a
    program of a container, and need not pass it on. Not under nohup.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:  # there is none
        yield
        return
    was_in_foreground = False

    def is_gone() -> bool:
        nonlocal was_in_foreground
        try:
            was_in_foreground = os.tcgetpgrp(terminal) == os.getpgrp()
        except OSError:
            return was_in_foreground
        return False

    is_gone()  # so that one that ends at once is known for ours
    try:
        with _hang_up_once(is_gone):
            yield
    finally:
        os.close(terminal)


@contextmanager
def _hang_up_once(condition: Callable[[], bool]) -> Iterator[None]:
    """Send this process a SIGHUP once a condition holds, unless it is under nohup."""
    if _is_under_nohup():
        yield
        return
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            if condition():
                os.kill(os.getpid(), signal.SIGHUP)
                return
            ended.wait(_CHECK_EVERY)

    watching = threading.Thread(target=watch, name="hang-up watch", daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


class SupervisordWaker:
    """Ends the waiting of supervisord's loop when a signal comes, so that it learns of a process's end at once.

    Its poll(2) of a second goes on after a handler has run (PEP 475). An RPC interface, the way to extend
    supervisord, is given the daemon; this one has no procedures.
    """

    def __init__(self, supervisord: Any) -> None:
        """Args: the daemon, which has read its options and handles no signals yet."""
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        supervisord.options.get_socket_map()[self._reader] = self

    def readable(self) -> bool:
        """Whether to wait for it."""
        return True

    def writable(self) -> bool:
        """Never."""
        return False

    def handle_read_event(self) -> None:
        """Forget the signals; the loop goes on to what their handlers have noted."""
        with suppress(BlockingIOError):
            os.read(self._reader, 4096)

    def handle_error(self) -> None:
        """Let the daemon end with the error of the event."""
        raise


def _is_under_nohup() -> bool:
    return signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def _echoes_of(parent: int) -> int:
    """How many SIGINTs follow one for the group: without a terminal `ros2 launch` sends each process its own."""
    words = _command(parent)
    if "launch" not in words or not any(Path(word).name == "ros2" for word in words[: words.index("launch")]):
        return 0
    return int(bool({"-n", "--noninteractive"} & set(words)) or not _has_terminal(parent))


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return []


def _has_terminal(pid: int) -> bool:
    """Whether the standard input of a process is a terminal."""
    try:
        return str(Path(f"/proc/{pid}/fd/0").readlink()).startswith(("/dev/pts/", "/dev/tty", "/dev/console"))
    except OSError:
        return True
