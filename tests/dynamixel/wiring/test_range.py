"""A range of motion of the wiring file bounds what the loop does, on virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from armature.bench.simulation.virtual import ARM, POSES, WIRING, Bench
from armature.core.planning.transfer import transfer
from armature.core.trajectory.segments import Segment
from armature.dynamixel.status.states import Mode
from armature.errors import CommandRefused, GoalRefused

SHORT = replace(
    WIRING,
    servos=tuple(
        replace(servo, range=(-0.5, 0.75) if servo.joint == "waist" else None) for servo in WIRING.servos
    ),
)


def turn(bench, end):
    """Turn the waist to a place [rad]."""
    begin = bench.loop.state.setpoints(bench.now)["waist"].position
    way = transfer(["waist"], {"waist": begin}, {"waist": end}, {"waist": ARM.limit("waist")}, bench.dynamics, 1.0)
    bench.loop.follow(Segment(1, "s1", bench.now, way), bench.now)
    bench.run(way.duration + 0.1)


def test_positions_within_it_are_followed_and_beyond_it_refused_with_both_ends():
    bench = Bench(wiring=SHORT).enabled()
    turn(bench, 0.7)
    with pytest.raises(
        GoalRefused, match=r"waist position: 0\.\d+ refused; it must be within -0\.5250 and 0\.7750"
    ):
        turn(bench, 0.9)
    assert bench.mode() is Mode.HOLDING
    assert bench.loop.state.setpoints(bench.now)["waist"].position == pytest.approx(0.7, abs=0.01)


def test_the_same_motion_is_followed_without_it():
    bench = Bench().enabled()
    turn(bench, 0.9)
    assert bench.mode() is Mode.ENABLED


def test_an_arm_that_stands_beyond_it_is_not_enabled():
    bench = Bench({**POSES["home"], "waist": 1.0}, wiring=SHORT).start()
    with pytest.raises(CommandRefused, match=r"waist is at 1\.0\d+, its limits are -0\.5000 to 0\.7500"):
        bench.loop.enable("s1", bench.now)
    assert bench.loop.state.torque() == "off"
