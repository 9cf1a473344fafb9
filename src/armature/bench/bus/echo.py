"""How long this machine takes to carry bytes over a pseudo-terminal and back: the bound of an emulated bus on it.

The kernel hands them on in a worker of its own, at the precedence of ordinary processes.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import tty

from armature.nodes.common.priority import disable_gc, lock_memory, prefer_real_time

_WORD = b"\0" * 16
_TIMEOUT = 1.0  # [s]


def durations(rate: float, count: int) -> list[float]:
    """Of so many echoes, begun at a rate [Hz] by a process with precedence and answered by another [s]."""
    near, far = os.openpty()
    tty.setraw(far)
    disable_gc()
    lock_memory()
    prefer_real_time()
    echo = os.fork()
    if not echo:
        while True:
            os.write(near, os.read(near, len(_WORD)))
    try:
        return [_echoed(far, 1.0 / rate) for _ in range(count)]
    finally:
        os.kill(echo, signal.SIGKILL)
        os.waitpid(echo, 0)


def _echoed(line: int, period: float) -> float:
    begun, missing = time.monotonic(), len(_WORD)
    os.write(line, _WORD)
    while missing and select.select([line], [], [], _TIMEOUT)[0]:
        missing -= len(os.read(line, missing))
    took = time.monotonic() - begun
    select.select([], [], [], max(0.0, period - took))
    return took


def main() -> int:
    """Print a duration a line; the bench starts this as a process of its own."""
    rate, count = float(sys.argv[1]), int(sys.argv[2])
    sys.stdout.write("\n".join(f"{took:.7f}" for took in durations(rate, count)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
