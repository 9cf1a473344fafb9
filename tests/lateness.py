"""How late this machine wakes a process, beside a test: python lateness.py FILE, until it is killed."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

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


def main(file: str) -> None:
    """Write a line with the time and the lateness of each wake-up that was late [s]."""
    with Path(file).open("w", buffering=1, encoding="utf-8") as out:
        while True:
            due = time.monotonic() + _PERIOD
            time.sleep(_PERIOD)
            late = time.monotonic() - due
            if late > _TOLD:
                out.write(f"{due + late:.3f} {late:.3f}\n")


if __name__ == "__main__":
    main(sys.argv[1])
