from __future__ import annotations

import math

import pytest

from armature.bench.simulation.virtual import PERIOD
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.status.cause import Cause, Reaction
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role

from ..virtual import JOINTS, Bench
from .test_loop_motion import move

HALF_A_DEGREE = math.radians(0.5)
TRIPPED = -1


@pytest.fixture
def bench():
    return Bench("home").enabled().run(0.3)


def watchdogs(bench: Bench) -> set[int]:
    return {servo.registers[Role.BUS_WATCHDOG] for servo in bench.far.servos}


def goals(bench: Bench) -> dict[str, int]:
    return {joint: bench.servo(joint).registers[Role.GOAL_POSITION] for joint in JOINTS}


def pause(bench: Bench, seconds: float) -> None:
    """The process is stopped, and goes on; the arm does not wait for it."""
    end = bench.port.time + seconds
    while bench.port.time < end:
        bench.port.time += PERIOD
        bench.far.advance(bench.port.time)


def heir(bench: Bench, **settings: object) -> Bench:
    """Another loop on the same servos, as a process started anew."""
    fresh = Bench(resumes=True, **settings)
    fresh.take_over(bench)
    fresh.port.time = bench.port.time
    return fresh


def moved(before: dict[str, float], after: dict[str, float]) -> float:
    return max(abs(after[joint] - before[joint]) for joint in before)


def test_it_is_enabled_with_torque_and_disabled_with_it():
    bench = Bench("park").start().run(0.05)
    assert watchdogs(bench) == {0}
    bench.loop.enable("s1", bench.now)
    assert watchdogs(bench) == {10}  # units of 20 ms
    assert set(bench.loop.state.watchdogs.values()) == {"enabled, 200 ms"}
    bench.loop.torque_off(bench.now)
    assert watchdogs(bench) == {0}


def test_the_cycle_feeds_it(bench):
    bench.run(1.0)
    assert watchdogs(bench) == {10}
    assert bench.loop.state.watchdog_trips == 0


def test_it_can_be_left_off_by_setting():
    bench = Bench("home", policy=FaultPolicy(watchdog_time=0.0)).enabled()
    assert watchdogs(bench) == {0}
    assert set(bench.loop.state.watchdogs.values()) == {"off by setting"}
    pause(bench, 0.5)
    bench.run(0.1)
    assert "watchdog" not in bench.loop.state.why


def test_one_that_somebody_enabled_before_is_disabled_where_it_shall_be_off(bench):
    bench.bus.close()
    fresh = heir(bench, policy=FaultPolicy(watchdog_time=0.0)).start()
    assert watchdogs(fresh) == {0}
    assert fresh.mode() is Mode.HOLDING


def test_an_older_firmware_has_none_and_is_told():
    bench = Bench("park")
    bench.servo("elbow").registers[Role.FIRMWARE_VERSION] = 37
    bench.enabled()
    assert bench.servo("elbow").registers[Role.BUS_WATCHDOG] == 0
    assert bench.loop.state.watchdogs["elbow"] == "off: firmware 37 is older than 38"
    assert bench.servo("waist").registers[Role.BUS_WATCHDOG] == 10


@pytest.mark.parametrize("is_moving", [False, True], ids=["at rest", "moving"])
def test_a_loop_that_was_held_up_takes_the_servos_back_and_says_so(bench, is_moving):
    if is_moving:
        bench.loop.follow(move(bench, 0.5, 2.0), bench.now)
        bench.run(1.0)
    pause(bench, 0.3)
    assert watchdogs(bench) == {TRIPPED}
    stopped = bench.positions()
    bench.run(0.5)
    assert bench.mode() is Mode.HOLDING
    assert bench.loop.state.cause is Cause.BUS_WATCHDOG
    assert "the bus cycle was delayed by 0.3" in bench.loop.state.why
    assert "elbow" in bench.loop.state.why
    assert watchdogs(bench) == {10}
    assert moved(stopped, bench.positions()) < HALF_A_DEGREE
    assert bench.loop.state.watchdog_trips == len(JOINTS)


@pytest.mark.parametrize("gain", [800, 1600])
def test_a_loaded_arm_does_not_creep_by_being_taken_back_again_and_again(gain):
    bench = Bench("home", registers={joint: {Role.POSITION_P_GAIN: gain} for joint in JOINTS}).enabled().run(0.3)
    for _ in range(5):
        pause(bench, 0.3)
        stopped = bench.positions()
        bench.run(0.3)
        assert moved(stopped, bench.positions()) < HALF_A_DEGREE / 2


@pytest.mark.parametrize("payload", [0.25, 0.5])
@pytest.mark.parametrize("by_heir", [False, True], ids=["the same process", "its heir"])
def test_a_payload_that_nobody_told_of_does_not_creep_down_at_a_recovery(bench, payload, by_heir):
    bench.far.plant.set_payload(payload)
    bench.run(1.0)
    if by_heir:
        bench.bus.close()
    pause(bench, 1.0)
    stopped = bench.positions()
    after = (heir(bench).start() if by_heir else bench).run(1.0)
    assert after.loop.state.watchdog_trips == len(JOINTS)
    assert moved(stopped, after.positions()) < HALF_A_DEGREE / 2


def test_goals_are_followed_again_after_it(bench):
    pause(bench, 0.3)
    bench.run(0.1)
    bench.loop.enable("s2", bench.now)
    goal = bench.positions()["waist"] + 0.2
    bench.loop.follow(move(bench, 0.2, 0.5, "s2"), bench.now)
    bench.run(0.8)
    assert bench.positions()["waist"] == pytest.approx(goal, abs=0.02)


def test_a_short_pause_trips_nothing(bench):
    pause(bench, 0.15)
    bench.run(0.1)
    assert bench.mode() is Mode.ENABLED
    assert bench.loop.state.watchdog_trips == 0


@pytest.mark.parametrize(("reaction", "moves_on"), [(Reaction.HOLD, True), (Reaction.STOP, False)])
def test_what_the_others_do_when_one_trips_is_its_policy(reaction, moves_on):
    bench = Bench("home", policy=FaultPolicy(reactions={Cause.BUS_WATCHDOG: reaction})).enabled().run(0.3)
    begin = bench.positions()["waist"]
    bench.loop.follow(move(bench, 0.5, 2.0), bench.now)
    bench.run(0.5)
    bench.servo("elbow").registers[Role.BUS_WATCHDOG] = TRIPPED
    bench.run_until(lambda: bench.loop.state.cause is Cause.BUS_WATCHDOG, 0.3)
    assert bench.mode() is Mode.HOLDING
    bench.run(2.0)
    assert (bench.positions()["waist"] > begin + 0.45) == moves_on


def test_one_that_tripped_unseen_is_found_in_its_turn(bench):
    bench.servo("elbow").registers[Role.BUS_WATCHDOG] = TRIPPED
    bench.run_until(lambda: bench.loop.state.cause is Cause.BUS_WATCHDOG, 0.3)
    assert bench.mode() is Mode.HOLDING
    assert (
        "bus watchdog: elbow received nothing in time and stopped; it holds where it stands"
        in bench.loop.state.why
    )
    assert watchdogs(bench) == {10}


def test_one_that_cannot_be_released_is_a_fault_until_it_can(bench):
    elbow = bench.servo("elbow")
    take = elbow.write
    elbow.write = lambda address, data: 1 if address == 98 else take(address, data)
    pause(bench, 0.3)
    bench.run(0.1)
    fault = bench.loop.state.faults["elbow"]
    assert fault.cause is Cause.BUS_WATCHDOG
    assert "cannot be released: servo 3 refused write of 0 to Bus Watchdog" in fault.detail
    elbow.write = take
    places = bench.positions()
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults)
    bench.run(0.3)
    assert bench.mode() is Mode.HOLDING
    assert moved(places, bench.positions()) < HALF_A_DEGREE


def test_a_killed_process_leaves_servos_that_stop_and_its_heir_takes_them_without_a_step(bench):
    bench.bus.close()
    pause(bench, 1.0)
    assert watchdogs(bench) == {TRIPPED}
    places = bench.positions()
    fresh = heir(bench).start().run(0.5)
    assert fresh.mode() is Mode.HOLDING
    assert fresh.loop.state.cause is Cause.BUS_WATCHDOG
    assert "received nothing and were stopped by their bus watchdog" in fresh.loop.state.why
    assert moved(places, fresh.positions()) < HALF_A_DEGREE
    assert watchdogs(fresh) == {10}


def test_a_process_that_leaves_on_purpose_lets_the_servos_hold_for_ever(bench):
    places, held = bench.positions(), goals(bench)
    bench.loop.release_bus()
    assert not bench.bus.is_open
    pause(bench, 1.0)
    assert watchdogs(bench) == {0}
    fresh = heir(bench).start().run(0.3)
    assert goals(fresh) == held
    assert "their goals are adopted" in fresh.loop.state.why
    assert moved(places, fresh.positions()) < HALF_A_DEGREE / 5


def test_leaving_a_bus_that_is_gone_is_no_error(bench):
    bench.port.unplugged = True
    bench.loop.release_bus()
    assert not bench.bus.is_open


def test_one_that_tripped_before_it_is_enabled_does_not_keep_the_arm_from_enabling():
    bench = Bench("park").start()
    bench.servo("elbow").registers[Role.BUS_WATCHDOG] = TRIPPED
    bench.loop.enable("s1", bench.now)
    assert watchdogs(bench) == {10}
    assert bench.mode() is Mode.ENABLED
