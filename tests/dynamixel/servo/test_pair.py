from __future__ import annotations

import math
from dataclasses import replace

import pytest

from armature.core.planning.transfer import transfer
from armature.core.trajectory.segments import Segment
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.status.cause import Cause, Reaction
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults import catalogue
from armature.errors import BusMismatch, CommandRefused

from ..twin import ARM, FIRST, JOINTS, PARK, SECOND, WIRING, twin

HALF_A_DEGREE = 0.5 * math.pi / 180.0
LIMITS = {joint: ARM.limit(joint) for joint in JOINTS}


def way(bench, goals, speed=1.0, session="s1"):
    begin = {joint: bench.loop.state.setpoints(bench.now)[joint].position for joint in JOINTS}
    return Segment(
        1, session, bench.now, transfer(JOINTS, begin, {**begin, **goals}, LIMITS, bench.dynamics, speed)
    )


def go(bench, goals, session="s1"):
    segment = way(bench, goals, session=session)
    bench.loop.follow(segment, bench.now)
    bench.run(segment.trajectory.duration + 0.3)


def torques(bench) -> list[int]:
    return [bench.servo(name).registers[Role.TORQUE_ENABLE] for name in (FIRST, SECOND)]


def goals(bench) -> list[int]:
    return [bench.servo(name).registers[Role.GOAL_POSITION] for name in (FIRST, SECOND)]


def shifted(offset: float):
    """The wiring of an arm whose second servo is mounted otherwise by so much than the wiring says [rad]."""
    first = WIRING.servos[1]
    assert first.second is not None
    other = replace(first.second, zero_offset=first.second.zero_offset + offset)
    return replace(WIRING, servos=(WIRING.servos[0], replace(first, second=other)))


def misread(offset: float, boom: float = 0.3):
    """A bench whose loop believes another zero offset of the second servo than the true one."""
    bench = twin(boom)
    other = twin(boom, wiring=shifted(offset))
    other.take_over(bench)
    return other


# Enabling and moving


def test_both_come_on_at_their_own_place_and_nothing_jumps():
    bench = twin(-1.5).start().run(0.05)
    places = bench.positions()
    bench.loop.enable("s1", bench.now)
    bench.run(0.5)
    assert bench.mode() is Mode.ENABLED
    assert torques(bench) == [1, 1]
    assert abs(bench.positions()["boom"] - places["boom"]) < HALF_A_DEGREE


def test_both_follow_and_share_the_load():
    bench = twin().enabled()
    go(bench, {"boom": 1.0, "waist": 0.5})
    assert bench.positions()["boom"] == pytest.approx(1.0, abs=0.02)
    assert sum(goals(bench)) == pytest.approx(2 * 2048, abs=8)  # they face each other
    loads = [bench.servo(name).drive.load for name in (FIRST, SECOND)]
    assert loads[0] == pytest.approx(-loads[1], abs=0.02)
    assert not bench.loop.state.faults


def test_the_position_is_of_the_first_and_both_are_known_by_name():
    bench = twin().enabled()
    assert list(bench.loop.state.axes) == ["waist", "boom"]
    assert list(bench.loop.state.servos) == ["waist", "boom", "boom_second"]
    assert bench.loop.state.axes["boom"].wiring.servo_id == 2
    assert bench.loop.state.servos[SECOND].position == pytest.approx(
        bench.loop.state.axes["boom"].position, abs=0.005
    )
    assert set(bench.loop.state.watchdogs) == {"waist", "boom", "boom_second"}
    assert set(bench.loop.state.health()) == {"waist", "boom", "boom_second"}


def test_a_second_servo_mounted_a_little_otherwise_is_not_pulled_against_the_first():
    bench = misread(0.03).enabled().run(0.5)
    loads = [bench.servo(name).drive.load for name in (FIRST, SECOND)]
    assert loads[0] == pytest.approx(-loads[1], abs=0.03)
    assert bench.mode() is Mode.ENABLED


@pytest.mark.parametrize("offset", [0.08, -0.5])
def test_servos_that_disagree_are_not_enabled_and_told_with_the_numbers(offset):
    bench = misread(offset, boom=-1.5).start()
    sees = r"boom: it sees the joint at -1\.\d+, 'boom_second' sees it at -?[\d.]+: "
    told = rf"{sees}0\.\d+ rad of a servo apart, 0\.05"
    with pytest.raises(CommandRefused, match=told):
        bench.loop.enable("s1", bench.now)
    assert torques(bench) == [0, 0]
    bench.run(0.2)
    assert bench.loop.state.faults[SECOND].cause is Cause.ENCODER_MISMATCH
    assert torques(bench) == [0, 0]


def test_without_the_second_servo_there_is_no_start():
    bench = twin()
    bench.faults.inject(catalogue.Silence(SECOND))
    with pytest.raises(BusMismatch, match="expected id 1 XM430-W350, id 2 XM540-W270, id 12 XM540-W270; found"):
        bench.start()


def test_one_that_does_not_take_its_torque_leaves_both_limp():
    bench = twin(-1.5).start().run(0.05)
    second = bench.servo(SECOND)
    take = second.write
    second.write = lambda address, data: 1 if address == 64 and data[0] else take(address, data)
    with pytest.raises(Exception, match="servo 12 refused write of 1 to Torque Enable"):
        bench.loop.enable("s1", bench.now)
    assert torques(bench) == [0, 0]


def test_a_hold_is_taken_over_without_a_step():
    bench = misread(0.03).enabled().run(0.3)
    before, places = goals(bench), bench.positions()
    bench.bus.close()
    heir = twin(wiring=shifted(0.03))
    heir.far, heir.port.time = bench.far, bench.port.time
    heir.take_over(bench)
    heir.start().run(0.3)
    assert heir.mode() is Mode.HOLDING
    assert goals(heir) == before
    assert abs(heir.positions()["boom"] - places["boom"]) < HALF_A_DEGREE / 5


def test_a_pause_that_trips_both_watchdogs_moves_nothing():
    bench = twin().enabled().run(0.3)
    for _ in range(30):
        bench.port.time += 0.01
        bench.far.advance(bench.port.time)
    places = bench.positions()
    bench.run(0.3)
    assert "'boom', 'boom_second' received nothing in time and stopped" in bench.loop.state.why
    assert bench.loop.state.watchdog_trips == 3
    assert abs(bench.positions()["boom"] - places["boom"]) < HALF_A_DEGREE


# The second motor fails


def test_an_overload_of_the_second_is_named_and_the_first_holds():
    bench = twin().enabled().run(0.3)
    place = bench.positions()["boom"]
    bench.faults.inject(catalogue.Overload(SECOND))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    fault = bench.loop.state.faults[SECOND]
    assert (fault.joint, fault.cause) == (SECOND, Cause.OVERLOAD)
    assert list(bench.loop.state.faults) == [SECOND]
    bench.run(1.0)
    assert torques(bench) == [1, 0]
    assert bench.mode() is Mode.FAULT
    assert bench.positions()["boom"] == pytest.approx(place, abs=0.03)  # it sags as one servo does


def test_in_motion_the_first_brings_the_joint_to_rest_within_its_limits():
    bench = twin().enabled()
    bench.loop.follow(way(bench, {"boom": 1.2}), bench.now)
    bench.run(0.5)
    bench.faults.inject(catalogue.Overload(SECOND))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    assert bench.loop.state.setpoints(bench.now)["boom"].velocity > 0.1
    bench.run_until(lambda: not bench.loop.state.is_moving(bench.now), 1.0)
    bench.run(0.5)
    error = bench.positions()["boom"] - bench.loop.state.setpoints(bench.now)["boom"].position
    assert abs(error) < 0.06
    assert torques(bench) == [1, 0]


def test_it_is_taken_back_beside_the_first_without_a_jump():
    bench = twin().enabled().run(0.3)
    bench.faults.inject(catalogue.Overload(SECOND))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    bench.run(0.5)
    bench.faults.clear()
    places = bench.positions()
    assert "recovering boom_second" in bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults)
    bench.run(0.5)
    assert torques(bench) == [1, 1]
    assert bench.mode() is Mode.HOLDING
    assert abs(bench.positions()["boom"] - places["boom"]) < HALF_A_DEGREE
    bench.loop.enable("s2", bench.now)
    go(bench, {"boom": 0.8}, "s2")
    assert bench.positions()["boom"] == pytest.approx(0.8, abs=0.05)


def test_a_reboot_is_refused_while_its_partner_holds():
    bench = twin().enabled().run(0.3)
    bench.faults.inject(catalogue.Reset(SECOND))
    bench.run_until(lambda: SECOND in bench.loop.state.faults and not bench.loop.state.servos[SECOND].misses, 1.5)
    bench.run(0.2)
    with pytest.raises(CommandRefused, match=r"reboot refused: boom holds the joint, .*; run armature clear"):
        bench.loop.reboot(SECOND, bench.now)
    with pytest.raises(CommandRefused, match="boom holds what hangs on it"):
        bench.loop.reboot(FIRST, bench.now)


def test_the_motor_that_is_left_parks_the_arm():
    bench = twin().enabled().run(0.3)
    bench.faults.inject(catalogue.Overload(SECOND))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    bench.run(0.5)
    segment = way(bench, PARK, 0.5, "")
    bench.loop.park(segment, bench.now)
    bench.run(segment.trajectory.duration + 0.5)
    assert bench.loop.state.torque() == "off"
    assert bench.positions()["boom"] == pytest.approx(PARK["boom"], abs=0.15)


def test_a_first_that_fails_is_held_by_the_second():
    bench = twin().enabled().run(0.3)
    bench.faults.inject(catalogue.Overload(FIRST))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    bench.run(1.0)
    assert torques(bench) == [0, 1]
    assert list(bench.loop.state.faults) == [FIRST]
    bench.bus.close()
    heir = twin()
    heir.far, heir.port.time = bench.far, bench.port.time
    heir.take_over(bench)
    places = heir.positions()
    heir.start().run(0.3)
    assert torques(heir) == [0, 1]
    assert abs(heir.positions()["boom"] - places["boom"]) < HALF_A_DEGREE


# The second motor is silent


def test_a_silent_second_is_missing_and_both_hold_where_they_were_sent_last():
    bench = twin().enabled()
    bench.loop.follow(way(bench, {"boom": 1.2}), bench.now)
    bench.run(0.6)
    bench.faults.inject(catalogue.Silence(SECOND))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    assert bench.loop.state.faults[SECOND].cause is Cause.MISSING
    held = goals(bench)
    assert bench.loop.state.setpoints(bench.now)["boom"].velocity > 0.1
    assert sum(held) == pytest.approx(2 * 2048, abs=150)  # the silent one missed some goals
    bench.run(1.0)
    assert goals(bench)[0] == held[0]
    assert goals(bench)[1] == pytest.approx(held[1], abs=20)  # its watchdog stopped it where it was
    assert not math.isnan(bench.loop.state.axes["boom"].position)
    assert bench.mode() is Mode.FAULT


def test_one_that_answers_again_joins_by_itself_and_nothing_moves():
    bench = twin().enabled().run(0.3)
    bench.faults.inject(catalogue.Silence(SECOND))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    bench.run(0.1)
    places = bench.positions()
    bench.faults.clear()
    bench.run_until(lambda: not bench.loop.state.faults, 1.0)
    bench.run(0.3)
    assert bench.mode() is Mode.HOLDING
    assert abs(bench.positions()["boom"] - places["boom"]) < HALF_A_DEGREE
    bench.loop.enable("s2", bench.now)
    go(bench, {"boom": 0.8}, "s2")
    assert bench.positions()["boom"] == pytest.approx(0.8, abs=0.03)


# They disagree


def test_a_horn_that_slips_is_found_and_neither_pulls_any_more():
    bench = twin().enabled().run(0.3)
    bench.faults.inject(catalogue.Slip(SECOND, angle=0.1))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    fault = bench.loop.state.faults[SECOND]
    assert fault.cause is Cause.ENCODER_MISMATCH
    assert "boom sees it at 0." in fault.detail
    assert "0.05 is allowed" in fault.detail
    bench.run(1.0)
    loads = [bench.servo(name).drive.load for name in (FIRST, SECOND)]
    assert loads[0] == pytest.approx(-loads[1], abs=0.05)
    assert bench.mode() is Mode.FAULT
    with pytest.raises(CommandRefused, match=r"clear_faults refused: boom_second: it sees the joint at"):
        bench.loop.clear_faults(bench.now)


def test_by_policy_both_go_limp_and_come_back_together():
    policy = FaultPolicy(reactions={Cause.OVERLOAD: Reaction.TORQUE_OFF})
    bench = twin(-1.5, policy=policy).enabled().run(0.2)
    bench.faults.inject(catalogue.Overload(SECOND))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    bench.run(0.3)
    assert torques(bench) == [0, 0]
    bench.faults.clear()
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults)
    bench.run(0.2)
    assert torques(bench) == [1, 1]
    assert not bench.loop.state.faults


def test_torque_goes_off_for_both():
    bench = twin(-1.5).enabled()
    bench.loop.torque_off(bench.now)
    assert torques(bench) == [0, 0]


def test_a_bound_that_makes_no_sense_is_refused():
    with pytest.raises(
        ValueError, match=r"parameter faults\.encoder_mismatch\.bound: 0\.0 cannot be used; .*0\.001 and 1"
    ):
        FaultPolicy.read({"encoder_mismatch.bound": 0.0})
