"""Shows the progress of setup: a line for each finished step, and on a terminal also the running ones."""

from __future__ import annotations

import sys
import threading
from typing import TextIO

from armature.provision.steps import SetupStep


class Progress:
    """Prints the steps as they begin and end, from any thread."""

    def __init__(self, total: int, stream: TextIO = sys.stdout) -> None:
        self._total = total
        self._ended = 0
        self._running: list[str] = []
        self._stream = stream
        self._lock = threading.Lock()

    def note_started(self, step: SetupStep) -> None:
        """Note that a step begins."""
        with self._lock:
            self._running.append(step.title)
            self._show_running()

    def print_done(self, step: SetupStep, seconds: float) -> None:
        """Print a step that has succeeded."""
        with self._lock:
            self._ended += 1
            self._running.remove(step.title)
            self._clear_line()
            print(f"[{self._ended}/{self._total}] {step.title} ({seconds:.1f} s)", file=self._stream, flush=True)
            self._show_running()

    def close(self) -> None:
        """Leave the cursor on an empty line."""
        with self._lock:
            self._clear_line()

    def _show_running(self) -> None:
        if self._stream.isatty() and self._running:
            self._clear_line()
            print(f"      {', '.join(self._running)} …"[:79], end="", file=self._stream, flush=True)

    def _clear_line(self) -> None:
        if self._stream.isatty():
            print("\r\033[K", end="", file=self._stream, flush=True)
