"""Runs other programs: output to a log file, a failure as one line, none left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from armature.errors import SetupError, system_reason

_FOREIGN = (
    "PYTHONPATH",
    "PYTHONHOME",
    "AMENT_PREFIX_PATH",
    "CMAKE_PREFIX_PATH",
    "LD_LIBRARY_PATH",
    "COLCON_PREFIX_PATH",
)
"""Variables of a sourced ROS 2 installation that must not reach into the environment being made."""


class Runner:
    """Starts programs for one step or several at once, and can end them all.

    Attributes:
        logs: Folder of the log files.
    """

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(
        self,
        step: str,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        remedy: str,
    ) -> None:
        """Run a program to its end.

        Args:
            step: Name of the step; its log is `<logs>/<step>.log`.
            command: Program and arguments.
            cwd: Folder to run it in.
            env: Variables added to the inherited ones.
            remedy: What the user can do if it fails.

        Raises:
            SetupError: The program cannot be started, fails, or was ended by `stop`.
        """
        log = self.logs / f"{step}.log"
        with log.open("ab") as output:
            output.write(f"$ {' '.join(map(str, command))}\n".encode())
            output.flush()
            code = self._wait(self._start(step, command, output.fileno(), cwd, env or {}))
        if code != 0:
            raise SetupError(step, _error_line(log) or f"exit code {code}", f"{remedy} (whole log: {log})")

    def remove_log(self, step: str) -> None:
        """Remove the log of an earlier run."""
        (self.logs / f"{step}.log").unlink(missing_ok=True)

    def stop(self) -> None:
        """End every running program and start no further one."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                with suppress(ProcessLookupError):  # it has just ended by itself
                    os.killpg(process.pid, signal.SIGTERM)

    def _start(
        self, step: str, command: Sequence[str | Path], output: int, cwd: Path | None, env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        inherited = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        with self._lock:
            if self._stopped:
                raise SetupError(step, "stopped", "run it again")
            try:
                process = subprocess.Popen(
                    list(map(str, command)),
                    cwd=cwd,
                    env={**inherited, **env},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise SetupError(
                    step, f"{system_reason(error)}: {command[0]}", "install it or correct PATH"
                ) from error
            self._running.add(process)
        return process

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait()
        finally:
            with self._lock:
                self._running.discard(process)


def _error_line(log: Path) -> str:
    """The first line with an error, else the last line."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines[1:] if re.search(r"\b(error|fatal)\b", line, re.IGNORECASE)]
    return (errors[:1] or lines[-1:] or [""])[0][:300]
