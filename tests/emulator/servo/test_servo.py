"""Sections of the e-Manual's X series pages, "Control Table Description"."""

from __future__ import annotations

import pytest

from armature.dynamixel.protocol.packet import ALERT, BROADCAST_ID, Error, Instruction, encode
from armature.dynamixel.tables.roles import HardwareError, Role
from armature.emulator.faults.catalogue import Push, StuckJoint
from armature.emulator.servo.servo import BOOT_TIME

from ..bench import Host, place


def test_eeprom_is_locked_while_torque_is_on(host):
    host.set(torque_enable=1)
    assert host.write(Role.ID, 5) == Error.ACCESS
    assert host.write(Role.OPERATING_MODE, 1) == Error.ACCESS
    host.set(torque_enable=0, id=5)
    assert host.servo.servo_id == 5


def test_torque_off_leaves_the_horn_free(host):
    host.set(goal_position=3_000)
    host.wait(0.3)
    assert host.position == 0.0
    assert host.read(Role.PRESENT_CURRENT) == 0


def test_torque_on_moves_to_the_goal_register(host):
    """The register keeps what was written before; a host that wants no jump writes the present position first."""
    host.set(goal_position=3_000, torque_enable=1)
    host.wait(1.0)
    assert host.read(Role.PRESENT_POSITION) == pytest.approx(3_000, abs=2)


def test_switching_torque_on_twice_changes_nothing(host):
    host.set(torque_enable=1, profile_velocity=50, goal_position=3_000)
    host.wait(0.2)
    trajectory = host.read(Role.POSITION_TRAJECTORY)
    host.set(torque_enable=1)
    assert host.read(Role.POSITION_TRAJECTORY) == trajectory


def test_goal_position_starts_where_the_horn_is(host):
    assert host.read(Role.GOAL_POSITION) == host.read(Role.PRESENT_POSITION) == 2048


@pytest.mark.parametrize(("level", "ping", "read", "write"), [(0, 1, 0, 0), (1, 1, 1, 0), (2, 1, 1, 1)])
def test_status_return_level(host, level, ping, read, write):
    host.ask(Instruction.WRITE, place(68) + bytes([level]))
    assert len(host.ask(Instruction.PING)) == ping
    assert len(host.ask(Instruction.READ, place(132) + place(4))) == read
    assert len(host.ask(Instruction.WRITE, place(65) + b"\x01")) == write
    assert host.servo.registers["LED"] == 1


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        (Role.GOAL_POSITION, 4_096, Error.DATA_LIMIT),
        (Role.GOAL_POSITION, -1, Error.DATA_LIMIT),
        (Role.GOAL_VELOCITY, 201, Error.DATA_LIMIT),
        (Role.GOAL_VELOCITY, -201, Error.DATA_LIMIT),
        (Role.GOAL_VELOCITY, -200, Error.NONE),
        (Role.GOAL_VELOCITY, 2_000, Error.DATA_RANGE),
        (Role.OPERATING_MODE, 2, Error.DATA_RANGE),
        (Role.OPERATING_MODE, 17, Error.DATA_RANGE),
        (Role.PRESENT_POSITION, 0, Error.ACCESS),
        (Role.DRIVE_MODE, 14, Error.DATA_RANGE),
    ],
)
def test_values_that_are_refused(host, name, value, error):
    before = host.read(name)
    assert host.write(name, value) == error
    assert host.read(name) == (value if error is Error.NONE else before)


def test_goals_obey_limits_that_were_narrowed(host):
    host.set(pwm_limit=300, current_limit=100, min_position_limit=1_000, max_position_limit=3_000)
    assert host.write(Role.GOAL_PWM, 301) == Error.DATA_LIMIT
    assert host.write(Role.GOAL_CURRENT, -101) == Error.DATA_LIMIT
    assert host.write(Role.GOAL_POSITION, 999) == Error.DATA_LIMIT
    host.set(goal_pwm=-300, goal_current=100, goal_position=1_000)


def test_extended_position_control_has_no_position_limit(host):
    host.set(operating_mode=4, goal_position=-8_000)
    assert host.write(Role.GOAL_POSITION, 1_048_576) == Error.DATA_RANGE


@pytest.mark.parametrize("mode", [0, 5])
def test_a_model_without_current_sensor_has_no_current_modes(host, mode):
    """XL430-W250, section "Operating Mode(11)": 1, 3, 4 and 16."""
    assert host.write(Role.OPERATING_MODE, mode, servo_id=3) == Error.DATA_RANGE
    assert host.write(Role.OPERATING_MODE, 16, servo_id=3) == Error.NONE


def test_switching_the_mode_resets_profile_and_goals(host):
    """Section "Operating Mode(11)", note."""
    host.set(profile_velocity=9, profile_acceleration=9, goal_pwm=9, goal_current=9)
    host.set(operating_mode=5)
    read = [
        host.read(name)
        for name in (Role.PROFILE_VELOCITY, Role.PROFILE_ACCELERATION, Role.GOAL_PWM, Role.GOAL_CURRENT)
    ]
    assert read == [0, 0, 885, 1_193]


def test_reboot_forgets_ram_and_keeps_eeprom(host):
    host.set(return_delay=0, position_p_gain=9, torque_enable=1)
    assert host.one(Instruction.REBOOT).error == Error.NONE
    assert host.ask(Instruction.PING) == []
    host.wait(BOOT_TIME + 0.02)
    assert (host.read(Role.POSITION_P_GAIN), host.read(Role.TORQUE_ENABLE)) == (800, 0)
    assert host.read(Role.RETURN_DELAY) == 0


def test_reboot_for_all_is_not_answered(host):
    assert host.ask(Instruction.REBOOT, servo_id=BROADCAST_ID) == []
    assert host.ask(Instruction.PING, servo_id=BROADCAST_ID) == []


def turn_in_extended_mode(host, goal):
    host.set(operating_mode=4, torque_enable=1, goal_position=goal)
    host.wait(3.5)
    assert host.read(Role.PRESENT_POSITION) == pytest.approx(goal, abs=3)


def test_reboot_loses_whole_turns(host):
    """Section "Operating Mode(11)", note on Present Position: reset into one turn."""
    turn_in_extended_mode(host, 10_000)
    host.one(Instruction.REBOOT)
    host.wait(BOOT_TIME + 0.02)
    assert host.read(Role.PRESENT_POSITION) == pytest.approx(10_000 - 8_192, abs=3)


def test_torque_on_in_position_control_brings_the_position_into_one_turn(host):
    turn_in_extended_mode(host, 10_000)
    host.set(torque_enable=0)
    assert host.read(Role.PRESENT_POSITION) > 9_000
    host.set(operating_mode=3)
    assert host.read(Role.PRESENT_POSITION) == pytest.approx(1_808, abs=3)


def test_clear_brings_the_position_into_one_turn(host):
    turn_in_extended_mode(host, 10_000)
    assert host.one(Instruction.CLEAR, bytes.fromhex("01 44 58 4C 22")).error == Error.NONE
    assert host.read(Role.PRESENT_POSITION) == pytest.approx(1_808, abs=3)
    before = host.position
    host.wait(0.5)
    assert host.position == pytest.approx(before, abs=0.01)


def test_clear_while_moving_fails(host):
    """Protocol 2.0, "Clear": Result Fail."""
    host.set(operating_mode=4, torque_enable=1, goal_position=10_000)
    host.wait(0.2)
    assert host.one(Instruction.CLEAR, bytes.fromhex("01 44 58 4C 22")).error == Error.RESULT_FAIL


@pytest.mark.parametrize("parameters", ["", "01", "01 44 58 4C 23", "02 44 58 4C 22"])
def test_clear_with_other_values_is_refused(host, parameters):
    assert host.one(Instruction.CLEAR, bytes.fromhex(parameters)).error == Error.DATA_RANGE


def test_homing_offset_is_added(host):
    """Section "Homing Offset(20)": position control ignores more than 1,024 ticks."""
    host.set(homing_offset=-100)
    assert host.read(Role.PRESENT_POSITION) == 1_948
    host.set(homing_offset=1_025)
    assert host.read(Role.PRESENT_POSITION) == 2_048
    host.set(operating_mode=4)
    assert host.read(Role.PRESENT_POSITION) == 3_073


def test_reverse_mode_turns_the_other_way(host):
    """Section "Drive Mode(10)", bit 0."""
    host.set(drive_mode=1)
    start = host.read(Role.PRESENT_POSITION)
    host.set(goal_position=start, torque_enable=1)
    host.set(goal_position=start + 300)
    host.wait(1.0)
    assert host.read(Role.PRESENT_POSITION) == pytest.approx(start + 300, abs=2)
    assert host.position == pytest.approx(-300 * host.servo.model.position_unit, abs=0.01)


def test_torque_on_by_goal_update(host):
    """Section "Drive Mode(10)", bit 3."""
    host.set(drive_mode=8, goal_position=2_148)
    assert host.read(Role.TORQUE_ENABLE) == 1
    host.wait(0.5)
    assert host.read(Role.PRESENT_POSITION) == pytest.approx(2_148, abs=2)


class TestBusWatchdog:
    """Section "Bus Watchdog(98)"."""

    @pytest.fixture
    def tripped(self, host):
        host.set(torque_enable=1, profile_velocity=50, goal_position=4_000, bus_watchdog=5)
        host.wait(0.5)
        return host

    def test_silence_stops_the_motor_and_is_told(self, tripped):
        stopped = tripped.position
        assert 0.0 < stopped < 0.3
        assert tripped.read(Role.BUS_WATCHDOG) == -1
        tripped.wait(0.5)
        assert tripped.position == pytest.approx(stopped, abs=0.01)
        assert tripped.read(Role.TORQUE_ENABLE) == 1

    def test_goals_are_locked_until_zero_is_written(self, tripped):
        assert tripped.write(Role.GOAL_POSITION, 2_100) == Error.DATA_RANGE
        assert tripped.write(Role.GOAL_PWM, 100) == Error.DATA_RANGE
        tripped.set(bus_watchdog=0, goal_position=2_100)
        tripped.wait(1.0)
        assert tripped.read(Role.PRESENT_POSITION) == pytest.approx(2_100, abs=2)

    def test_any_instruction_on_the_bus_feeds_it(self, host):
        host.set(torque_enable=1, bus_watchdog=5)
        for _ in range(10):
            host.ask(Instruction.PING, servo_id=99)
            host.wait(0.08)
        assert host.read(Role.BUS_WATCHDOG) == 5

    def test_it_sleeps_while_torque_is_off(self, host):
        host.set(bus_watchdog=1)
        host.wait(0.5)
        assert host.read(Role.BUS_WATCHDOG) == 1

    def test_it_stops_a_turning_wheel(self, host):
        host.set(operating_mode=1, torque_enable=1, goal_velocity=100, bus_watchdog=10)
        host.wait(1.0)
        assert host.read(Role.BUS_WATCHDOG) == -1
        assert abs(host.read(Role.PRESENT_VELOCITY)) <= 1


class TestHardwareErrors:
    """Section "Shutdown(63)"."""

    def test_an_error_sets_the_alert_bit_and_turns_torque_off(self, host):
        host.set(torque_enable=1)
        host.servo.fail(HardwareError.ELECTRICAL_SHOCK)
        reply = host.one(Instruction.READ, place(64) + place(1))
        assert (reply.error, reply.data) == (ALERT, b"\x00")
        assert host.read(Role.HARDWARE_ERROR) == 0x10

    def test_torque_stays_off_until_a_reboot(self, host):
        host.servo.fail(HardwareError.ELECTRICAL_SHOCK)
        assert host.write(Role.TORQUE_ENABLE, 1) == ALERT
        assert host.read(Role.TORQUE_ENABLE) == 0
        host.one(Instruction.REBOOT)
        host.wait(BOOT_TIME + 0.02)
        host.set(torque_enable=1)
        assert (host.read(Role.TORQUE_ENABLE), host.read(Role.HARDWARE_ERROR)) == (1, 0)

    def test_an_error_that_shutdown_does_not_name_only_alerts(self, host):
        host.set(torque_enable=1)
        host.servo.fail(HardwareError.INPUT_VOLTAGE)
        assert host.write("LED", 1) == ALERT
        assert host.read(Role.TORQUE_ENABLE) == 1

    def test_the_alert_stands_beside_the_error_number(self, host):
        host.servo.fail(HardwareError.INPUT_VOLTAGE)
        assert host.write("LED", 2) == ALERT | Error.DATA_RANGE

    def test_a_blocked_motor_is_overloaded(self, host):
        host.set(torque_enable=1, goal_position=4_000)
        for _ in range(300):
            host.servo.drive.step(0.0, 0.0, 0.01)  # the horn does not move
            host.servo.advance(0.01)
        assert host.read(Role.HARDWARE_ERROR) == HardwareError.OVERLOAD
        assert host.read(Role.TORQUE_ENABLE) == 0

    def test_a_motor_that_works_hard_for_long_overheats(self, host):
        host.set(operating_mode=0, torque_enable=1, goal_current=500)
        hottest = 0
        for _ in range(2_600):
            host.servo.drive.step(0.0, 0.0, 0.1)
            host.servo.advance(0.1)
            hottest = max(hottest, host.read(Role.PRESENT_TEMPERATURE))
        assert host.read(Role.HARDWARE_ERROR) == HardwareError.OVERHEATING
        assert host.read(Role.TORQUE_ENABLE) == 0
        assert 80 < hottest < 83  # the winding goes on warming the case


def test_voltage_and_temperature_are_those_of_the_plug_and_the_room(host):
    assert host.read(Role.PRESENT_VOLTAGE, servo_id=3) == 120
    assert host.read(Role.PRESENT_TEMPERATURE) == 25


def test_realtime_tick_counts_milliseconds_and_begins_anew(host):
    """Section "Realtime Tick(120)": 0 to 32,767."""
    host.wait(1.0)
    assert host.read(Role.REALTIME_TICK) == pytest.approx(1_000, abs=10)
    for _ in range(32):
        host.servo.advance(1.0)
    assert host.read(Role.REALTIME_TICK) == pytest.approx(33_000 - 32_768, abs=10)


def test_moving_and_moving_status_follow_the_profile(host):
    """Sections "Moving(122)" and "Moving Status(123)"."""
    host.set(torque_enable=1, profile_velocity=100, profile_acceleration=20, goal_position=3_500)
    host.wait(0.3)
    assert host.read(Role.MOVING) == 1
    assert host.read(Role.MOVING_STATUS) & 0x33 == 0x32  # trapezoidal, ongoing, not in position
    host.wait(3.0)
    assert host.read(Role.MOVING) == 0
    assert host.read(Role.MOVING_STATUS) & 0x0F == 0x01


def test_a_horn_turned_by_hand_is_moving():
    host = Host("XM430-W350")
    host.servo.drive.step(0.0, 1.0, 0.001)
    assert host.read(Role.MOVING) == 1


class TestFirmware:
    """What older firmware lacks."""

    def test_clear_came_with_42(self, host):
        """Protocol 2.0, "Clear"."""
        host.servo.registers[Role.FIRMWARE_VERSION] = 41
        assert host.one(Instruction.CLEAR, bytes.fromhex("01 44 58 4C 22")).error == Error.INSTRUCTION

    def test_the_bus_watchdog_came_with_38(self, host):
        """Section "Bus Watchdog(98)"."""
        host.servo.registers[Role.FIRMWARE_VERSION] = 37
        assert host.write(Role.BUS_WATCHDOG, 10) == Error.ACCESS

    @pytest.mark.parametrize(("model", "last"), [("XM430-W350", 44), ("XL330-M288", 45)])
    def test_a_servo_without_fast_sync_read_silences_those_behind(self, model, last):
        """Protocol 2.0, "Fast Sync Read": firmware 45 of X430 and X540, 46 of X330."""
        host = Host("XM430-W350", model)
        request = encode(BROADCAST_ID, Instruction.FAST_SYNC_READ, place(132) + place(4) + bytes([1, 2]))
        whole = host.send(request)
        host.bus.servos[1].registers[Role.FIRMWARE_VERSION] = last
        assert len(host.send(request)) == len(whole) - 8  # error, id, data and CRC of the second
        host.bus.servos[1].registers[Role.FIRMWARE_VERSION] = last + 1
        assert len(host.send(request)) == len(whole)


def test_switching_the_mode_resets_the_gains(host):
    """Section "Operating Mode(11)", note."""
    gains = [role for role in Role if role.is_gain]
    host.set(**dict.fromkeys(gains, 9))
    host.set(operating_mode=3)  # it is in this mode already
    assert host.read(Role.POSITION_P_GAIN) == 9
    host.set(operating_mode=4)
    assert [host.read(role) for role in gains] == [1_920, 100, 0, 0, 800, 0, 0]


class TestTrippedWatchdog:
    """Section "Bus Watchdog(98)" in each mode, and what users report of it."""

    def trip(self, host):
        host.write(Role.BUS_WATCHDOG, 5)
        host.wait(0.3)
        assert host.read(Role.BUS_WATCHDOG) == -1

    @pytest.mark.parametrize(
        ("mode", "goal", "value"),
        [(0, Role.GOAL_CURRENT, 100), (1, Role.GOAL_VELOCITY, 100), (16, Role.GOAL_PWM, 200)],
    )
    def test_without_position_control_the_motor_gives_nothing_and_its_goal_is_zero(self, host, mode, goal, value):
        host.set(operating_mode=mode, torque_enable=1)
        host.write(goal, value)
        host.wait(0.05)
        self.trip(host)
        assert host.read(goal) == 0
        assert host.read(Role.TORQUE_ENABLE) == 1
        host.wait(1.0)
        assert abs(host.read(Role.PRESENT_VELOCITY)) <= 1 or mode == 0  # without friction, a free wheel turns on
        assert host.read(Role.PRESENT_CURRENT) == pytest.approx(0, abs=2)

    def test_in_current_control_an_arm_falls(self):
        """Nothing holds a joint whose goal current is 0."""
        host = Host("XM430-W350")
        host.set(operating_mode=0, torque_enable=1, goal_current=50)
        self.trip(host)
        with host.faults.injected(Push("joint1", torque=-0.5)):
            before = host.position
            host.wait(0.3)
        assert host.position < before - 0.2

    def test_in_position_control_it_holds_where_it_stopped(self, host):
        host.set(torque_enable=1, profile_velocity=50, goal_position=4_000)
        host.wait(0.3)
        self.trip(host)
        assert host.read(Role.GOAL_POSITION) == pytest.approx(host.read(Role.PRESENT_POSITION), abs=3)
        assert (host.read(Role.PROFILE_VELOCITY), host.read(Role.PROFILE_ACCELERATION)) == (0, 0)

    def test_nothing_moves_when_it_is_cleared(self, host):
        host.set(operating_mode=1, torque_enable=1, goal_velocity=100)
        self.trip(host)
        host.set(LED=1, bus_watchdog=0)
        host.wait(0.5)
        assert abs(host.read(Role.PRESENT_VELOCITY)) <= 1

    def test_with_a_homing_offset_in_extended_position_control_it_runs_away(self, host):
        """DynamixelSDK, issue 584: the goal becomes a value that is not the present position, for ever."""
        host.set(homing_offset=200, operating_mode=4)
        host.set(goal_position=host.read(Role.PRESENT_POSITION), torque_enable=1)
        host.wait(0.2)
        start = host.position
        self.trip(host)
        host.wait(1.0)
        after = host.position
        host.wait(1.0)
        assert after < start - 1.0
        assert host.position < after - 1.0

    def test_without_a_homing_offset_extended_position_control_holds(self, host):
        host.set(operating_mode=4, torque_enable=1)
        self.trip(host)
        with host.faults.injected(Push("joint1", torque=0.3)):
            host.wait(0.5)
            sagged = host.position
            host.wait(0.5)
        assert sagged > 0.001
        assert host.position == pytest.approx(sagged, abs=1e-4)  # it does not creep

    def test_a_servo_of_the_330_size_does_not_stop(self):
        """forum.robotis.com/t/4814: ROBOTIS reproduced it with all models of that size."""
        host = Host("XL330-M288")
        host.set(operating_mode=1, torque_enable=1, goal_velocity=100)
        self.trip(host)
        assert host.write(Role.GOAL_VELOCITY, 50) == Error.DATA_RANGE
        host.wait(0.5)
        assert host.read(Role.PRESENT_VELOCITY) == pytest.approx(100, abs=3)


def test_overload_takes_its_time(host):
    """Section "Shutdown(63)": a *persistent* load."""
    host.set(torque_enable=1)
    host.faults.inject(StuckJoint("joint1"))
    host.set(goal_position=4_000)
    host.wait(1.0)
    assert host.read(Role.TORQUE_ENABLE) == 1
    host.wait(1.0)
    assert host.read(Role.TORQUE_ENABLE) == 0


@pytest.mark.parametrize(("voltage", "error"), [(94, 1), (95, 0), (160, 0), (161, 1)])
def test_the_voltage_limits_are_inclusive(host, voltage, error):
    """Section "Min/Max Voltage Limit(32, 34)": when the voltage exits the range."""
    host.servo.power(voltage / 10.0)
    host.servo.advance(0.01)
    assert host.servo.registers[Role.HARDWARE_ERROR] == error


def test_goal_velocity_beyond_its_limit_register_is_a_limit_error_and_beyond_its_range_a_range_error(host):
    """Protocol 2.0, "Error": 4 and 6."""
    host.set(velocity_limit=50)
    assert host.write(Role.GOAL_VELOCITY, 51) == Error.DATA_LIMIT
    assert host.write(Role.GOAL_VELOCITY, 5_000) == Error.DATA_RANGE


def test_small_servos_are_fed_with_their_own_voltage():
    host = Host("XM430-W350", "XL330-M288")
    assert host.read(Role.PRESENT_VOLTAGE, 1) == 120
    assert host.read(Role.PRESENT_VOLTAGE, 2) == 50
    assert host.read(Role.HARDWARE_ERROR, 2) == 0
