from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace

import pytest

from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.status.cause import Cause, Reaction
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.catalogue import Drop, EncoderError, Overheat, Overload, Reset, Silence, VoltageDip
from armature.errors import BusError, BusMismatch, CommandRefused, ServoRefused

from ..virtual import JOINTS, Bench

HALF_A_DEGREE = math.radians(0.5)
GAINS = {joint: {Role.POSITION_P_GAIN: 900, Role.PROFILE_VELOCITY: 0} for joint in JOINTS}


@pytest.fixture
def bench():
    return Bench("park", registers=GAINS).enabled()


def moved(before: dict[str, float], after: dict[str, float]) -> float:
    return max(abs(after[joint] - before[joint]) for joint in before)


def torques(bench: Bench) -> dict[str, int]:
    return {joint: bench.servo(joint).registers[Role.TORQUE_ENABLE] for joint in JOINTS}


# Refused while the cause persists


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Overheat("elbow", temperature=82.0), "elbow: still 82 °C, limit 80 °C; let it cool below 73 °C"),
        (VoltageDip("elbow", voltage=9.1), "elbow: still 9.1 V, minimum 9.5 V"),
        (Silence("elbow"), "elbow.* does not answer"),
    ],
)
@pytest.mark.parametrize("request_name", ["clear_faults", "reboot"])
def test_recovery_is_refused_with_the_value_and_the_bound(bench, fault, why, request_name):
    bench.faults.inject(fault)
    bench.run(0.3)
    with suppress(BusError):  # of the silent one
        bench.loop.torque_off(bench.now)  # else a reboot is refused for that reason
    bench.run(0.1)
    with pytest.raises(CommandRefused, match=why):
        bench.loop.reboot("elbow", bench.now) if request_name == "reboot" else bench.loop.clear_faults(bench.now)
    assert bench.mode() is Mode.FAULT


def test_a_bound_that_was_read_wrong_is_read_again_and_no_dead_end(bench):
    axis = bench.loop.state.axes["elbow"]
    axis.protection = replace(axis.protection, temperature=0.0)
    bench.run(1.0)
    assert bench.loop.state.faults["elbow"].cause is Cause.TEMPERATURE
    bench.loop.clear_faults(bench.now)
    bench.run(2.0)
    assert not bench.loop.state.faults


def test_a_fault_tells_the_figures_of_its_own_moment(bench):
    bench.faults.inject(Overheat("elbow", temperature=85.0))
    bench.run(0.03)
    assert "at 85 °C, limit 80 °C, and has cut its torque" in bench.loop.state.faults["elbow"].detail
    assert "let it cool" in bench.loop.state.faults["elbow"].remedy


def test_an_error_of_an_arm_without_torque_is_not_told_as_a_drop():
    bench = Bench("park").start().run(0.1)
    bench.faults.inject(VoltageDip("elbow", voltage=9.1))
    bench.run_until(lambda: "elbow" in bench.loop.state.faults)
    fault = bench.loop.state.faults["elbow"]
    assert "9.1 V, 9.5 to 16.0 V are allowed, and has no torque, as before" in fault.detail
    assert fault.done == "nothing was done, since torque was off"


def test_what_can_recover_does_and_what_cannot_is_told(bench):
    bench.servo("waist").fail(0x20)
    bench.faults.inject(Silence("elbow"))
    bench.run(0.2)
    answer = bench.loop.clear_faults(bench.now)
    assert answer == "recovering waist; elbow: it does not answer; check cable and power"
    bench.run_until(lambda: set(bench.loop.state.faults) == {"elbow"})
    assert torques(bench)["waist"] == 1


def test_a_servo_that_keeps_its_torque_is_not_rebooted_under_its_load(bench):
    bench.faults.inject(EncoderError("elbow"))
    bench.run(0.05)
    assert bench.loop.state.faults["elbow"].remedy == (
        "support the arm, then run armature torque-off, then run armature clear, then run armature enable"
    )
    with pytest.raises(CommandRefused, match="it keeps its torque and its reboot would let it fall"):
        bench.loop.clear_faults(bench.now)
    bench.faults.clear()
    bench.loop.torque_off(bench.now)
    bench.run(0.05)
    assert bench.mode() is Mode.FAULT  # the error is latched, though torque is off
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.DISABLED)
    assert bench.servo("elbow").registers[Role.HARDWARE_ERROR] == 0


# Reboot as a request of its own


def test_an_overloaded_joint_is_rebooted_alone_and_holds_again(bench):
    bench.faults.inject(Overload("elbow"))
    bench.run(0.05)
    bench.faults.clear()
    places = bench.positions()
    assert bench.loop.reboot("elbow", bench.now) == "rebooting elbow"
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    bench.run(0.2)
    assert set(torques(bench).values()) == {1}
    assert bench.servo("elbow").registers[Role.POSITION_P_GAIN] == 900
    assert moved(places, bench.positions()) < HALF_A_DEGREE
    assert "recovered" in bench.loop.state.why


def test_a_joint_of_a_disabled_arm_can_be_rebooted_and_gets_its_registers_back():
    bench = Bench("park", registers=GAINS).start().run(0.1)
    bench.loop.reboot("elbow", bench.now)
    bench.run(0.05)
    assert bench.mode() is Mode.DISABLED
    assert bench.servo("elbow").registers[Role.POSITION_P_GAIN] != 900
    bench.run_until(lambda: bench.servo("elbow").registers[Role.POSITION_P_GAIN] == 900)
    assert set(torques(bench).values()) == {0}


@pytest.mark.parametrize(
    ("joint", "why"),
    [
        ("tail", "there is no joint tail; joints are waist, shoulder"),
        (
            "elbow",
            "elbow holds what hangs on it, and would let it fall; "
            "run armature disable, which parks it, then call /servo_interface/<joint>/reboot",
        ),
    ],
)
def test_a_reboot_that_makes_no_sense_is_refused(bench, joint, why):
    with pytest.raises(CommandRefused, match=why):
        bench.loop.reboot(joint, bench.now)
    assert set(torques(bench).values()) == {1}


def test_a_reboot_is_refused_without_a_bus(bench):
    bench.port.unplugged = True
    bench.run(0.02)
    with pytest.raises(CommandRefused, match="reconnect the bus first"):
        bench.loop.reboot("elbow", bench.now)


# A servo that was away


def test_one_that_kept_everything_joins_with_its_own_goal(bench):
    bench.faults.inject(Silence("elbow"), seconds=0.15)  # too short for its watchdog
    bench.run(0.1)
    assert bench.loop.state.faults["elbow"].cause is Cause.MISSING
    goal, places = bench.servo("elbow").registers[Role.GOAL_POSITION], bench.positions()
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    bench.run(0.2)
    assert bench.servo("elbow").registers[Role.GOAL_POSITION] == goal
    assert moved(places, bench.positions()) < HALF_A_DEGREE


def test_the_return_of_one_joint_does_not_hide_the_fault_of_another(bench):
    bench.faults.inject(Overload("shoulder"))
    bench.faults.inject(Silence("elbow"), seconds=0.15)
    bench.run(0.1)
    bench.run_until(lambda: "elbow" not in bench.loop.state.faults)
    assert bench.loop.state.why.startswith("shoulder: overload; elbow: recovered")


def test_of_several_that_answer_again_all_are_named_and_not_the_last_one_alone(bench):
    for joint, seconds in (("shoulder", 0.15), ("elbow", 0.15), ("waist", 0.17)):
        bench.faults.inject(Silence(joint), seconds)
    bench.run(0.1)
    assert set(bench.loop.state.faults) == {"shoulder", "elbow", "waist"}
    bench.run_until(lambda: not bench.loop.state.faults)
    names, _, text = bench.loop.state.why.partition(": ")
    assert set(names.split(", ")) == {"shoulder", "elbow", "waist"}
    assert text == "recovered: it answers again"


def test_one_that_comes_and_goes_joins_by_itself_no_more_than_it_may(bench):
    for _ in range(3):
        bench.faults.inject(Silence("elbow"), seconds=0.15)
        bench.run_until(lambda: bench.loop.state.faults)
        bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    bench.faults.inject(Silence("elbow"), seconds=0.15)
    bench.run(0.6)
    fault = bench.loop.state.faults["elbow"]
    assert fault.cause is Cause.COMMUNICATION
    assert "stopped answering more than 3 times within a minute" in fault.detail
    assert torques(bench)["elbow"] == 1
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    bench.faults.inject(Silence("elbow"), seconds=0.15)  # that was seen to, and counts no more
    bench.run_until(lambda: bench.loop.state.faults)
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)


def test_a_servo_that_may_not_return_by_itself_waits_to_be_cleared():
    bench = Bench("park", policy=FaultPolicy(returns=0.0)).enabled()
    bench.faults.inject(Silence("elbow"), seconds=0.15)
    bench.run(0.6)
    assert bench.loop.state.faults["elbow"].cause is Cause.COMMUNICATION


def test_one_that_stopped_by_its_watchdog_meanwhile_joins_where_it_is(bench):
    bench.faults.inject(Silence("elbow"), seconds=0.5)
    bench.run(0.4)
    places = bench.positions()
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    bench.run(0.2)
    assert bench.servo("elbow").registers[Role.BUS_WATCHDOG] == 10
    assert moved(places, bench.positions()) < HALF_A_DEGREE


def test_one_whose_ram_differs_though_its_torque_is_on_was_tampered_with(bench):
    bench.faults.inject(Silence("elbow"), seconds=0.15)
    bench.run(0.1)
    bench.servo("elbow").registers[Role.POSITION_P_GAIN] = 5
    bench.run_until(lambda: bench.loop.state.faults["elbow"].cause is Cause.SILENT_RESET)
    assert "Position P Gain is 5, not 900" in bench.loop.state.faults["elbow"].detail
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults)
    assert bench.servo("elbow").registers[Role.POSITION_P_GAIN] == 900


def test_one_that_was_reset_is_missing_first_and_then_limp_until_it_is_cleared(bench):
    bench.faults.inject(Reset("elbow"))
    bench.run(0.1)
    assert bench.loop.state.faults["elbow"].cause is Cause.MISSING
    bench.run_until(lambda: bench.loop.state.faults["elbow"].cause is Cause.SILENT_RESET, 0.9)
    bench.run(0.5)
    assert torques(bench)["elbow"] == 0
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    assert torques(bench)["elbow"] == 1
    assert bench.servo("elbow").registers[Role.POSITION_P_GAIN] == 900


def test_one_that_was_reset_while_nobody_held_the_arm_is_told_and_restored_without_torque():
    bench = Bench("park", registers=GAINS).start().run(0.1)
    bench.faults.inject(Reset("elbow"))
    bench.run(0.1)
    bench.run_until(lambda: bench.loop.state.faults["elbow"].cause is Cause.SILENT_RESET)
    assert "it was reset: Position P Gain is" in bench.loop.state.faults["elbow"].detail
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.DISABLED)
    assert bench.servo("elbow").registers[Role.POSITION_P_GAIN] == 900
    assert set(torques(bench).values()) == {0}


def test_one_reset_while_the_arm_was_disabled_gets_its_registers_before_torque():
    bench = Bench("park", registers=GAINS).start().run(0.1)
    elbow = bench.servo("elbow")
    elbow.reboot()
    elbow._booting = 0.0  # so short that no cycle missed it
    bench.run(0.3)
    assert elbow.registers[Role.POSITION_P_GAIN] != 900
    bench.loop.enable("s1", bench.now)
    assert elbow.registers[Role.POSITION_P_GAIN] == 900


# A reconnect goes on with those that are there


def away(bench: Bench, joint: str) -> None:
    """The cable is pulled, and when it is plugged in again one servo stays silent."""
    bench.port.unplugged = True
    bench.run(0.05)
    bench.silence(joint)
    bench.port.unplugged = False
    bench.start()


def test_a_return_with_one_servo_missing_goes_on_with_the_others(bench):
    away(bench, "elbow")
    bench.run(0.1)
    assert bench.mode() is Mode.FAULT
    assert bench.loop.state.faults["elbow"].cause is Cause.MISSING
    read = {joint for joint, axis in bench.loop.state.axes.items() if axis.ticks is not None}
    assert read == set(JOINTS) - {"elbow"}
    bench.speak("elbow")
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    assert set(torques(bench).values()) == {1}


def test_a_process_started_anew_beside_a_missing_servo_goes_on_with_the_others(bench):
    bench.loop.release_bus()
    bench.silence("elbow")
    fresh = Bench("park", resumes=True)
    fresh.take_over(bench)
    fresh.port.time = bench.port.time
    fresh.start().run(0.1)
    assert fresh.mode() is Mode.FAULT
    assert set(fresh.loop.state.faults) == {"elbow"}
    assert "elbow" not in fresh.loop.state.setpoints(fresh.now)
    fresh.speak("elbow")
    fresh.run_until(lambda: fresh.mode() is Mode.HOLDING)
    assert "elbow" in fresh.loop.state.setpoints(fresh.now)


def test_a_fault_that_waits_to_be_cleared_outlives_the_bus(bench):
    bench.faults.inject(Overload("elbow"))
    bench.run(0.1)
    bench.faults.clear()
    bench.port.unplugged = True
    bench.run(0.05)
    assert bench.mode() is Mode.DISCONNECTED
    bench.port.unplugged = False
    bench.start().run(0.1)
    assert bench.mode() is Mode.FAULT
    assert bench.loop.state.faults["elbow"].cause is Cause.OVERLOAD
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)


def test_a_joint_that_a_policy_turned_off_is_not_taken_for_one_that_was_reset():
    policy = FaultPolicy(reactions={Cause.TEMPERATURE: Reaction.TORQUE_OFF})
    bench = Bench("park", policy=policy).enabled()
    bench.faults.inject(Overheat("elbow", temperature=76.0))
    bench.run(0.3)
    bench.port.unplugged = True
    bench.run(0.05)
    bench.port.unplugged = False
    bench.start().run(0.3)
    assert {joint: fault.cause for joint, fault in bench.loop.state.faults.items()} == {"elbow": Cause.TEMPERATURE}


def test_a_return_to_nobody_is_refused(bench):
    for joint in JOINTS:
        bench.silence(joint)
    bench.port.unplugged = True
    bench.run(0.02)
    bench.port.unplugged = False
    with pytest.raises(BusMismatch, match="found none"):
        bench.start()
    assert bench.mode() is Mode.DISCONNECTED


def test_a_return_to_another_model_is_refused(bench):
    bench.port.unplugged = True
    bench.run(0.02)
    bench.servo("elbow").model = bench.servo("wrist_roll").model
    bench.port.unplugged = False
    with pytest.raises(BusMismatch, match="id 3 XL430-W250"):
        bench.start()


# EEPROM is spared


def test_eeprom_is_never_written_and_what_differs_is_refused_with_all_its_servos():
    bench = Bench("park")
    for joint in JOINTS:
        bench.servo(joint).registers[Role.RETURN_DELAY] = 250
    told = (
        rf"not set up for this arm: {', '.join(JOINTS)}: Return Delay Time is 250, not 0; armature setup --apply"
    )
    with pytest.raises(CommandRefused, match=told):
        bench.start()
    assert bench.loop.state.eeprom_writes == 0
    assert {bench.servo(joint).registers[Role.RETURN_DELAY] for joint in JOINTS} == {250}


@pytest.mark.parametrize(
    ("role", "value", "told"),
    [
        (Role.MIN_POSITION_LIMIT, 1600, "elbow: Min Position Limit is 1600, not"),
        (Role.MAX_POSITION_LIMIT, 2500, "elbow: Max Position Limit is 2500, not"),
        (Role.DRIVE_MODE, 9, "elbow: Drive Mode is 9, not 1"),
    ],
)
def test_what_would_make_a_servo_stay_behind_or_turn_itself_on_is_refused_at_start(role, value, told):
    bench = Bench("park")
    bench.servo("elbow").registers[role] = value
    with pytest.raises(CommandRefused, match=told):
        bench.start()
    assert not bench.bus.is_open


def test_a_servo_that_answers_pings_alone_is_named_with_its_register():
    bench = Bench("park")
    bench.servo("elbow").registers[Role.STATUS_RETURN_LEVEL] = 0
    told = (
        "id 3 of elbow answers pings and nothing else, as with a Status Return Level of 0; armature setup --apply"
    )
    with pytest.raises(CommandRefused, match=told):
        bench.start()


def test_eeprom_of_a_servo_that_holds_is_left_alone(bench):
    bench.servo("elbow").registers[Role.RETURN_DELAY] = 250
    bench.port.unplugged = True
    bench.run(0.02)
    bench.port.unplugged = False
    bench.start()
    assert bench.servo("elbow").registers[Role.RETURN_DELAY] == 250


def test_a_write_that_reads_back_otherwise_is_refused(bench):
    elbow = bench.servo("elbow")
    elbow.write = lambda address, data: 0  # it says yes and does nothing
    registers = bench.loop._servos.registers
    with pytest.raises(ServoRefused, match="servo 3 refused Torque Enable := 0: it reads back 1"):
        registers.write_verified(bench.loop.state.axes["elbow"], Role.TORQUE_ENABLE, 0)


def test_a_joint_that_returns_does_not_jump_to_a_goal_that_was_read_wrong(bench, monkeypatch):
    axis, read = bench.loop.state.axes["waist"], bench.bus.read
    before, goal = bench.positions()["waist"], axis.wiring.model[Role.GOAL_POSITION]
    bench.faults.inject(Drop("waist"))  # it still hears, and holds
    bench.run(0.5)
    bench.faults.clear()

    wrong = [600]  # of the answer to an older request of that length, as of the fault `stale`

    def read_wrong(servo_id, register):
        is_goal = servo_id == axis.wiring.servo_id and register.address == goal.address
        return read(servo_id, register) - (wrong.pop() if is_goal and wrong else 0)

    monkeypatch.setattr(bench.bus, "read", read_wrong)
    bench.run(2.0)
    assert not wrong
    assert "waist" not in bench.loop.state.faults
    assert abs(bench.positions()["waist"] - before) < HALF_A_DEGREE
