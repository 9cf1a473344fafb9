"""Servos that hold still: a bus of any number of them, for measurements of its bytes alone.

As a program it serves them on a paced pseudo-terminal: python -m armature.bench.bus.still LINK SERVOS BAUD_RATE
"""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import ServoWiring
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.bus.terminal import Terminal
from armature.emulator.servo.servo import Servo

_MODEL = "XM430-W350"


def _make_servo(model: ServoModel, servo_id: int) -> Servo:
    return Servo(model, servo_id, measures=False)


def still_bus(count: int, baud_rate: int, make: Callable[[ServoModel, int], Servo] = _make_servo) -> EmulatedBus:
    """A bus on which nothing moves, of so many servos whose registers read what was put there.

    Args:
        count: of the servos, with ids from 1 on.
        baud_rate: [bit/s].
        make: makes a servo of a model and an id.
    """
    wirings = still_wiring(count)
    servos = [(wiring, make(wiring.model, wiring.servo_id)) for wiring in wirings]
    for _, servo in servos:
        servo.listen_at(baud_rate)
        servo.registers[Role.RETURN_DELAY] = 0
    return EmulatedBus(servos, _StillPlant(tuple(wiring.joint for wiring in wirings)), baud_rate)


class _StillPlant:
    """Joints that stand at 0 while no time passes."""

    def __init__(self, joints: tuple[str, ...]) -> None:
        self.joints = joints
        self.positions: Sequence[float] = (0.0,) * len(joints)
        self.velocities = self.positions

    def time(self, now: float) -> float:
        """It stands still, too."""
        return 0.0

    def step(self, dt: float, torques: Sequence[float | None]) -> None:
        """Nothing moves."""


def still_wiring(count: int, model: str = _MODEL) -> list[ServoWiring]:
    """Wiring of so many servos of one model, with ids from 1 on."""
    kind = servo_model(model)
    return [ServoWiring(f"joint{index}", index, kind, 1, 0.0, 1.0) for index in range(1, count + 1)]


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("link", type=Path)
    parser.add_argument("servos", type=int)
    parser.add_argument("baud_rate", type=int)
    options = parser.parse_args()
    bus = still_bus(options.servos, options.baud_rate)
    with Terminal(bus, options.link, time.monotonic) as terminal:
        signal.signal(signal.SIGTERM, lambda *_: terminal.stop())
        terminal.serve()


if __name__ == "__main__":
    main()
