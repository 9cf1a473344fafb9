"""The bus cycle against the wire's own time, bare system calls, the stock SDK and LeRobot, all in one run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from armature.bench.bus.contenders import Armature, Bare, Contender, LeRobot, StockSdk
from armature.bench.bus.still import still_wiring
from armature.bench.figure import Figure
from armature.dynamixel.protocol.packet import BITS_PER_BYTE
from armature.dynamixel.wiring.arm import ServoWiring
from armature.errors import ProcessError

SERVOS = 7
BAUD_RATES = (1_000_000, 4_000_000)
_ROUNDS = 10  # contenders take turns, so that a busy moment of the machine strikes them all
_CYCLES = 60  # a round
_READY_TIME = 20.0  # [s]
# Its extra "dynamixel" pins an SDK older than ours; its bus works with ours as well.
_HOW_TO_GET_LEROBOT = "pip install lerobot, which brings torch, into another environment that has Armature"

Maker = Callable[[str, int, Sequence[ServoWiring]], Contender]
CONTENDERS: Mapping[str, Maker] = {
    "bare write, poll and read": Bare,
    "Armature": Armature,
    "the stock SDK": StockSdk,
    "LeRobot": LeRobot,
}


@dataclass(frozen=True)
class Cost:
    """What a cycle takes."""

    times: np.ndarray  # of each cycle [s]. Shape (n,)
    cpu: float  # of this process, a cycle [s]

    @property
    def median(self) -> float:
        """Duration that half of the cycles stay below [s]."""
        return float(np.median(self.times))


def wire_time(servos: int, baud_rate: int) -> float:
    """Time that the bytes of one cycle take on the wire [s].

    Protocol 2.0 manual: Sync Write 14 + 5 n bytes, Fast Sync Read 14 + n bytes, its answer 8 + 14 n bytes.
    """
    size = (14 + 5 * servos) + (14 + servos) + (8 + 14 * servos)
    return size * BITS_PER_BYTE / baud_rate


def measure() -> Iterator[Figure]:
    """One write of goals and one read of current, velocity and position of seven servos, at each baud rate."""
    if find_spec("lerobot") is None:
        sys.stderr.write(f"LeRobot is not measured; to have it: {_HOW_TO_GET_LEROBOT}\n")
    for baud_rate in BAUD_RATES:
        yield from _figures(baud_rate)


def compare(servos: int, baud_rate: int, names: Sequence[str]) -> dict[str, Cost]:
    """Measure contenders in turns on one paced terminal; those that are not installed are left out.

    Raises:
        ProcessError: the servos are not served, or do not answer.
    """
    times: dict[str, list[float]] = {name: [] for name in names}
    cpu = dict.fromkeys(names, 0.0)
    with _serve(servos, baud_rate) as path:
        for _ in range(_ROUNDS):
            for name in tuple(times):
                try:
                    contender = CONTENDERS[name](path, baud_rate, still_wiring(servos))
                except ImportError:
                    del times[name]
                    continue
                cpu[name] += _round(contender, times[name])
    for name, found in times.items():
        if len(found) < max(1, _ROUNDS * _CYCLES // 2):
            raise ProcessError(name, f"only {len(found)} cycles were answered", "free the machine")
    return {name: Cost(np.array(found), cpu[name] / (_ROUNDS * _CYCLES)) for name, found in times.items()}


def _round(contender: Contender, times: list[float]) -> float:
    """Some cycles; returns the processor time that they took [s]."""
    try:
        contender.cycle()
        spent = time.process_time()
        for _ in range(_CYCLES):
            begun = time.perf_counter()
            if contender.cycle():
                times.append(time.perf_counter() - begun)
        return time.process_time() - spent
    finally:
        contender.close()


def _figures(baud_rate: int) -> Iterator[Figure]:
    costs = compare(SERVOS, baud_rate, tuple(CONTENDERS))
    bus = f"{SERVOS} servos at {baud_rate / 1e6:g} Mbps"
    wire = 1e3 * wire_time(SERVOS, baud_rate)
    for name, cost in costs.items():
        yield Figure(f"bus cycle of {bus}, {name}, p50", 1e3 * cost.median, "ms", wire, "the wire's time")
    bare, stock = costs["bare write, poll and read"], costs["the stock SDK"]
    more = 1e3 * (costs["Armature"].median - bare.median)
    yield Figure(f"bus cycle of {bus}, Armature more than bare, p50", more, "ms")
    for name, cost in costs.items():
        yield Figure(f"CPU of a cycle of {bus}, {name}", 1e3 * cost.cpu, "ms", 1e3 * stock.cpu, "the stock SDK's")


@contextmanager
def _serve(servos: int, baud_rate: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "bus"
        command = [sys.executable, "-m", "armature.bench.bus.still", str(link), str(servos), str(baud_rate)]
        server = subprocess.Popen(command)
        try:
            _await(link, server)
            yield str(link)
        finally:
            server.terminate()
            server.wait()


def _await(link: Path, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _READY_TIME
    while not link.exists():
        if server.poll() is not None or time.monotonic() > give_up:
            server.kill()
            raise ProcessError(
                "servos", "they are not served", "run it by hand: python -m armature.bench.bus.still"
            )
        time.sleep(0.01)
