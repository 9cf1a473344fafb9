from __future__ import annotations

import math

import pytest

from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import HardwareError, Role
from armature.errors import CommandRefused, PortError

from ..loop.test_loop_motion import move
from ..virtual import JOINTS, Bench

HALF_A_DEGREE = 0.5 * math.pi / 180.0


@pytest.fixture
def bench():
    return Bench("park").enabled()


def others(joint: str) -> list[str]:
    return [other for other in JOINTS if other != joint]


def read(bench: Bench) -> set[str]:
    """Joints that were read in the last cycle."""
    return {joint for joint, axis in bench.loop.state.axes.items() if not math.isnan(axis.position)}


# A silent servo


@pytest.mark.parametrize("joint", JOINTS)
def test_a_silent_servo_is_named_after_the_cycles_allowed_and_no_other_is(bench, joint):
    bench.silence(joint)
    cycles = 0
    while not bench.loop.state.faults:
        bench.cycle()
        cycles += 1
        assert joint not in read(bench)
    assert cycles == 5
    assert set(bench.loop.state.faults) == {joint}
    fault = bench.loop.state.faults[joint]
    assert fault.cause is Cause.MISSING
    assert "does not answer" in fault.detail
    assert "is taken back automatically once it answers" in fault.remedy
    bench.cycle()
    assert read(bench) == set(others(joint))


def test_two_silent_servos_are_named_and_the_others_are_read(bench):
    bench.silence("waist")
    bench.silence("forearm_roll")
    bench.run(0.5)
    assert set(bench.loop.state.faults) == {"waist", "forearm_roll"}
    assert read(bench) == set(JOINTS) - {"waist", "forearm_roll"}


def test_a_servo_that_misses_fewer_cycles_is_absent_and_no_fault(bench):
    bench.silence("elbow")
    for _ in range(3):
        bench.cycle()
        assert "elbow" not in read(bench)
    bench.speak("elbow")
    bench.run(0.05)
    assert read(bench) == set(JOINTS)
    assert bench.mode() is Mode.ENABLED


def test_a_silent_servo_stops_the_others_which_hold(bench):
    bench.loop.follow(move(bench, 0.4, 0.8), bench.now)
    bench.run(0.3)
    bench.silence("elbow")
    bench.run(0.6)
    assert bench.mode() is Mode.FAULT
    assert bench.loop.state.session == ""
    rest = bench.positions()["waist"]
    bench.run(0.2)
    assert bench.positions()["waist"] == pytest.approx(rest, abs=0.002)
    with pytest.raises(CommandRefused, match="the state is FAULT"):
        bench.loop.enable("s2", bench.now)


def test_a_servo_that_answers_again_joins_by_itself_and_nothing_moves(bench):
    bench.silence("elbow")
    bench.run(0.3)
    places = bench.positions()
    bench.speak("elbow")
    bench.run_until(lambda: not bench.loop.state.faults)
    bench.run(0.2)
    assert bench.mode() is Mode.HOLDING
    assert "recovered" in bench.loop.state.why
    assert all(abs(bench.positions()[j] - places[j]) < HALF_A_DEGREE for j in JOINTS)


def test_what_a_silent_servo_once_told_is_forgotten(bench):
    bench.run(0.2)
    axis = bench.loop.state.axes["elbow"]
    assert axis.temperature > 0
    bench.silence("elbow")
    bench.run(0.3)
    assert math.isnan(axis.temperature)
    assert math.isnan(axis.voltage)


def test_a_silent_servo_cannot_be_cleared(bench):
    bench.silence("elbow")
    bench.run(0.3)
    with pytest.raises(CommandRefused, match="elbow: it does not answer; check cable and power"):
        bench.loop.clear_faults(bench.now)


def test_a_silent_servo_of_a_disabled_arm_is_named_too_and_returns():
    bench = Bench("park").start()
    bench.silence("elbow")
    bench.run(0.3)
    assert bench.mode() is Mode.FAULT
    bench.speak("elbow")
    bench.run_until(lambda: bench.mode() is Mode.DISABLED)


def test_a_servo_goal_is_not_written_while_its_state_is_unknown(bench):
    bench.silence("waist")
    bench.run(0.3)
    goal = bench.servo("waist").registers[Role.GOAL_POSITION]
    bench.run(0.1)
    assert bench.servo("waist").registers[Role.GOAL_POSITION] == goal


# A servo that was reset


@pytest.fixture
def reset():
    """The elbow was reset, and has had time to start again and to be found."""
    registers = {joint: {Role.POSITION_P_GAIN: 900, Role.PROFILE_VELOCITY: 0} for joint in JOINTS}
    bench = Bench("park", registers=registers).enabled()
    bench.servo("elbow").reboot()
    bench.run(0.7)
    return bench


def test_a_reset_servo_is_a_fault_until_it_is_cleared(reset):
    reset.run(0.3)
    assert reset.mode() is Mode.FAULT
    assert "torque is off" in reset.loop.state.faults["elbow"].detail
    assert "run armature clear" in reset.loop.state.faults["elbow"].remedy
    assert reset.loop.state.torque() == "partial"
    assert reset.servo("elbow").registers[Role.TORQUE_ENABLE] == 0


def test_a_short_reset_is_noticed_though_no_cycle_was_missed(bench):
    bench.servo("elbow").reboot()
    bench.servo("elbow")._booting = 0.0
    bench.run(0.3)
    assert bench.loop.state.faults["elbow"].cause is Cause.SILENT_RESET


def test_clearing_restores_ram_and_sets_the_goal_to_where_the_joint_is(reset):
    places = reset.positions()
    assert reset.servo("elbow").registers[Role.POSITION_P_GAIN] != 900
    assert "recovering elbow" in reset.loop.clear_faults(reset.now)
    reset.run_until(lambda: not reset.loop.state.faults)
    reset.run(0.3)
    assert reset.mode() is Mode.HOLDING
    assert reset.loop.state.torque() == "on"
    assert reset.servo("elbow").registers[Role.POSITION_P_GAIN] == 900
    assert all(abs(reset.positions()[j] - places[j]) < HALF_A_DEGREE for j in JOINTS)


def test_a_whole_arm_that_lost_power_is_disabled_once_cleared(bench):
    for servo in bench.far.servos:
        servo.reboot()
    bench.run(0.5)
    bench.run_until(lambda: all(f.cause is Cause.SILENT_RESET for f in bench.loop.state.faults.values()), 10.0)
    assert set(bench.loop.state.faults) == set(JOINTS)
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults)
    assert bench.mode() is Mode.DISABLED
    assert bench.loop.state.torque() == "off"


def test_clearing_without_a_fault_says_so(bench):
    assert bench.loop.clear_faults(bench.now) == "there is no fault"
    assert bench.mode() is Mode.ENABLED


def test_a_recovery_that_fails_says_why_and_can_be_asked_again(reset):
    elbow = reset.servo("elbow")
    take = elbow.write
    elbow.write = lambda address, data: 1
    reset.loop.clear_faults(reset.now)
    reset.run(0.1)
    assert reset.mode() is Mode.FAULT
    assert "elbow: recovery failed: servo 3 refused" in reset.loop.state.why
    elbow.write = take
    reset.loop.clear_faults(reset.now)
    reset.run_until(lambda: not reset.loop.state.faults)


# A hardware error


@pytest.fixture
def overloaded(bench):
    bench.servo("elbow").fail(HardwareError.OVERLOAD)
    return bench


def test_an_overload_is_named_within_two_cycles_and_the_others_stop(overloaded):
    overloaded.run(0.03)
    assert overloaded.mode() is Mode.FAULT
    assert overloaded.loop.state.faults["elbow"].cause is Cause.OVERLOAD
    assert set(overloaded.loop.state.faults) == {"elbow"}
    assert overloaded.loop.state.session == ""


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (HardwareError.INPUT_VOLTAGE, Cause.INPUT_VOLTAGE),
        (HardwareError.OVERHEATING, Cause.OVERHEATING),
        (HardwareError.MOTOR_ENCODER, Cause.ENCODER),
        (HardwareError.ELECTRICAL_SHOCK, Cause.ELECTRICAL_SHOCK),
        (HardwareError.OVERHEATING | HardwareError.OVERLOAD, Cause.OVERHEATING),
    ],
)
def test_every_hardware_error_is_told_apart_the_gravest_first(bench, error, cause):
    bench.servo("waist").fail(error)
    bench.run(0.05)
    assert bench.loop.state.faults["waist"].cause is cause
    assert "the servo reports it" in bench.loop.state.faults["waist"].detail


def test_clearing_an_overload_reboots_that_servo_alone(overloaded):
    overloaded.run(0.05)
    reboots = []
    for servo in overloaded.far.servos:
        servo.reboot = lambda servo=servo, reboot=servo.reboot: (reboots.append(servo.servo_id), reboot())
    places = overloaded.positions()
    overloaded.loop.clear_faults(overloaded.now)
    overloaded.run_until(lambda: not overloaded.loop.state.faults)
    overloaded.run(0.2)
    assert reboots == [3]
    assert overloaded.mode() is Mode.HOLDING
    assert overloaded.loop.state.torque() == "on"
    moved = {j for j in JOINTS if abs(overloaded.positions()[j] - places[j]) > HALF_A_DEGREE}
    assert moved <= {"elbow"}


def test_the_cycle_goes_on_while_a_servo_reboots(overloaded):
    overloaded.run(0.05)
    overloaded.loop.clear_faults(overloaded.now)
    before, begun = overloaded.loop.state.cycles, overloaded.now
    overloaded.run(0.25)
    assert overloaded.loop.state.cycles - before > 0.8 * (overloaded.now - begun) / 0.01


def test_a_servo_that_does_not_come_back_from_its_reboot_is_named(overloaded):
    overloaded.run(0.05)
    overloaded.loop.clear_faults(overloaded.now)
    overloaded.silence("elbow")
    overloaded.run_until(lambda: overloaded.loop.state.faults["elbow"].cause is Cause.MISSING)


def test_an_error_that_comes_back_is_a_fault_again(overloaded):
    overloaded.run(0.05)
    overloaded.loop.clear_faults(overloaded.now)
    overloaded.run_until(lambda: not overloaded.loop.state.faults)
    overloaded.servo("elbow").fail(HardwareError.OVERLOAD)
    overloaded.run(0.05)
    assert overloaded.loop.state.faults["elbow"].cause is Cause.OVERLOAD


def test_a_protective_stop_during_a_fault_leaves_the_fault(overloaded):
    overloaded.run(0.05)
    overloaded.loop.protective_stop(True, overloaded.now)
    assert overloaded.mode() is Mode.PROTECTIVE_STOP
    assert not overloaded.loop.protective_stop(False, overloaded.now)  # the state says it, with the fault
    assert overloaded.mode() is Mode.FAULT
    assert overloaded.loop.state.why.endswith("protective stop released")
    said = overloaded.loop.protective_stop(False, overloaded.now)
    assert said == "there is no protective stop to release"
    assert overloaded.mode() is Mode.FAULT


# The bus


def test_a_lost_bus_is_told_and_every_reading_is_gone(bench):
    bench.port.unplugged = True
    bench.cycle()
    assert bench.mode() is Mode.DISCONNECTED
    assert read(bench) == set()
    assert "the port is gone" in bench.loop.state.why
    assert bench.loop.state.session == ""


@pytest.mark.parametrize("request_name", ["enable", "clear_faults"])
def test_a_bus_that_is_lost_within_a_request_leaves_no_reading_either(request_name):
    bench = Bench("park").start().run(0.05)
    if request_name == "clear_faults":
        bench.servo("elbow").fail(HardwareError.OVERLOAD)
        bench.run(0.05)
    bench.port.unplugged = True
    with pytest.raises(PortError):
        bench.loop.enable("s", bench.now) if request_name == "enable" else bench.loop.clear_faults(bench.now)
    bench.cycle()
    assert read(bench) == set()
    assert bench.mode() is Mode.DISCONNECTED


def test_a_bus_that_is_back_is_holding_again_and_nothing_moved(bench):
    bench.loop.follow(move(bench, 0.4, 0.8), bench.now)
    bench.run(0.3)
    bench.port.unplugged = True
    bench.run(0.2)
    places = bench.positions()
    bench.port.unplugged = False
    bench.start()
    bench.run(0.3)
    assert bench.mode() is Mode.HOLDING
    assert all(abs(bench.positions()[j] - places[j]) < HALF_A_DEGREE for j in JOINTS)
    assert read(bench) == set(JOINTS)


def test_a_bus_that_is_back_without_power_kept_is_a_fault(bench):
    bench.port.unplugged = True
    bench.run(0.02)
    for servo in bench.far.servos:
        servo.reboot()
        servo._booting = 0.0
    bench.port.unplugged = False
    bench.start()
    bench.run(0.05)
    assert bench.mode() is Mode.FAULT
    assert set(bench.loop.state.faults) == set(JOINTS)


def test_nothing_can_be_cleared_without_a_bus(bench):
    bench.port.unplugged = True
    bench.run(0.02)
    with pytest.raises(CommandRefused, match="reconnect the bus first"):
        bench.loop.clear_faults(bench.now)
