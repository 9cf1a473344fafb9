"""Hands on the arm: a joint that is put somewhere, and a servo that is fresh from the factory."""

from __future__ import annotations

import pytest

from armature.bench.simulation.virtual import Bench
from armature.dynamixel.protocol.discovery import FoundServo, survey
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.catalogue import Place, StuckJoint, make
from armature.emulator.servo.servo import BOOT_TIME
from armature.errors import ConfigError


@pytest.fixture
def bench():
    bench = Bench()
    bench.bus.open()
    return bench


def wait(bench, seconds=0.5):
    """Steps of the bench's time; a longer pause would be skipped."""
    for _ in range(round(seconds / 0.05)):
        bench.port.time += 0.05
        bench.far.advance(bench.port.time)


def test_a_placed_joint_is_where_it_was_put_and_stays_against_its_weight(bench):
    bench.faults.inject(make("place", "elbow", {"position": "0.3"}))
    wait(bench)
    assert bench.positions()["elbow"] == pytest.approx(0.3, abs=2e-3)
    bench.faults.clear()
    wait(bench)
    assert abs(bench.positions()["elbow"] - 0.3) > 0.05


def test_without_a_joint_all_are_placed_and_a_finger_takes_the_other_along(bench):
    bench.faults.inject(Place())
    wait(bench, 0.1)
    assert list(bench.positions().values()) == pytest.approx([0.0] * 7, abs=1e-3)


def test_another_place_takes_the_place_of_the_first(bench):
    for position in (0.3, -0.2):
        bench.faults.inject(Place("elbow", position))
    wait(bench)
    assert bench.positions()["elbow"] == pytest.approx(-0.2, abs=2e-3)


def test_a_jammed_joint_stays_jammed_when_the_hand_lets_go(bench):
    bench.faults.inject(StuckJoint("elbow"))
    with bench.faults.injected(Place("elbow", 0.3)):
        wait(bench, 0.1)
    wait(bench)
    assert bench.positions()["elbow"] == pytest.approx(0.3, abs=2e-3)


def test_a_hand_does_not_fight_a_motor(bench):
    elbow = bench.servo("elbow")
    elbow.write(elbow.model[Role.TORQUE_ENABLE].address, b"\x01")
    before = bench.positions()
    with pytest.raises(ConfigError, match="its torque is on; place a limp joint"):
        bench.faults.inject(Place("elbow", 0.3))
    assert bench.positions() == before


def test_a_joint_goes_no_further_than_its_stop(bench):
    with pytest.raises(ConfigError, match=r"position of elbow: 2.0 .* its stops are at -1.92 and 1.048"):
        bench.faults.inject(Place("elbow", 2.0))
    assert bench.faults.active == ()


def test_a_servo_from_the_factory_is_on_the_wire_alone(bench):
    bench.far.factory_reset("elbow")
    wait(bench, BOOT_TIME)
    assert survey(bench.port).found == ()  # it speaks at the factory's rate
    bench.port.baud_rate = bench.far.wire.baud_rate = 57_600
    elbow = bench.servo("elbow")
    assert survey(bench.port).found == (FoundServo(1, elbow.model.number, 48),)
    assert elbow.registers[Role.RETURN_DELAY] == 250


def test_only_a_servo_of_the_arm_can_be_new(bench):
    with pytest.raises(ConfigError, match="'knee' cannot be used; joints are waist"):
        bench.far.factory_reset("knee")
