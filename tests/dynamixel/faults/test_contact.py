"""Contact is felt as torque that the known load does not explain."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from armature.core.trajectory.segments import Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode
from armature.emulator.faults.servo import Push

from ..twin import ARM, WIRING
from ..virtual import Bench

# As if somebody had measured them: what the emulated motors give for an ampere.
KNOWN = dataclasses.replace(
    WIRING,
    servos=tuple(
        dataclasses.replace(
            servo, torque_constant=servo.model.stall_torque / servo.model.stall_current, second=None
        )
        for servo in WIRING.servos
    ),
)
LEVEL = {"waist": 0.0, "boom": 0.3}
BOUND = 1.0  # [N·m]


def enabled(wiring=KNOWN, bound=BOUND):
    bench = Bench(LEVEL, arm=ARM, wiring=wiring, contact={"boom": bound}).enabled()
    bench.follow_boom = lambda number, begin, end, seconds: _follow(bench, number, begin, end, seconds)
    return bench


def _follow(bench, number, begin, end, seconds):
    """Turn the boom, telling its weight: 0.6 kg at 0.2 m, level at 0."""
    times = np.linspace(0.0, seconds, 9)
    places = np.array([[begin], [end]])
    still = np.zeros_like(places)
    motion = Trajectory(("boom",), np.array([0.0, seconds]), places, still, still)
    positions, velocities, accelerations = motion.sample_many(times)
    whole = Trajectory(("boom",), times, positions, velocities, accelerations)
    loads = 0.6 * 9.81 * 0.2 * np.cos(positions)
    bench.loop.follow(Segment(number, "s1", bench.now, whole, loads), bench.now)


def begin(bench):
    return bench.loop.state.setpoints(bench.now)["boom"].position


def test_motions_and_holding_are_no_contact():
    bench = enabled()
    place = begin(bench)
    bench.follow_boom(1, place, place + 0.8, 2.0)
    bench.run(2.5)
    bench.follow_boom(2, place + 0.8, place, 2.0)
    bench.run(3.0)
    assert bench.mode() is Mode.ENABLED, bench.loop.state.why
    assert 0.0 < bench.loop.state.health()["boom"].excess < BOUND


@pytest.mark.parametrize("torque", [3.0, -3.0])
def test_a_push_at_rest_is_a_fault_that_is_told_with_the_numbers(torque):
    bench = enabled()
    place = begin(bench)
    bench.follow_boom(1, place, place + 0.2, 1.0)
    bench.run(2.5)
    bench.faults.inject(Push("boom", torque=torque))
    struck = bench.now
    bench.run_until(lambda: bench.loop.state.faults)
    assert bench.now - struck < 0.4
    fault = bench.loop.state.faults["boom"]
    assert fault.cause is Cause.CONTACT
    assert "1 more is allowed" in fault.detail
    assert "take away what it touches" in fault.remedy
    assert bench.mode() is Mode.FAULT
    assert bench.loop.state.torque() == "on"


@pytest.mark.parametrize("torque", [3.0, -3.0])
def test_the_arm_backs_off_from_a_push_while_it_moves_and_stays_enabled(torque):
    bench = enabled()
    place = begin(bench)
    bench.follow_boom(1, place, place + 0.2, 1.0)
    bench.run(0.5)
    bench.faults.inject(Push("boom", torque=torque))
    struck = bench.now
    bench.run_until(lambda: bench.loop.state.cause is Cause.CONTACT)
    assert bench.now - struck < 0.4
    bench.run(0.3)
    assert bench.mode() is Mode.ENABLED
    assert "blocked at boom" in bench.loop.state.why
    assert "1 more is allowed" in bench.loop.state.why


def test_a_push_that_goes_on_is_given_way_to_three_times_and_then_is_a_fault():
    bench = enabled()
    place = begin(bench)
    bench.follow_boom(1, place, place + 0.2, 1.0)
    bench.run(0.5)
    bench.faults.inject(Push("boom", torque=3.0))
    bench.run_until(lambda: bench.loop.state.faults, 4.0)
    assert bench.loop.state.session == ""
    where = bench.positions()["boom"]
    bench.run(3.0)
    assert bench.positions()["boom"] == pytest.approx(where, abs=0.1)


def test_once_it_is_taken_away_the_arm_can_be_enabled_again():
    bench = enabled()
    place = begin(bench)
    bench.follow_boom(1, place, place + 0.2, 1.0)
    bench.run(1.5)
    with bench.faults.injected(Push("boom", torque=3.0)):
        bench.run_until(lambda: bench.loop.state.faults)
    bench.run(0.5)
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults)
    bench.loop.enable("s2", bench.now)
    bench.run(0.5)
    assert bench.mode() is Mode.ENABLED, bench.loop.state.why


def test_without_a_known_load_nothing_is_guessed():
    bench = enabled()
    with bench.faults.injected(Push("boom", torque=3.0)):
        bench.run(1.0)
    assert not bench.loop.state.faults


def test_a_servo_whose_torque_nobody_has_measured_feels_nothing():
    bench = enabled(
        wiring=dataclasses.replace(
            WIRING, servos=tuple(dataclasses.replace(servo, second=None) for servo in WIRING.servos)
        )
    )
    place = begin(bench)
    bench.follow_boom(1, place, place + 0.2, 1.0)
    bench.run(1.5)
    with bench.faults.injected(Push("boom", torque=3.0)):
        bench.run(0.4)
    assert not bench.loop.state.faults
