"""Motor, control laws and their limits, against hand-made figures."""

from __future__ import annotations

import math

import pytest

from armature.dynamixel.protocol.packet import Error
from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.tables.x_series.ratings import RATINGS
from armature.emulator.servo.motor import Motor

from ..bench import Host

XM430 = servo_model("XM430-W350")
MIDDLE = math.pi  # angle of the horn at which the bench begins [rad]


def test_the_motor_has_its_ratings():
    """XM430-W350, "Specifications": 4.1 N·m and 2.3 A at standstill, 46 rev/min without load, at 12 V."""
    motor = Motor(XM430)
    assert motor.turn(1.0, 0.0) == pytest.approx(4.1)
    assert motor.load * motor.stall_current == pytest.approx(2.3)
    assert motor.turn(1.0, 46 * 2 * math.pi / 60) == pytest.approx(0.0)
    assert motor.turn(-0.5, 0.0) == pytest.approx(-2.05)


def test_the_supply_scales_torque_and_speed():
    motor = Motor(XM430)
    motor.supply(6.0)
    assert motor.turn(1.0, 0.0) == pytest.approx(2.05)


def test_heat_goes_with_the_square_of_the_current():
    half, full = Motor(XM430), Motor(XM430)
    for motor, duty in ((half, 0.5), (full, 1.0)):
        motor.turn(duty, 0.0)
        motor.heat_up(1.0)
    assert full.temperature - 25.0 == pytest.approx(4.0 * (half.temperature - 25.0))


def test_a_resting_motor_cools():
    motor = Motor(XM430)
    motor.heat.case = motor.heat.winding = 60.0
    motor.coast()
    motor.heat_up(30.0)
    assert 25.0 < motor.temperature < 59.0


@pytest.mark.parametrize("p_gain", [400, 800, 1_600])
def test_stiffness_follows_the_p_gain(p_gain):
    """Section "Position PID Gain": KPP = P/128 PWM values a tick, of which 885 are the stall torque."""
    host = Host("XM430-W350")
    host.set(position_p_gain=p_gain, torque_enable=1)
    turned = 50 * XM430.position_unit
    torque = host.servo.drive.step(MIDDLE - turned, 0.0, 0.001)
    assert torque == pytest.approx(p_gain / 128 * 50 / 885 * 4.1, rel=0.01)
    assert host.read(Role.PRESENT_PWM) == pytest.approx(p_gain / 128 * 50, abs=1)
    assert host.read(Role.PRESENT_CURRENT) == pytest.approx(torque / 4.1 * 2.3 / 2.69e-3, abs=1)


def test_goal_pwm_limits_position_control():
    host = Host("XM430-W350")
    host.set(goal_pwm=100, torque_enable=1, goal_position=4_000)
    assert host.servo.drive.step(0.0, 0.0, 0.001) == pytest.approx(4.1 * 100 / 885, rel=0.01)


def test_the_i_gain_removes_what_the_p_gain_leaves():
    host = Host("XM430-W350")
    host.set(position_i_gain=2_000, torque_enable=1)
    first = host.servo.drive.step(MIDDLE - 0.01, 0.0, 0.001)
    for _ in range(500):
        last = host.servo.drive.step(MIDDLE - 0.01, 0.0, 0.001)
    assert last > 1.5 * first


def test_the_sum_does_not_wind_up():
    host = Host("XM430-W350")
    host.set(position_i_gain=16_383, torque_enable=1)
    for _ in range(5_000):
        host.servo.drive.step(MIDDLE - 1.0, 0.0, 0.001)
    assert host.servo.drive.step(MIDDLE + 0.02, 0.0, 0.001) < 4.1


def test_the_d_gain_brakes():
    torques = []
    for d_gain in (0, 4_000):
        host = Host("XM430-W350")
        host.set(position_d_gain=d_gain, torque_enable=1)
        for n in range(5):
            torque = host.servo.drive.step(MIDDLE + n * 1e-3, 1.0, 0.001)
        torques.append(torque)
    assert torques[1] < torques[0] < 0


def test_velocity_control_reaches_its_goal(host):
    host.set(operating_mode=1, torque_enable=1, goal_velocity=-100)
    host.wait(2.0)
    assert host.read(Role.PRESENT_VELOCITY) == pytest.approx(-100, abs=2)
    assert host.read(Role.VELOCITY_TRAJECTORY) == -100


def test_velocity_control_ramps_by_the_profile_acceleration(host):
    """Section "Profile Velocity(112)", note: t1 = 64 · Goal Velocity / Profile Acceleration, in ms."""
    host.set(operating_mode=1, profile_acceleration=10, torque_enable=1, goal_velocity=100)
    host.wait(0.32)
    assert host.read(Role.VELOCITY_TRAJECTORY) == pytest.approx(50, abs=1)
    host.wait(0.33)
    assert host.read(Role.VELOCITY_TRAJECTORY) == 100


def test_current_control_drives_its_current_at_any_speed(host):
    host.set(operating_mode=0, torque_enable=1, goal_current=100)
    host.wait(0.05)
    assert host.read(Role.PRESENT_CURRENT) == pytest.approx(100, abs=1)
    assert host.position > 0.0


def test_current_based_position_control_limits_the_current(host):
    host.set(operating_mode=5, torque_enable=1, goal_current=50, goal_position=4_000)
    host.wait(0.05)
    assert host.read(Role.PRESENT_CURRENT) == pytest.approx(50, abs=1)


def test_current_based_position_control_arrives(host):
    host.set(operating_mode=5, position_d_gain=4_400, torque_enable=1, goal_position=2_500)
    host.wait(2.0)
    assert host.read(Role.PRESENT_POSITION) == pytest.approx(2_500, abs=5)


def test_pwm_control_applies_its_duty(host):
    host.set(operating_mode=16, torque_enable=1, goal_pwm=443)
    host.wait(2.0)
    no_load = XM430.no_load_speed / XM430.velocity_unit
    assert host.read(Role.PRESENT_VELOCITY) == pytest.approx(443 / 885 * no_load, abs=2)


def test_the_no_load_speed_is_never_exceeded(host):
    host.set(torque_enable=1, goal_position=0)
    fastest = 0.0
    for _ in range(20):
        host.wait(0.05)
        fastest = max(fastest, abs(host.bus.plant.velocities[0]))
    assert 0.8 * XM430.no_load_speed < fastest <= XM430.no_load_speed


def test_the_profile_bounds_velocity_and_acceleration(host):
    host.set(torque_enable=1, profile_velocity=50, profile_acceleration=10, goal_position=4_000)
    seen = []
    for _ in range(30):
        host.wait(0.05)
        seen.append(host.read(Role.VELOCITY_TRAJECTORY))
    assert max(seen) == 50
    assert host.read(Role.PRESENT_VELOCITY) == pytest.approx(50, abs=3)


def test_a_time_based_profile_arrives_in_its_time(host):
    """Section "Drive Mode(10)", bit 2: Profile Velocity is the duration in ms."""
    host.set(drive_mode=4, torque_enable=1, profile_velocity=1_000, profile_acceleration=300)
    host.set(goal_position=3_000)
    host.wait(0.9)
    assert host.read(Role.MOVING_STATUS) & 0x02
    host.wait(0.15)
    assert not host.read(Role.MOVING_STATUS) & 0x02


def test_a_load_model_tells_its_load_in_tenths_of_a_percent():
    """XL430-W250, section "Present Load(126)"."""
    host = Host("XL430-W250")
    host.set(operating_mode=16, torque_enable=1, goal_pwm=442)
    host.servo.drive.step(0.0, 0.0, 0.001)
    assert host.read(Role.PRESENT_LOAD) == pytest.approx(500, abs=2)


def test_a_goal_beyond_the_limit_does_not_move_the_horn(host):
    host.set(torque_enable=1)
    assert host.write(Role.GOAL_POSITION, 5_000) == Error.DATA_LIMIT
    host.wait(0.3)
    assert host.read(Role.PRESENT_POSITION) == 2_048


@pytest.mark.parametrize("model", sorted(RATINGS))
def test_every_model_starts_well_and_follows_its_goal(model):
    host = Host(model)
    host.set(torque_enable=1, profile_velocity=100, profile_acceleration=20, goal_position=2_500)
    host.wait(2.0)
    assert host.read(Role.PRESENT_POSITION) == pytest.approx(2_500, abs=10)
    assert host.read(Role.HARDWARE_ERROR) == 0
    assert host.read(Role.PRESENT_VOLTAGE) == pytest.approx(host.servo.model.nominal_voltage * 10.0, abs=1)
