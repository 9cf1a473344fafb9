"""How late this machine wakes a process, on each processor: python lateness.py FILE, until it is killed."""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

_PERIOD = 0.01  # [s]
_TOLD = 0.02  # what is less is not worth a line [s]


def lateness_since(file: Path, begin: float, end: float = math.inf) -> float:
    """The longest between two monotonic times [s]."""
    told = [
        tuple(map(float, line.split())) for line in file.read_text("utf-8").splitlines() if line.count(" ") == 1
    ]
    return max((late for at, late in told if begin <= at <= end), default=0.0)


def waited(pids: Iterable[int]) -> dict[int, float]:
    """How long each process has been able to run and did not, all its life [s] (proc(5), schedstat)."""
    found = {}
    for pid in pids:
        with suppress(OSError):  # it has gone
            found[pid] = int(Path(f"/proc/{pid}/schedstat").read_text("utf-8").split()[1]) * 1e-9
    return found


def _time(processor: int, out: TextIO) -> None:
    """Write a line with the time and the lateness of each wake-up on one processor that was late [s]."""
    os.sched_setaffinity(0, {processor})  # of this thread: one that may go anywhere never waits for a busy one
    while True:
        due = time.monotonic() + _PERIOD
        time.sleep(_PERIOD)
        late = time.monotonic() - due
        if late > _TOLD:
            out.write(f"{due + late:.3f} {late:.3f}\n")


def main(file: str) -> None:
    """Time every processor that a test may run on."""
    with Path(file).open("w", buffering=1, encoding="utf-8") as out:
        timers = [threading.Thread(target=_time, args=(number, out)) for number in os.sched_getaffinity(0)]
        for timer in timers:
            timer.start()
        for timer in timers:
            timer.join()


if __name__ == "__main__":
    main(sys.argv[1])
