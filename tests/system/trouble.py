"""Trouble for a running graph, by seeded chance: kills, stalls, faults of the emulator, idle connections."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

from armature.emulator.faults import console
from armature.errors import ProcessError
from armature.nodes.emulator.console import ask
from armature.standalone import Supervisor

NODES = ("servo_interface", "arm_controller", "state_publisher", "monitor", "recorder")
JOINTS = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_pitch", "wrist_roll", "gripper")
LONGEST_STALL = 2.0  # [s]
LONGEST_FAULT = 3.0  # [s]
LONGEST_PAUSE = 1.5  # between two strikes [s]
CROWD = 300  # connections
# What lies about a joint's place, or moves it by force, is left out: no step of its own could be judged.
OF_A_SERVO = {
    "silence": {},
    "voltage_dip": {"voltage": "9"},
    "reset": {},
    "overload": {},
    "encoder_error": {},
    "electrical_shock": {},
    "overheat": {"temperature": "85"},
    "stuck_joint": {},
}
OF_THE_WIRE = {
    "drop": {"probability": "0.2"},
    "ignore": {"probability": "0.2"},
    "corrupt": {"probability": "0.2"},
    "corrupt_requests": {"probability": "0.2"},
    "noise": {"probability": "0.2"},
    "late": {"probability": "0.2"},
    "delay": {"probability": "0.2"},
    "unplug": {},
}


class Trouble:
    """Strikes a graph from a thread of its own until it is told to end; what it did is kept, with the time."""

    def __init__(self, runtime: Path, port: int, seed: int) -> None:
        """Args: the graph's runtime folder, the page's port, and the seed of the chance."""
        self.done: list[tuple[float, str]] = []
        self._runtime, self._port = runtime, port
        self._link = runtime / "bus"
        self._random = Random(seed)
        self._ending = threading.Event()
        self._stalled: list[tuple[float, int]] = []  # until when, process id
        self._crowd: list[socket.socket] = []
        self._thread = threading.Thread(target=self._strike, name="trouble")

    def __enter__(self) -> Trouble:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        self._wake(float("inf"))
        self._disperse()
        see_to_it(self._link)

    def _strike(self) -> None:
        strikes: tuple[Callable[[], str], ...] = (self._kill, self._stall, self._stall, self._fault, self._fault)
        while not self._ending.is_set():
            what = self._random.choice((*strikes, self._spoil, self._gather))
            self.done.append((time.monotonic(), what()))
            end = time.monotonic() + self._random.uniform(0.0, LONGEST_PAUSE)
            while time.monotonic() < end and not self._ending.wait(0.01):
                self._wake(time.monotonic())

    def _kill(self) -> str:
        name = self._random.choice((*NODES, *NODES, "bus", "bus", "emulator"))
        for pid in self._processes(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return f"kill -9 {name}"

    def _stall(self) -> str:
        name, seconds = (
            self._random.choice((*NODES, "bus", "emulator")),
            self._random.uniform(0.05, LONGEST_STALL),
        )
        for pid in self._processes(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                self._stalled.append((time.monotonic() + seconds, pid))
        return f"stall {name} for {seconds:.2f} s"

    def _wake(self, now: float) -> None:
        for item in [item for item in self._stalled if item[0] <= now]:
            self._stalled.remove(item)
            with suppress(ProcessLookupError):
                os.kill(item[1], signal.SIGCONT)

    def _fault(self) -> str:
        name = self._random.choice(tuple(OF_A_SERVO))
        return self._inject(name, self._random.choice(JOINTS), OF_A_SERVO[name])

    def _spoil(self) -> str:
        name = self._random.choice(tuple(OF_THE_WIRE))
        values = {} if name == "unplug" else {"seed": str(self._random.randrange(1000))}
        return self._inject(name, None, OF_THE_WIRE[name] | values)

    def _inject(self, name: str, joint: str | None, values: dict[str, str]) -> str:
        seconds = self._random.uniform(0.1, LONGEST_FAULT)
        told = f"fault {name} {joint or ''} for {seconds:.2f} s"
        try:
            console.read_reply(ask(self._link, console.inject(name, joint, values, seconds)))
        except ProcessError:  # the emulator is stalled, or dead
            return f"{told}: nobody took it"
        return told

    def _gather(self) -> str:
        self._disperse()
        for _ in range(CROWD):
            with suppress(OSError):  # the monitor is dead
                self._crowd.append(socket.create_connection(("127.0.0.1", self._port), timeout=0.1))
        return f"{len(self._crowd)} idle connections"

    def _disperse(self) -> None:
        while self._crowd:
            self._crowd.pop().close()

    def _processes(self, name: str) -> list[int]:
        if name == "bus":  # no process of the runner's
            return bus_children(self._link)
        with suppress(ProcessError):
            told = Supervisor(self._runtime).processes()
            return [int(info["pid"]) for info in told if info["name"] == name and info["pid"]]
        return []


def see_to_it(link: Path) -> None:
    """By hand: what has struck is taken away, and what is hot is cooled."""
    with suppress(ProcessError):  # there is no emulator just now, so no fault either
        ask(link, console.clear(None))
        for joint in JOINTS:
            ask(link, console.inject("overheat", joint, {"temperature": "40"}, 0.1))


def hold_up(link: Path) -> None:
    """Somebody supports the arm."""
    with suppress(ProcessError):
        ask(link, console.inject("stuck_joint", None, {}, float("inf")))


def put_up(link: Path, pose: Mapping[str, float]) -> None:
    """Somebody brings limp joints to a pose, and supports the arm there."""
    with suppress(ProcessError):
        for joint, place in pose.items():
            ask(link, console.inject("place", joint, {"position": str(place)}, float("inf")))


def let_go(link: Path) -> None:
    """Nobody supports it any more."""
    with suppress(ProcessError):
        for name in ("stuck_joint", "place"):
            ask(link, console.clear(name))


def bus_children(link: Path) -> list[int]:
    """Process ids of bus children for a port."""
    lines = _read_all("cmdline")
    return [
        pid
        for pid, line in lines
        if b"armature.nodes.bus_process" in line and str(link).encode() in b" ".join(line)
    ]


def left_behind(runtime: Path) -> list[int]:
    """Process ids of whatever was started for a runtime folder, whosever child it is now."""
    mark = f"ARMATURE_RUNTIME={runtime}".encode()
    return [pid for pid, variables in _read_all("environ") if mark in variables]


def running_from(runtime: Path) -> list[str]:
    """Command lines that name the runtime folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(runtime) in line:
            found.append(line)
    return found


def are_all_up(runtime: Path) -> bool:
    """Whether the runner says that all processes run."""
    with suppress(ProcessError):
        return all(info["statename"] == "RUNNING" for info in Supervisor(runtime).processes())
    return False


def _read_all(name: str) -> Iterator[tuple[int, list[bytes]]]:
    for entry in Path("/proc").glob(f"[0-9]*/{name}"):
        with suppress(OSError):
            yield int(entry.parent.name), entry.read_bytes().split(b"\0")
