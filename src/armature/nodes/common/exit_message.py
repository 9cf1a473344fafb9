"""How the servo interface left the arm: one line in its log, and in a file for the command line.

A topic would not do: its subscribers may be ending too, and the line must be found afterwards. Nor would the log
alone: it is rotated, and the process that keeps it may have died.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from pathlib import Path

from armature.dynamixel.loop.status import LoopStatus
from armature.dynamixel.status.states import Mode
from armature.errors import PARKING_INTERRUPTED

_PREFIX = "servo_interface: "
_SERVING = "running"  # until another message, it is unknown how the arm was left
_STAYS_ON = "torque stays on"
_TORQUE = {
    "partial": f"{_STAYS_ON} in some joints",
    "unknown": f"perhaps {_STAYS_ON}, since a servo is silent",
}
_SAID_NOTHING = f"it ended without a message; look at the arm, since perhaps its {_STAYS_ON}"


class ExitMessage:
    """Reports that the arm is served, then how it was left; after that nothing, though another thread may try."""

    def __init__(self, file: Path | None = None) -> None:
        """Args: where the newest line is written beside the log; None for nowhere."""
        self._file = file
        self._lock = threading.Lock()
        self._has_left = False

    def report_serving(self) -> None:
        """Report that the arm is served from now on."""
        with self._lock:
            if not self._has_left:
                self._report(_SERVING)

    def report_idle(self, words: str) -> None:
        """Report that the arm is not served for now, and how it was left."""
        with self._lock:
            self._report(words)

    def report_end(self, words: str) -> None:
        """Report how the arm was left."""
        with self._lock:
            self._has_left = True
            self._report(words)

    def _report(self, text: str) -> None:
        with suppress(OSError):  # its reader has gone
            print(f"{_PREFIX}{text}", file=sys.stderr, flush=True)  # noqa: T201
        if self._file is not None:
            with suppress(OSError):
                write(self._file, text)


def write_unless_reported(file: Path, words: str) -> None:
    """Write the exit message, unless the servo interface, which knows more, has reported how it left the arm."""
    said = file.read_text("utf-8", "replace").strip() if file.exists() else ""
    if said in ("", f"{_PREFIX}{_SERVING}"):
        write(file, words)


def write(file: Path, words: str) -> None:
    """Write the exit message to a file, whole or not at all."""
    fresh = file.with_name(f".{file.name}")
    fresh.write_text(f"{_PREFIX}{words}\n", "utf-8")
    fresh.replace(file)


def not_parked(why: str, status: LoopStatus) -> str:
    """The exit message of an arm that was not parked, by its torque.

    Args:
        why: what kept it from parking.
        status: the last of the bus process.
    """
    if status.torque == "off":
        return f"torque is off, and the state is {status.mode} ({status.why})"
    if status.mode == Mode.STARTING.name:
        return "not parked: it was still starting; torque is unchanged"
    reason = reason_of(why).removesuffix(f"; {_STAYS_ON}")
    return f"not parked: {reason}; {_TORQUE.get(status.torque, _STAYS_ON)}"


def reason_of(error: str) -> str:
    """Why the arm was not parked, of an error's text: without saying whether parking had begun."""
    return error.removeprefix("disable refused: ").removeprefix(PARKING_INTERRUPTED)


def read_exit_message(log: Path) -> str:
    """The last message of a log or of the file; empty where the arm was never served."""
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    said = [line.removeprefix(_PREFIX) for line in lines if line.startswith(_PREFIX)]
    if not said:
        return ""
    return f"{_PREFIX}{_SAID_NOTHING if said[-1] == _SERVING else said[-1]}"


def leaves_torque_on(words: str) -> bool:
    """Whether an exit message reports an arm that was not parked and may have torque."""
    return _STAYS_ON in words
