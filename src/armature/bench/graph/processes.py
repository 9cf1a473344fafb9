"""CPU time and memory of processes, as the kernel accounts for them (proc(5))."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")  # [1/s]


def cpu_time(pid: int) -> float:
    """User and system time that a process has used [s]."""
    # The second field is the command's name in brackets, and may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def proportional_set_size(pid: int) -> float:
    """Memory of a process, what it shares being divided among the sharers [MB]."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1000.0
    return 0.0


def children(pid: int) -> list[int]:
    """Processes that a process has started, from whichever of its threads."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for of_thread in lists for child in of_thread.read_text("utf-8").split()]


@contextmanager
def running_script(source: str, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """A Python process of its own, killed in the end; gives its id.

    Args:
        source: what it runs.
        environment: its variables; None for this process's.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", source], env=None if environment is None else dict(environment)
    )
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()
