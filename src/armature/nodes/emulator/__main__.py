"""The emulator's process: servos and physics of one arm behind a pseudo-terminal.

It needs no ROS, unless the arm is one in Gazebo.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.bus.terminal import Terminal
from armature.emulator.faults.board import FaultBoard
from armature.errors import ArmatureError
from armature.nodes.common.priority import freeze_gc, prefer_real_time
from armature.nodes.emulator.arm import emulated_arm
from armature.nodes.emulator.console import Console
from armature.nodes.emulator.options import read_options
from armature.signals import RUNNER_SIGNAL, ended_with_parent

_ENDS = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, RUNNER_SIGNAL)  # beside SIGTERM


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve an arm until a signal and silence on the bus, or until a second SIGTERM.

    Returns:
        The exit code.
    """
    options, ros_arguments = read_options(sys.argv[1:] if arguments is None else arguments)
    try:
        with emulated_arm(options, ros_arguments) as bus:
            _serve(options, bus)
    except ArmatureError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _serve(options: argparse.Namespace, bus: EmulatedBus) -> None:
    with (
        ended_with_parent(os.environ),
        Console(FaultBoard(bus), options.link) as console,
        Terminal(
            bus, options.link, time.monotonic, pace=options.pace, services={console.fileno(): console.answer}
        ) as terminal,
    ):
        for number in _ENDS:
            signal.signal(number, lambda *_: terminal.stop_when_silent())
        signal.signal(signal.SIGTERM, lambda *_: _stop(terminal))
        sys.stdout.write(f"ready {options.link}\n")
        sys.stdout.flush()
        # Servos do not wait for a busy computer.
        freeze_gc()
        prefer_real_time()
        terminal.serve()
        for number in (*_ENDS, signal.SIGTERM):  # it is ending, and the terminal closes
            signal.signal(number, signal.SIG_IGN)


def _stop(terminal: Terminal) -> None:
    """A SIGTERM may be for every process, and the arm must park before its servos go; the second one is not."""
    if terminal.is_ending:
        terminal.stop()
    else:
        terminal.stop_when_silent()
        with suppress(OSError):  # nobody reads it any more, as after the death of the runner
            sys.stderr.write("it ends once the bus is silent; SIGTERM again ends it now, as a loss of power\n")


if __name__ == "__main__":
    sys.exit(main())
