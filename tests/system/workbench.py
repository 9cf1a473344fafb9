"""The new arm of tests/new_arm.py on a serial device, and a person's hands, told by JSON lines what they do.

Run as a process of its own, since servos answer in real time: python -m tests.system.workbench LINK.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.bus.terminal import Terminal
from armature.emulator.faults.board import FaultBoard
from armature.nodes.common.priority import freeze_gc, prefer_real_time

from ..new_arm import ARM, BUILT, POSES, ZERO, connect_one, make_new, put_in_pose

_WINDOW = 20  # times of 10 ms over which a speed is taken
ROOT = Path(__file__).resolve().parents[2]


class Workbench:
    """The person, as a test has one: asks the process for each deed and waits until it is done."""

    def __init__(self, link: Path) -> None:
        self.link = link
        command = [sys.executable, "-m", "tests.system.workbench", str(link)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._answer()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(20)
        assert self.process.stdout
        self.process.stdout.close()

    def connect(self, joint: str) -> str:
        """Have this servo alone on the bus; returns what is typed then."""
        self._ask("connect", joint)
        return "\n"

    def assemble(self) -> None:
        """Mount all servos, and hold the arm in its zero pose."""
        self._ask("connect", "")
        self._ask("place", ZERO)

    def push(self, joint: str, position: float) -> Callable[[], object]:
        """What pushes a limp joint to a position [rad] or [m]."""
        return lambda: self._ask("place", {joint: position}) and None

    def lay_down(self) -> None:
        """Lay the limp arm in its park pose, and let go."""
        self._ask("place", POSES["park"])
        self._ask("let_go")

    def positions(self) -> dict[str, float]:
        """Where the joints truly are [rad] or [m]."""
        return dict(self._ask("positions"))

    def peaks(self) -> dict[str, float]:
        """How fast each joint truly was since it was last asked [rad/s] or [m/s]."""
        return dict(self._ask("peaks"))

    def _ask(self, deed: str, value: object = None) -> Any:
        assert self.process.stdin
        self.process.stdin.write(f"{json.dumps([deed, value])}\n")
        return self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())


class _Arm:
    """The emulator's side of it."""

    def __init__(self) -> None:
        self.bus = EmulatedBus.of_arm(ARM, BUILT, ZERO, time.monotonic())
        self.faults = FaultBoard(self.bus)
        make_new(self.bus)
        self._peaks: dict[str, float] = {}
        self._past: deque[tuple[float, list[float]]] = deque(maxlen=_WINDOW)
        self.bus.on_time(self._note_speeds)

    def _note_speeds(self, time: float) -> None:
        """Of means over a while: a servo that is shaken by its computer is no quicker for it."""
        self._past.append((time, list(map(float, self.bus.plant.positions))))
        (before, begin), (now, end) = self._past[0], self._past[-1]
        if len(self._past) == _WINDOW:
            for joint, first, last in zip(self.bus.plant.joints, begin, end, strict=True):
                self._peaks[joint] = max(self._peaks.get(joint, 0.0), abs(last - first) / (now - before))

    def do(self, deed: str, value: Any) -> object:
        """One deed; returns what was asked for."""
        if deed == "connect":
            connect_one(self.bus, value)
        elif deed == "place":
            put_in_pose(self.faults, value)
        elif deed == "let_go":
            self.faults.clear()
        elif deed == "positions":
            return [
                (joint, float(at))
                for joint, at in zip(self.bus.plant.joints, self.bus.plant.positions, strict=True)
            ]
        elif deed == "peaks":
            peaks, self._peaks = self._peaks, {}
            self._past.clear()
            return list(peaks.items())
        return True


def main() -> None:
    """Serve until the input ends."""
    arm = _Arm()

    def say(answer: object) -> None:
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()

    def answer() -> None:
        line = sys.stdin.readline()
        if not line:
            terminal.stop()
            return
        say(arm.do(*json.loads(line)))

    with Terminal(arm.bus, Path(sys.argv[1]), time.monotonic, services={sys.stdin.fileno(): answer}) as terminal:
        freeze_gc()
        prefer_real_time()
        say(True)
        with suppress(KeyboardInterrupt):
            terminal.serve()


if __name__ == "__main__":
    main()
