"""Whatever befalls the two servos of one joint, in whatever order: neither jumps, and all of it recovers."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from armature.bench.simulation.virtual import Bench
from armature.core.trajectory.segments import Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults import catalogue
from armature.errors import ArmatureError

from ..twin import FIRST, SECOND, twin

# What a servo may be from its goal: it lags at speed and sags under the load of both [tick].
FARTHEST = 60
EVENTS = 12


class Ordeal:
    """One arm, and what befalls it by chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.bench = twin(-1.5).start().run(0.05)
        self.told: list[str] = []
        self.events: dict[str, Callable[[str], object]] = {
            "overload": lambda who: self.bench.faults.inject(catalogue.Overload(who)),
            "silence": lambda who: self.bench.faults.inject(catalogue.Silence(who)),
            "reset": lambda who: self.bench.faults.inject(catalogue.Reset(who)),
            "brown-out": lambda who: self.bench.faults.inject(catalogue.BrownOut(who), seconds=0.3),
            "mended": lambda _: self.bench.faults.clear(),
            "clear_faults": lambda _: self.bench.loop.clear_faults(self.bench.now),
            "enable": lambda _: self.bench.loop.enable("s", self.bench.now),
            "reboot": lambda who: self.bench.loop.reboot(who, self.bench.now),
            "torque_off": lambda _: self.bench.loop.torque_off(self.bench.now),
            "move": lambda _: self.move(),
            "pause": lambda _: self.pause(),
            "cable": lambda _: self.pull_the_cable(),
            "heir": lambda _: self.inherit(),
        }

    def befall(self) -> None:
        """One event, and some cycles after it."""
        what, who = self.random.choice(list(self.events)), self.random.choice((FIRST, SECOND, "waist"))
        self.told.append(f"{what} {who}")
        with suppress(ArmatureError):  # what may not be asked for now is refused
            self.events[what](who)
        self.cycle(self.random.choice((3, 20, 80)))

    def cycle(self, count: int) -> None:
        for _ in range(count):
            self.bench.cycle()
            for name in (FIRST, SECOND):
                servo = self.bench.servo(name)
                if servo.registers[Role.TORQUE_ENABLE] and servo.is_awake:
                    away = abs(servo.registers[Role.GOAL_POSITION] - servo.drive.position)
                    assert away < FARTHEST, (name, self.told)

    def move(self) -> None:
        bench = self.bench
        begin = bench.loop.state.setpoints(bench.now)["boom"].position
        end = max(-1.7, min(1.7, begin + self.random.uniform(-0.6, 0.6)))
        way = Trajectory(("boom",), [0.0, 1.5], [[begin], [end]], [[0.0]] * 2, [[0.0]] * 2)
        bench.loop.follow(Segment(len(self.told), "s", bench.now, way), bench.now)

    def pause(self) -> None:
        for _ in range(self.random.choice((5, 15, 30))):
            self.bench.port.time += 0.01
            self.bench.far.advance(self.bench.port.time)

    def pull_the_cable(self) -> None:
        self.bench.port.unplugged = True
        self.cycle(5)
        self.bench.port.unplugged = False
        self.start(self.bench)

    def inherit(self) -> None:
        """The process dies, and another one takes its place."""
        self.bench.bus.close()
        fresh = self.fresh()
        fresh.take_over(self.bench)
        fresh.port.time = self.bench.port.time
        self.bench = fresh
        self.start(fresh)

    def fresh(self) -> Bench:
        return twin()

    def start(self, bench: Bench) -> None:
        for _ in range(3):  # as the bus process does
            with suppress(ArmatureError):
                bench.loop.start(bench.now)
                break

    def recover(self) -> None:
        """What is broken is mended; then as often as there are servos, clear_faults."""
        self.bench.faults.clear()
        self.cycle(100)
        if not self.bench.bus.is_open:
            self.start(self.bench)
        for _ in range(3):
            with suppress(ArmatureError):
                self.bench.loop.clear_faults(self.bench.now)
            self.cycle(120)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_jumps_and_all_of_it_recovers(seed):
    ordeal = Ordeal(seed)
    for _ in range(EVENTS):
        ordeal.befall()
    ordeal.recover()
    assert not ordeal.bench.loop.state.faults, (ordeal.told, ordeal.bench.loop.state.faults)
    assert ordeal.bench.loop.state.torque() in ("on", "off")
