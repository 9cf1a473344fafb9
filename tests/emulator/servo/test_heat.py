"""Heat in two nodes, and the supply that servos share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.tables.roles import Role
from armature.emulator.physics.supply import build_supplies
from armature.emulator.servo.heat import Heat
from armature.emulator.servo.motor import Motor
from armature.emulator.servo.servo import Servo

from ..bench import Host

ROOM = 25.0
squares = st.floats(0.0, 1.0)


def warmed(square, seconds, dt=0.1):
    heat = Heat()
    for _ in range(round(seconds / dt)):
        heat.step(square, dt)
    return heat


def test_forty_percent_of_the_stall_current_leads_to_the_limit_of_eighty_degrees():
    assert warmed(0.4**2, 3_000.0).case == pytest.approx(80.0, abs=1.0)


@given(square=squares)
def test_under_load_the_winding_is_hotter_than_the_case_and_the_case_than_the_room(square):
    heat = warmed(square, 20.0)
    assert heat.winding >= heat.case >= ROOM


@given(square=squares)
def test_what_was_warm_cools_down(square):
    heat = warmed(square, 60.0)
    before = heat.winding
    for _ in range(100):
        heat.step(0.0, 0.1)
    assert ROOM <= heat.winding <= before


def test_the_winding_is_quick_and_the_case_slow():
    heat = warmed(1.0, 12.0)
    assert heat.winding - ROOM > 50.0
    assert heat.case - ROOM < 15.0


@given(square=squares)
def test_the_step_does_not_matter(square):
    fine, coarse = warmed(square, 30.0, 0.01), warmed(square, 30.0, 0.1)
    assert fine.case == pytest.approx(coarse.case, abs=0.2)


def test_a_hot_winding_gives_less_torque():
    """Copper: 0.39 % more resistance for each degree."""
    motor = Motor(servo_model("XM430-W350"))
    cold = motor.turn(1.0, 0.0)
    motor.heat.winding = ROOM + 100.0
    motor.heat_up(0.01)
    assert motor.turn(1.0, 0.0) == pytest.approx(cold / 1.39, rel=0.01)


def test_heat_that_is_held_ends_with_its_cause():
    heat = Heat()
    heat.hold(90.0)
    heat.step(0.0, 10.0)
    assert heat.case == 90.0
    heat.release(90.0)
    heat.step(0.0, 10.0)
    assert heat.case < 90.0


def test_a_supply_sags_by_what_its_servos_draw():
    """Ohm's law: 0.1 Ω, and 50 mA of standby each."""
    servos = [Servo(servo_model("XM430-W350"), servo_id) for servo_id in (1, 2)]
    [supply] = build_supplies(servos)
    servos[0].drive.motor.turn(1.0, 0.0)
    supply.update()
    assert servos[1].voltage == pytest.approx(12.0 - 0.1 * (2.3 + 0.05 + 0.05))


def test_a_motor_that_brakes_draws_nothing():
    motor = Motor(servo_model("XM430-W350"))
    motor.turn(-0.2, 2.0)
    motor.turn(0.2, 4.0)  # faster than the duty asks for: the current is against it
    assert motor.supply_current == pytest.approx(0.05)


def test_servos_share_a_supply_where_all_bear_it():
    models = ("XL430-W250", "XM430-W350", "XL330-M288", "XC330-M288")
    servos = [Servo(servo_model(model), n) for n, model in enumerate(models, 1)]
    assert [supply.voltage for supply in build_supplies(servos)] == [12.0, 5.0]


def test_a_weak_supply_lets_all_servos_reset_together():
    host = Host("XM540-W270", "XM540-W270")
    [supply] = host.bus.supplies
    host.set(torque_enable=1)
    supply.voltage = 5.0
    host.wait(0.02)
    assert host.send(bytes.fromhex("FF FF FD 00 FE 03 00 01 31 42")) == b""
    supply.voltage = 12.0
    host.wait(0.5)
    assert host.read(Role.TORQUE_ENABLE) == 0
