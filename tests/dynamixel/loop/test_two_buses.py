"""Two arms on two ports in one process: neither knows of the other."""

from __future__ import annotations

import pytest

from armature.core.trajectory.segments import Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode
from armature.emulator.faults import catalogue
from armature.errors import CommandRefused

from ..twin import twin
from ..virtual import Bench


class Both:
    """Two loops that take turns, cycle by cycle."""

    def __init__(self):
        self.left, self.right = Bench("park").start(), twin(-1.5).start()
        self.run(0.05)
        self.left.loop.enable("left", self.left.now)
        self.right.loop.enable("right", self.right.now)

    def run(self, seconds: float) -> None:
        end = self.left.now + seconds
        while self.left.now < end:
            self.left.cycle()
            self.right.cycle()

    def send(self, bench: Bench, session: str, distance: float = 0.4, seconds: float = 1.0) -> float:
        """Begin to turn a waist; returns where it will be [rad]."""
        begin = bench.loop.state.setpoints(bench.now)["waist"].position
        way = Trajectory(("waist",), [0.0, seconds], [[begin], [begin + distance]], [[0.0]] * 2, [[0.0]] * 2)
        bench.loop.follow(Segment(1, session, bench.now, way), bench.now)
        return begin + distance


@pytest.fixture
def both():
    return Both()


def test_both_move_at_once(both):
    ends = both.send(both.left, "left"), both.send(both.right, "right", -0.4)
    both.run(1.3)
    for bench, end in zip((both.left, both.right), ends, strict=True):
        assert bench.positions()["waist"] == pytest.approx(end, abs=0.02)
        assert bench.mode() is Mode.ENABLED
        assert bench.bus.statistics().error_rate == 0.0


def test_a_session_of_one_commands_nothing_on_the_other(both):
    with pytest.raises(CommandRefused, match="it is of session left, the present one is right"):
        both.send(both.right, "left")


@pytest.mark.parametrize("strike", ["unplug", "fault"])
def test_what_strikes_one_does_not_stop_the_other(both, strike):
    end = both.send(both.right, "right")
    both.run(0.3)
    if strike == "unplug":
        both.left.port.unplugged = True
    else:
        both.left.faults.inject(catalogue.Overload("waist"))
    both.run(1.0)
    assert both.left.mode() is (Mode.DISCONNECTED if strike == "unplug" else Mode.FAULT)
    assert both.left.loop.state.cause in (Cause.DISCONNECTED, Cause.OVERLOAD)
    assert both.right.mode() is Mode.ENABLED
    assert both.right.positions()["waist"] == pytest.approx(end, abs=0.02)
    assert not both.right.loop.state.faults


def test_a_bus_that_comes_back_holds_while_the_other_goes_on(both):
    both.left.port.unplugged = True
    both.run(0.1)
    both.left.port.unplugged = False
    end = both.send(both.right, "right")
    both.left.loop.start(both.left.now)
    both.run(1.3)
    assert both.left.mode() is Mode.HOLDING
    assert both.right.positions()["waist"] == pytest.approx(end, abs=0.02)
