"""Runs a command that has to outlast the emulator, such as Gazebo: at a Ctrl-C the arm parks in it.

A Ctrl-C or a service's SIGTERM reaches all processes at once, and Gazebo would be gone before the arm has parked.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from armature.signals import ended_with_parent, received_signals
from armature.stop_timeouts import STOP_TIMEOUT

_LOOK_EVERY = 0.1  # [s]
_END_TIME = 5.0  # for a command to end after a signal, before it gets a harder one [s]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command until it ends, until a signal and the end of the emulator, or until a SIGTERM behind it.

    Returns:
        The command's exit code; 0 where it was ended here.
    """
    line = list(sys.argv[1:] if arguments is None else arguments)
    ours = line.index("--") if "--" in line else len(line)
    options = _parser().parse_args(line[:ours])
    command = line[ours + 1 :]
    if not command:
        sys.stderr.write("error: write the command behind --\n")
        return 2
    with received_signals() as signals, ended_with_parent(os.environ):
        try:
            # In a session of its own, where no terminal's Ctrl-C reaches it, and without standard input.
            child = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)
        except OSError as error:
            sys.stderr.write(f"error: {command[0]} cannot be started: {error.strerror}\n")
            return 1
        return _run(child, signals, options.link, options.timeout)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="keep_alive", description=__doc__)
    parser.add_argument(
        "--link", type=Path, required=True, help="the emulator's link, which is removed at its end"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=STOP_TIMEOUT,
        metavar="S",
        help="how long it may take; default %(default)g",
    )
    return parser


def _run(child: subprocess.Popen[bytes], signals: Sequence[int], link: Path, timeout: float) -> int:
    give_up = None
    while child.poll() is None:
        if signals and give_up is None:
            give_up = time.monotonic() + timeout
        if signal.SIGTERM in signals[1:] or (
            give_up is not None and (not link.exists() or time.monotonic() > give_up)
        ):
            _end(child)
            return 0
        time.sleep(_LOOK_EVERY)
    return child.returncode


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask the command to end, then make it and all that it has started."""
    child.send_signal(signal.SIGINT)
    for harder in (signal.SIGTERM, signal.SIGKILL):
        with suppress(subprocess.TimeoutExpired):
            child.wait(_END_TIME)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, harder)
    child.wait()


if __name__ == "__main__":
    sys.exit(main())
