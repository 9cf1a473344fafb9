"""What happens to servos, and how the registers tell it."""

from __future__ import annotations

import pytest

from armature.dynamixel.protocol.packet import ALERT, Instruction
from armature.dynamixel.tables.roles import HardwareError, Role
from armature.emulator.faults.catalogue import (
    BrownOut,
    ElectricalShock,
    EncoderError,
    Overheat,
    Overload,
    Payload,
    Push,
    Reset,
    Silence,
    Slip,
    StuckJoint,
    VoltageDip,
)
from armature.emulator.servo.servo import BOOT_TIME
from armature.errors import ConfigError

from ..bench import Host

TICK = 0.02  # the firmware minds its protection at least this often [s]


def reboot(host):
    host.one(Instruction.REBOOT)
    host.wait(BOOT_TIME + TICK)


def test_a_silent_servo_holds_and_says_nothing(host):
    host.set(torque_enable=1)
    host.faults.inject(Silence("joint1"))
    assert host.ask(Instruction.PING) == []
    host.wait(0.1)
    host.faults.clear()
    assert host.read(Role.TORQUE_ENABLE) == 1


def test_a_servo_that_hears_nothing_trips_its_watchdog(host):
    """Section "Bus Watchdog(98)"."""
    host.set(torque_enable=1, bus_watchdog=10)
    host.faults.inject(Silence("joint1"))
    for _ in range(5):
        host.ask(Instruction.PING, servo_id=2)
        host.wait(0.1)
    host.faults.clear()
    assert host.read(Role.BUS_WATCHDOG) == -1


@pytest.mark.parametrize("fault", [BrownOut("joint1"), VoltageDip("joint1", voltage=3.0)])
def test_without_power_it_is_limp_and_forgets_its_ram(host, fault):
    host.set(torque_enable=1, position_p_gain=9)
    host.faults.inject(fault)
    host.wait(1.0)
    assert host.ask(Instruction.PING) == []
    assert not host.servo.drive.is_on
    host.faults.clear()
    host.wait(TICK)
    assert host.ask(Instruction.PING) == []  # it is starting
    host.wait(BOOT_TIME + TICK)
    assert (host.read(Role.TORQUE_ENABLE), host.read(Role.POSITION_P_GAIN)) == (0, 800)


def test_only_the_servo_at_the_bad_plug_is_struck(host):
    host.faults.inject(BrownOut("joint1"))
    host.wait(TICK)
    assert len(host.ask(Instruction.PING, servo_id=2)) == 1


def test_a_reset_is_over_at_once(host):
    host.set(torque_enable=1)
    host.faults.inject(Reset("joint1"))
    assert host.faults.active == ()
    host.wait(BOOT_TIME + TICK)
    assert host.read(Role.TORQUE_ENABLE) == 0


def test_low_voltage_is_told_and_turns_nothing_off(host):
    """Section "Min/Max Voltage Limit(32, 34)": the alert bit; Shutdown(63) does not name it by default."""
    host.set(torque_enable=1)
    host.faults.inject(VoltageDip("joint1", voltage=9.0))
    host.wait(TICK)
    assert host.read(Role.PRESENT_VOLTAGE) == 90
    assert host.write("LED", 1) == ALERT
    assert host.read(Role.HARDWARE_ERROR) == HardwareError.INPUT_VOLTAGE
    assert host.read(Role.TORQUE_ENABLE) == 1


def test_low_voltage_turns_torque_off_where_shutdown_names_it(host):
    host.set(shutdown=0x35)
    host.set(torque_enable=1)
    host.faults.inject(VoltageDip("joint1", voltage=9.0))
    host.wait(TICK)
    assert host.read(Role.TORQUE_ENABLE) == 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Overload("joint1"), HardwareError.OVERLOAD),
        (ElectricalShock("joint1"), HardwareError.ELECTRICAL_SHOCK),
        (Overheat("joint1"), HardwareError.OVERHEATING),
    ],
)
def test_an_error_latches_and_comes_back_while_its_cause_lasts(host, fault, error):
    """Section "Shutdown(63)": torque off until a reboot."""
    host.set(torque_enable=1)
    host.faults.inject(fault)
    host.wait(TICK)
    assert (host.read(Role.TORQUE_ENABLE), host.read(Role.HARDWARE_ERROR)) == (0, error)
    reboot(host)
    host.write(Role.TORQUE_ENABLE, 1)
    host.wait(TICK)
    assert host.read(Role.TORQUE_ENABLE) == 0
    host.faults.clear()
    assert host.read(Role.HARDWARE_ERROR) == error  # latched


def test_without_its_cause_an_error_is_gone_after_a_reboot(host):
    host.set(torque_enable=1)
    host.faults.inject(Overload("joint1"), seconds=0.1)
    host.wait(0.2)
    reboot(host)
    host.set(torque_enable=1)
    host.wait(0.2)
    assert (host.read(Role.TORQUE_ENABLE), host.read(Role.HARDWARE_ERROR)) == (1, 0)


def test_an_encoder_error_alerts_and_leaves_torque_on(host):
    """Section "Shutdown(63)": 0x34 by default, without bit 3."""
    host.set(torque_enable=1)
    host.faults.inject(EncoderError("joint1"))
    host.wait(TICK)
    assert host.write("LED", 1) == ALERT
    assert host.read(Role.TORQUE_ENABLE) == 1


def test_heat_stays_while_it_lasts_and_goes_slowly(host):
    host.faults.inject(Overheat("joint1", temperature=75.0))
    host.wait(1.0)
    assert host.read(Role.PRESENT_TEMPERATURE) == 75
    host.faults.clear()
    host.wait(10.0)
    assert 65 < host.read(Role.PRESENT_TEMPERATURE) < 75


def test_a_slipped_horn_reads_another_angle(host):
    host.faults.inject(Slip("joint1", angle=100 * host.servo.model.position_unit))
    host.wait(TICK)
    assert host.read(Role.PRESENT_POSITION) == 2_148
    host.faults.clear()
    host.wait(TICK)
    assert host.read(Role.PRESENT_POSITION) == 2_048


def test_a_stuck_joint_does_not_move(host):
    host.set(torque_enable=1)
    host.faults.inject(StuckJoint("joint1"))
    host.set(goal_position=3_000)
    host.wait(0.5)
    assert host.read(Role.PRESENT_POSITION) == pytest.approx(2_048, abs=1)
    host.faults.clear()
    host.wait(1.0)
    assert host.read(Role.PRESENT_POSITION) == pytest.approx(3_000, abs=2)


def test_a_stuck_joint_overloads_its_servo(host):
    """Section "Shutdown(63)", overload: a persistent load beyond what the servo can give."""
    host.set(torque_enable=1)
    host.faults.inject(StuckJoint("joint1"))
    host.set(goal_position=4_000)
    host.wait(3.0)
    assert host.read(Role.HARDWARE_ERROR) == HardwareError.OVERLOAD
    assert host.read(Role.TORQUE_ENABLE) == 0


def test_a_push_turns_what_is_not_held(host):
    host.faults.inject(Push("joint1", torque=0.5), seconds=0.2)
    host.wait(0.2)
    assert host.position > 0.1
    assert host.bus.plant.velocities[1] == 0.0


def test_a_payload_needs_no_link_of_a_certain_name(host):
    host.faults.inject(Payload(mass=0.5))
    assert host.bus.plant.payload == 0.5
    host.faults.clear("payload")
    assert host.bus.plant.payload == 0.0


def test_a_plant_of_another_kind_refuses_what_it_cannot_do(host):
    class Foreign:
        joints = ("joint1",)

    host.bus.plant = Foreign()
    with pytest.raises(ConfigError, match=r"stuck_joint.*its own physics"):
        host.faults.inject(StuckJoint("joint1"))


def test_the_supply_sags_under_load():
    host = Host("XM540-W270")
    host.set(torque_enable=1)
    assert host.read(Role.PRESENT_VOLTAGE) == 120
    host.faults.inject(StuckJoint("joint1"))
    host.set(goal_position=3_500)
    host.wait(0.1)
    assert 110 < host.read(Role.PRESENT_VOLTAGE) < 118
