from __future__ import annotations

from dataclasses import replace

import pytest

from armature.dynamixel.loop.loop import LoopSettings
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.errors import BusError, BusMismatch, CommandRefused, ConfigError, PortError

from ..virtual import ARM, JOINTS, POSES, Bench

PARK = "park"
HALF_A_DEGREE = 0.5 * 3.14159 / 180.0


def moved(before: dict[str, float], after: dict[str, float]) -> float:
    return max(abs(after[joint] - before[joint]) for joint in before)


def held(bench: Bench, offset: int = 0) -> dict[str, int]:
    """Let the servos hold by themselves, as a dead process leaves them: goals near where they are."""
    bench.start()
    bench.loop.enable("before", bench.now)
    bench.run(0.1)
    for servo in bench.far.servos:
        register = servo.model[Role.GOAL_POSITION]
        servo.write(register.address, register.encode(servo.registers[Role.GOAL_POSITION] + offset))
    bench.bus.close()
    return {joint: bench.servo(joint).registers[Role.GOAL_POSITION] for joint in JOINTS}


def successor(bench: Bench, **settings: object) -> Bench:
    """Another loop on the same servos, as a process started anew."""
    fresh = Bench(**settings)
    fresh.take_over(bench)
    fresh.port.time = bench.port.time
    return fresh


def goals(bench: Bench) -> dict[str, int]:
    return {joint: bench.servo(joint).registers[Role.GOAL_POSITION] for joint in JOINTS}


def test_before_the_start_nothing_is_claimed():
    bench = Bench(PARK)
    assert bench.mode() is Mode.DISCONNECTED
    bench.loop.cycle(bench.now)
    assert bench.loop.state.setpoints(bench.now) == {}
    assert all(axis.ticks is None for axis in bench.loop.state.axes.values())


def test_with_torque_off_everywhere_it_is_disabled_and_reads():
    bench = Bench(PARK).start().run(0.05)
    assert bench.mode() is Mode.DISABLED
    assert bench.loop.state.torque() == "off"
    for joint, position in bench.positions().items():
        assert bench.loop.state.axes[joint].position == pytest.approx(position, abs=0.002)


def test_with_torque_on_everywhere_the_goal_registers_are_adopted_and_nothing_moves():
    bench = Bench()
    # 4 ticks from where a loaded joint rests: the goal is not the measured position.
    before = held(bench, offset=4)
    fresh = successor(bench)
    places = fresh.positions()
    fresh.start().run(0.3)
    assert fresh.mode() is Mode.HOLDING
    assert goals(fresh) == before
    assert moved(places, fresh.positions()) < HALF_A_DEGREE
    assert "adopted" in fresh.loop.state.why


def test_a_hold_does_not_let_a_loaded_joint_creep_however_often_it_is_taken_over():
    bench = Bench("above_pick")
    held(bench)
    places = bench.positions()
    for _ in range(3):
        bench = successor(bench)
        bench.start().run(0.1)
        bench.bus.close()
    assert moved(places, bench.positions()) < HALF_A_DEGREE / 5


def test_with_torque_on_in_part_it_is_a_fault_that_names_those_without():
    bench = Bench(PARK)
    held(bench)
    bench.servo("elbow").reboot()
    for _ in range(50):  # it starts again
        bench.port.time += 0.01
        bench.far.advance(bench.now)
    fresh = successor(bench).start()
    fresh.run(0.1)
    assert fresh.mode() is Mode.FAULT
    assert fresh.loop.state.torque() == "partial"
    assert set(fresh.loop.state.faults) == {"elbow"}
    assert fresh.loop.state.faults["elbow"].cause is Cause.SILENT_RESET
    assert "torque is off" in fresh.loop.state.faults["elbow"].detail
    with pytest.raises(CommandRefused, match="run armature clear"):
        fresh.loop.enable("s", fresh.now)
    fresh.loop.clear_faults(fresh.now)
    fresh.run(0.1)
    assert fresh.mode() is Mode.HOLDING
    assert fresh.loop.state.torque() == "on"


def test_one_servo_with_torque_among_limp_ones_is_named_with_each_of_them():
    bench = Bench(PARK)
    servo = bench.servo("elbow")
    servo.write(servo.model[Role.TORQUE_ENABLE].address, b"\1")
    bench.start().run(0.1)
    told = bench.loop.state.faults
    assert set(told) == set(JOINTS) - {"elbow"}
    assert all("while elbow holds: they were not turned on together" in each.detail for each in told.values())


def test_a_missing_servo_is_named_with_all_that_were_expected_and_found():
    bench = Bench(PARK)
    bench.silence("elbow")
    with pytest.raises(BusMismatch, match="expected id 1 XM430-W350, id 2 XM540-W270, id 3") as caught:
        bench.start()
    found = str(caught.value).split("found")[1]
    assert "id 3" not in found
    assert "id 4 XM430-W350" in found
    assert not bench.bus.is_open


def test_a_servo_of_another_model_is_refused_by_its_name():
    bench = Bench(PARK)
    bench.servo("elbow").model = bench.servo("wrist_roll").model
    with pytest.raises(BusMismatch, match=r"found .*id 3 XL430-W250"):
        bench.start()


def test_a_port_that_is_not_there_is_told():
    bench = Bench(PARK)
    bench.port.unplugged = True
    with pytest.raises(PortError):
        bench.start()
    assert bench.mode() is Mode.DISCONNECTED


def test_ram_is_brought_to_what_is_wanted():
    bench = Bench(PARK, registers={"elbow": {Role.POSITION_P_GAIN: 1234, Role.PROFILE_VELOCITY: 0}})
    bench.start()
    assert bench.servo("elbow").registers[Role.POSITION_P_GAIN] == 1234


def test_another_mode_with_torque_on_is_refused_and_the_port_let_go():
    bench = Bench(PARK)
    held(bench)
    bench.servo("elbow").registers[Role.OPERATING_MODE] = 4
    fresh = successor(bench)
    with pytest.raises(CommandRefused, match="start of elbow refused: its operating mode is 4 with torque on"):
        fresh.start()
    assert not fresh.bus.is_open
    assert fresh.servo("elbow").registers[Role.TORQUE_ENABLE] == 1


def observed(drive, off):
    switch_on = drive.switch_on

    def noting(goal):
        off.append(abs(goal - drive.position))
        switch_on(goal)

    return noting


def test_enabling_sets_the_goal_to_where_each_joint_is_and_nothing_jumps(monkeypatch):
    bench = Bench(PARK).start()
    # The goals that the registers hold are somewhere else.
    for servo in bench.far.servos:
        servo.registers[Role.GOAL_POSITION] = 2048
    bench.run(0.1)
    places = bench.positions()
    off = []  # how far its goal is from where a servo is, as its torque goes on [tick]
    for servo in bench.far.servos:
        monkeypatch.setattr(servo.drive, "switch_on", observed(servo.drive, off))
    bench.loop.enable("s1", bench.now)
    assert len(off) == len(JOINTS)
    assert max(off) <= 1.0
    bench.run(0.5)
    assert bench.mode() is Mode.ENABLED
    assert bench.loop.state.torque() == "on"
    assert moved(places, bench.positions()) < HALF_A_DEGREE
    assert all(servo.registers[Role.TORQUE_ENABLE] for servo in bench.far.servos)


def test_enabling_a_falling_arm_catches_it_where_it_is():
    bench = Bench("up").start()
    bench.run(0.15)
    bench.loop.enable("s1", bench.now)
    caught = bench.positions()
    bench.run(0.3)
    # It had speed; it is braked, not pulled back to where it was read first.
    assert moved(caught, bench.positions()) < 0.05


@pytest.mark.parametrize(("lower", "upper"), [(0.3, 1.0), (-1.0, -0.3)])
def test_a_joint_beyond_its_limit_is_not_enabled_and_told_with_the_numbers(lower, upper):
    limits = {"wrist_pitch": replace(ARM.limit("wrist_pitch"), lower=lower, upper=upper)}
    bench = Bench(PARK, limits=limits).start()
    told = rf"'wrist_pitch' is at -?0\.00.., its limits are {lower:.4f} to {upper:.4f}; move it by hand"
    told += r" into its range, then run armature enable; if it stands in it, its zero is wrong: armature calibrate"
    with pytest.raises(CommandRefused, match=told):
        bench.loop.enable("s1", bench.now)
    assert not any(servo.registers[Role.TORQUE_ENABLE] for servo in bench.far.servos)


def test_an_old_answer_is_not_taken_for_the_place_at_which_torque_goes_on(monkeypatch):
    bench = Bench(PARK).start().run(0.1)
    before, read = bench.positions(), bench.bus.read
    place, wrong = bench.loop.state.axes["waist"].wiring.model[Role.PRESENT_POSITION], []

    def repeat_an_old_one(servo_id, register):
        answer = read(servo_id, register)
        is_place = servo_id == bench.loop.state.axes["waist"].wiring.servo_id and register.address == place.address
        wrong.extend([answer] * is_place)
        return answer - 600 * (is_place and len(wrong) == 2)  # the first one checks limits

    monkeypatch.setattr(bench.bus, "read", repeat_an_old_one)
    with pytest.raises(BusError, match=r"the answers of servo 1 contradict each other: it is at \d+ and at \d+"):
        bench.loop.enable("s1", bench.now)
    bench.run(0.5)
    assert bench.loop.state.torque() == "off"
    bench.loop.enable("s2", bench.now)
    bench.run(0.5)
    assert moved(before, bench.positions()) < HALF_A_DEGREE


def test_an_arm_that_fails_half_way_leaves_all_torque_off():
    bench = Bench(PARK).start().run(0.05)
    elbow = bench.servo("elbow")
    take = elbow.write

    def refuse(address, data):
        return 1 if address == 64 and data[0] else take(address, data)

    elbow.write = refuse
    with pytest.raises(Exception, match="servo 3 refused write of 1 to Torque Enable: result fail"):
        bench.loop.enable("s1", bench.now)
    assert not any(servo.registers[Role.TORQUE_ENABLE] for servo in bench.far.servos)
    bench.run(0.05)
    assert bench.mode() is Mode.DISABLED


def test_torque_whose_answer_was_lost_is_turned_off_again_and_nothing_jumps():
    bench = Bench(PARK).start().run(0.05)
    gripper, port = bench.servo("gripper"), bench.port
    take = gripper.write

    def lose(address, data):
        if address == 64:
            port.lost_answers = 1
        return take(address, data)

    gripper.write = lose
    with pytest.raises(Exception, match="no answer to write of 1 to Torque Enable from id 7"):
        bench.loop.enable("s1", bench.now)
    gripper.write = take
    bench.run(0.05)
    assert not any(servo.registers[Role.TORQUE_ENABLE] for servo in bench.far.servos)
    assert bench.loop.state.torque() == "off"


def test_enabling_is_refused_while_the_bus_is_gone():
    bench = Bench(PARK).start().run(0.05)
    bench.port.unplugged = True
    bench.run(0.02)
    with pytest.raises(CommandRefused, match=r"the state is DISCONNECTED .*; reconnect the bus"):
        bench.loop.enable("s1", bench.now)


def test_enabling_again_begins_a_new_session():
    bench = Bench(PARK).enabled()
    bench.loop.enable("s2", bench.now)
    assert bench.loop.state.session == "s2"


def test_fewer_than_one_miss_allowed_makes_no_sense():
    with pytest.raises(ConfigError, match="max_missed_reads"):
        LoopSettings(dynamics={}, max_missed_reads=0)


def test_the_bench_is_the_arm():
    assert set(POSES[PARK]) == set(JOINTS)


STIFF = {joint: {Role.POSITION_P_GAIN: 1600, Role.PROFILE_VELOCITY: 0} for joint in JOINTS if joint != "gripper"}
SOFT = {joint: {Role.POSITION_P_GAIN: 400, Role.PROFILE_VELOCITY: 0} for joint in STIFF}


@pytest.mark.parametrize(("before", "after"), [(STIFF, SOFT), (SOFT, STIFF)])
def test_an_arm_that_holds_with_other_gains_is_not_moved_by_a_start(before, after):
    bench = Bench(registers=before).enabled().run(1.0)
    bench.loop.release_bus()
    fresh = successor(bench, registers=after)
    places = fresh.positions()
    fresh.start().run(1.0)
    assert fresh.mode() is Mode.HOLDING
    assert moved(places, fresh.positions()) < 0.1 * HALF_A_DEGREE
    found, wanted = before["elbow"][Role.POSITION_P_GAIN], after["elbow"][Role.POSITION_P_GAIN]
    assert f"elbow keeps Position P Gain {found} ({wanted} wanted)" in fresh.loop.state.why
    assert fresh.loop.state.retained_gains().keys() == STIFF.keys()
    assert not fresh.loop.state.faults


def test_gains_that_were_kept_are_replaced_when_torque_comes_on_anew():
    bench = Bench(PARK, registers=SOFT).enabled()
    bench.loop.release_bus()
    fresh = successor(bench, registers=STIFF).start()
    fresh.run(0.1)
    fresh.loop.torque_off(fresh.now)
    fresh.run(0.1)
    fresh.loop.enable("after", fresh.now)
    assert fresh.servo("elbow").registers[Role.POSITION_P_GAIN] == 1600
    assert not fresh.loop.state.retained_gains()


def test_a_servo_that_was_reset_gets_the_wanted_gains_whatever_it_kept_before():
    bench = Bench(PARK, registers=SOFT).enabled()
    bench.loop.release_bus()
    fresh = successor(bench, registers=STIFF).start()
    fresh.run(0.1)
    fresh.servo("elbow").reboot()
    fresh.run_until(lambda: "elbow" in fresh.loop.state.faults and not fresh.loop.state.axes["elbow"].misses)
    fresh.run(0.2)
    fresh.loop.clear_faults(fresh.now)
    fresh.run_until(lambda: fresh.mode() is Mode.HOLDING)
    assert fresh.servo("elbow").registers[Role.POSITION_P_GAIN] == 1600
    assert "elbow" not in fresh.loop.state.retained_gains()
