from __future__ import annotations

from dataclasses import replace

import pytest

from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.faults import catalogue
from armature.errors import CommandRefused

from ..reel import GAINS, WIRING, go, reel

GOAL_CURRENT = 186  # 0.5 A in units of 2.69 mA


def as_position(joint: str) -> Wiring:
    """The same arm, but for one joint that the wiring wants in position control."""
    servos = (
        replace(servo, mode=OperatingMode.POSITION, current_limit=float("nan")) if servo.joint == joint else servo
        for servo in WIRING.servos
    )
    return replace(WIRING, servos=tuple(servos))


def held(wiring: Wiring):
    """An arm that holds by itself after the process is gone, and the bench for the next."""
    bench = reel(wiring=wiring).enabled()
    bench.bus.close()
    return bench


def heir(bench, **settings):
    fresh = reel(**settings)
    fresh.take_over(bench)
    fresh.port.time = bench.port.time
    return fresh


def test_modes_that_are_not_the_wirings_are_refused_together_with_what_would_be_written():
    bench = reel()
    for joint in ("drum", "jaw"):
        bench.servo(joint).registers[Role.OPERATING_MODE] = 3
    told = (
        r"start refused: servos are not set up for this arm: drum: Operating Mode is 3, not 4; "
        r"jaw: Operating Mode is 3, not 5; armature setup --apply shows and writes that"
    )
    with pytest.raises(CommandRefused, match=told):
        bench.start()
    assert bench.loop.state.eeprom_writes == 0
    assert [bench.servo(joint).registers[Role.OPERATING_MODE] for joint in ("drum", "jaw")] == [3, 3]


def test_gains_and_profile_are_what_is_wanted_in_the_wirings_mode():
    wanted = {"drum": {Role.POSITION_P_GAIN: 1_234, Role.PROFILE_VELOCITY: 77}, **GAINS}
    bench = reel(registers=wanted).start()
    assert bench.servo("drum").registers[Role.OPERATING_MODE] == 4
    assert {name: bench.servo("drum").registers[name] for name in wanted["drum"]} == wanted["drum"]


def test_the_current_limit_is_a_goal_current_that_is_watched_like_other_ram():
    bench = reel().enabled()
    assert bench.servo("jaw").registers[Role.GOAL_CURRENT] == GOAL_CURRENT
    bench.faults.inject(catalogue.Reset("jaw"))
    bench.run_until(lambda: "jaw" in bench.loop.state.faults)
    bench.run(0.6)
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults)
    assert bench.servo("jaw").registers[Role.GOAL_CURRENT] == GOAL_CURRENT
    assert bench.mode() is Mode.HOLDING


def test_a_grip_that_closes_on_something_uses_no_more_than_its_current_and_is_no_fault():
    bench = reel().enabled()
    bench.far.plant.jam("jaw")  # the thing between its fingers
    go(bench, {"jaw": 0.002})
    bench.run(2.0)
    assert bench.loop.state.axes["jaw"].current == pytest.approx(-0.5, abs=0.02)
    assert not bench.loop.state.faults
    assert bench.mode() is Mode.ENABLED


def test_an_arm_that_holds_in_its_modes_is_adopted():
    bench = held(WIRING)
    before = bench.positions()
    fresh = heir(bench).start().run(0.2)
    assert fresh.mode() is Mode.HOLDING
    assert fresh.loop.state.eeprom_writes == 0
    assert all(abs(fresh.positions()[joint] - before[joint]) < 1e-3 for joint in before)


@pytest.mark.parametrize(
    ("joint", "told"),
    [
        (
            "drum",
            r"its operating mode is 3 with torque on, the wiring file wants 4 \(extended position\); support",
        ),
        ("jaw", r"its operating mode is 3 with torque on, the wiring file wants 5 \(current-based position\)"),
    ],
)
def test_one_that_holds_in_another_mode_is_refused_and_goes_on_holding(joint, told):
    bench = held(as_position(joint))
    fresh = heir(bench)
    with pytest.raises(CommandRefused, match=told):
        fresh.start()
    assert not fresh.bus.is_open
    assert fresh.servo(joint).registers[Role.TORQUE_ENABLE] == 1
    assert fresh.servo(joint).registers[Role.OPERATING_MODE] == 3


def test_what_cannot_be_used_is_refused_before_any_servo_is_written():
    bench = reel()
    bench.servo("jaw").registers[Role.CURRENT_LIMIT] = 100
    with pytest.raises(CommandRefused, match=r"current_limit is 0\.50 A, the servo's own Current Limit 0\.27 A"):
        bench.start()
    assert bench.loop.state.eeprom_writes == 0


def test_a_homing_offset_in_extended_position_control_is_refused_while_the_watchdog_is_on():
    bench = reel()
    bench.servo("drum").registers[Role.HOMING_OFFSET] = 512
    told = r"start of drum refused: its Homing Offset is 512: .* run away once its Bus Watchdog \(200 ms\) trips"
    with pytest.raises(CommandRefused, match=told):
        bench.start()
    assert heir(bench, policy=FaultPolicy(watchdog_time=0.0)).start().mode() is Mode.DISABLED


@pytest.mark.parametrize("shadow", [2, 252])
def test_a_shadow_id_is_refused_at_start_and_left(shadow):
    bench = reel()
    bench.servo("drum").registers[Role.SHADOW_ID] = shadow
    with pytest.raises(CommandRefused, match=rf"drum: Secondary\(Shadow\) ID is {shadow}, not 255"):
        bench.start()
    assert bench.servo("drum").registers[Role.SHADOW_ID] == shadow


def test_a_shadow_id_that_is_off_in_another_way_is_left():
    bench = reel()
    bench.servo("drum").registers[Role.SHADOW_ID] = 253
    bench.start()
    assert bench.servo("drum").registers[Role.SHADOW_ID] == 253


def test_a_shadow_id_with_torque_on_is_refused():
    bench = held(WIRING)
    bench.servo("jaw").registers[Role.SHADOW_ID] = 1
    told = r"start of jaw refused: its Secondary\(Shadow\) ID is 1 with torque on: it obeys what another"
    with pytest.raises(CommandRefused, match=told):
        heir(bench).start()
