"""How late this machine wakes a process that asks for nothing else: the bound of every loop on it."""

from __future__ import annotations

import select
import sys
import time

from armature.nodes.common.priority import disable_gc, lock_memory, prefer_real_time


def lateness(rate: float, cycles: int) -> list[float]:
    """Lateness of so many wake-ups at a rate [Hz], by the same wait that the bus loop uses [s]."""
    disable_gc()
    lock_memory()
    prefer_real_time()
    period, found = 1.0 / rate, []
    due = time.monotonic()
    for _ in range(cycles):
        due += period
        while (left := due - time.monotonic()) > 0.0:
            select.select([], [], [], left)
        late = time.monotonic() - due
        found.append(late)
        due += period * int(late / period)
    return found


def main() -> int:
    """Print a lateness a line; the bench starts this as a process of its own."""
    rate, cycles = float(sys.argv[1]), int(sys.argv[2])
    sys.stdout.write("\n".join(f"{late:.7f}" for late in lateness(rate, cycles)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
