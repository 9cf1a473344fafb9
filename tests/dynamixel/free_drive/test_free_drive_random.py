"""Whatever befalls an arm that hands guide, in whatever order: nothing jumps, and all of it recovers."""

from __future__ import annotations

from contextlib import suppress

import pytest

from armature.bench.simulation.virtual import Bench
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.faults import catalogue
from armature.errors import ArmatureError

from ..hand import LIMIT, guided, yielding
from ..servo.test_pair_random import EVENTS, Ordeal
from ..twin import FIRST, SECOND, WIRING, twin

USUAL = round(LIMIT / 2.69e-3)  # Goal Current [2.69 mA]


class Guiding(Ordeal):
    """An arm whose boom hands guide, between everything else."""

    def __init__(self, seed: int, wiring: Wiring) -> None:
        super().__init__(seed)
        self._wiring = wiring
        self.bench = twin(-1.5, wiring=wiring).start().run(0.05)
        self.events |= {
            "free": lambda _: self.guide(begin=True),
            "enabled and free": lambda _: self.enable_and_free(),
            "held": lambda _: self.guide(begin=False),
            "hand": lambda _: guided(self.bench, "boom", self.random.uniform(-0.3, 0.5), speed=0.5),
            "push": lambda _: self.push(),
            "protective stop": lambda _: self.bench.loop.protective_stop(True, self.bench.now),
            "released": lambda _: self.bench.loop.protective_stop(False, self.bench.now),
            "orphan": lambda _: self.bench.loop.lose_parent(),
            "hold": lambda _: self.bench.loop.hold("asked for", self.bench.now),
            "leave": lambda _: self.leave(),
        }

    def guide(self, *, begin: bool) -> None:
        self.bench.loop.guide("boom", self.bench.now, begin=begin)

    def enable_and_free(self) -> None:
        with suppress(ArmatureError):
            self.bench.loop.enable("s", self.bench.now)
        self.cycle(40)
        self.guide(begin=True)

    def move(self) -> None:
        if "boom" in self.bench.loop.state.setpoints(self.bench.now):  # else it was never read
            super().move()

    def push(self) -> None:
        self.bench.faults.inject(catalogue.Push("boom", torque=self.random.uniform(-0.5, 0.5)), seconds=0.5)

    def leave(self) -> None:
        self.bench.loop.release_bus()
        self.inherit()

    def fresh(self) -> Bench:
        return twin(wiring=self._wiring)

    def recover(self) -> None:
        self.bench.loop.protective_stop(False, self.bench.now)
        super().recover()
        with suppress(ArmatureError):  # without torque there is nothing to end
            self.guide(begin=False)
        self.cycle(20)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("wiring", [WIRING, yielding("boom", wiring=WIRING)], ids=["limp", "yielding"])
def test_nothing_jumps_and_all_of_it_recovers(seed, wiring):
    ordeal = Guiding(seed, wiring)
    for _ in range(EVENTS):
        ordeal.befall()
    ordeal.recover()
    bench = ordeal.bench
    assert not bench.loop.state.faults, (ordeal.told, bench.loop.state.faults)
    assert not bench.loop.state.free_joints, ordeal.told
    assert bench.loop.state.torque() in ("on", "off"), ordeal.told
    if bench.loop.state.torque() == "on" and wiring is not WIRING:
        currents = [bench.servo(name).registers[Role.GOAL_CURRENT] for name in (FIRST, SECOND)]
        assert currents == [USUAL, USUAL], ordeal.told
