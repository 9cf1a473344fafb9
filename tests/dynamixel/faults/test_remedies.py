"""What leads out: the steps that faults, refusals and the state name, wherever several things are wrong."""

from __future__ import annotations

import math

import pytest

from armature.core.control.blocked import BlockedDirection
from armature.core.model.arm import Limit
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import (
    BRING_BACK,
    CHECK_BUS,
    LET_DOWN,
    REPLUG,
    REPLUG_FIRST,
    SUPPORT,
    RecoveryStep,
    Remedy,
    remedy_of,
)
from armature.dynamixel.status.states import Mode
from armature.emulator.faults.catalogue import (
    ElectricalShock,
    EncoderError,
    Overload,
    Place,
    Push,
    Reset,
    Silence,
    VoltageDip,
)
from armature.errors import CommandRefused
from armature.nodes.bus_process.report import BusReport

from ..loop.test_loop_watchdog import pause
from ..virtual import Bench

STILL = "forearm_roll"
NARROW = Limit(-0.85, 0.01, 1.0, 4.0)


def struck(*faults: object, **settings: object) -> Bench:
    bench = Bench("home", **settings).enabled().run(0.3)
    for fault in faults:
        bench.faults.inject(fault)
    return bench.run(0.5)


def told(bench: Bench) -> Remedy:
    return bench.loop.state.remedy(bench.now)


def pushed_beyond(*others: object) -> Bench:
    limits, policy = {STILL: NARROW}, FaultPolicy(limit_margin=0.02)
    bench = struck(Push(STILL, torque=2.0), *others, limits=limits, policy=policy)
    assert bench.loop.state.faults[STILL].cause is Cause.LIMIT
    return bench


def test_a_remedy_is_a_text_that_names_its_steps():
    remedy = Remedy.of("let it cool", RecoveryStep.CLEAR_FAULTS)
    assert remedy == "let it cool, then run armature clear"
    assert remedy.steps == (RecoveryStep.BY_HAND, RecoveryStep.CLEAR_FAULTS)


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_remedy_with_steps(cause):
    assert remedy_of(cause).steps


def test_an_error_that_keeps_torque_is_let_down_by_parking_where_the_arm_can_park():
    assert told(struck(VoltageDip("elbow", voltage=9.0))) == LET_DOWN


def test_where_one_joint_is_stranded_no_parking_is_advised_for_another():
    assert told(struck(EncoderError("waist"), VoltageDip("elbow", voltage=9.0))) == SUPPORT


def test_where_something_is_in_a_joints_way_no_parking_is_advised():
    assert told(pushed_beyond(VoltageDip("elbow", voltage=9.0))) == SUPPORT


def test_what_is_let_down_comes_before_what_is_cleared():
    bench = struck(ElectricalShock("elbow"), EncoderError("shoulder"))
    assert bench.loop.state.faults["elbow"].remedy.steps == (RecoveryStep.BY_HAND, RecoveryStep.CLEAR_FAULTS)
    assert told(bench) == SUPPORT


def test_what_is_silent_is_to_be_heard_before_another_one_is_cleared():
    assert told(struck(Silence("waist"), Overload("elbow"))) == REPLUG


def test_what_is_silent_behind_an_error_has_to_be_heard_first():
    bench = struck(EncoderError("elbow"))
    bench.faults.inject(Silence("elbow"))
    bench.run(0.3)
    assert bench.loop.state.faults["elbow"].cause is Cause.ENCODER
    assert told(bench) == REPLUG_FIRST


def test_a_joint_that_is_held_beyond_its_limit_is_brought_back_by_hand():
    bench = pushed_beyond()
    assert told(bench).steps == (RecoveryStep.BY_HAND, RecoveryStep.CLEAR_FAULTS)  # its set-point pulls it
    pause(bench, 0.3)  # its servo stops, and gets its place as its goal
    bench.run(0.5)
    assert told(bench) == BRING_BACK


def test_a_limp_arm_out_of_its_range_says_so_before_it_is_enabled():
    bench = Bench("park", limits={STILL: NARROW}).start().run(0.1)
    bench.faults.inject(Place(STILL, position=0.3))
    bench.run(0.1)
    told_limits = f"{STILL!r} is out of its range, its limits are -0.8500 to 0.0100"
    unless = "if it stands in it, its zero is wrong: armature calibrate"
    assert told(bench) == f"{told_limits}: move it by hand into its range, then run armature enable; {unless}"
    assert told(bench).steps == (RecoveryStep.BY_HAND, RecoveryStep.ENABLE)
    with pytest.raises(CommandRefused) as refused:
        bench.loop.enable("s1", bench.now)
    assert refused.value.remedy.steps == (RecoveryStep.BY_HAND, RecoveryStep.ENABLE)


def test_a_limp_arm_that_a_hand_moves_out_of_its_range_is_not_told_anew_at_each_cycle():
    bench = Bench("park", limits={STILL: NARROW}).start().run(0.1)
    report = BusReport(bench.loop.state, bench.bus)
    count = 0
    for cycle in range(50):
        bench.faults.inject(Place(STILL, position=0.3 + 0.01 * cycle))
        bench.cycle()
        count += report.status_if_due(bench.now, client=1) is not None
    assert 1 <= count < 10  # what has not changed is told once a second, by the clock of the wall


def test_what_stood_in_the_way_of_a_recovery_is_its_remedy():
    bench = struck(Overload(STILL), limits={STILL: NARROW})
    bench.faults.clear()
    bench.faults.inject(Place(STILL, position=0.3))
    bench.loop.clear_faults(bench.now)
    bench.run(1.5)
    assert told(bench).startswith("move it by hand into its range, then run armature clear; ")
    assert told(bench).steps == (RecoveryStep.BY_HAND, RecoveryStep.CLEAR_FAULTS)
    bench.faults.inject(Place(STILL, position=-0.3))
    bench.loop.clear_faults(bench.now)
    assert told(bench).steps == (RecoveryStep.WAIT,)
    bench.run(1.5)
    assert told(bench).steps == (RecoveryStep.ENABLE,)


@pytest.mark.parametrize(
    ("prepare", "steps"),
    [
        (lambda bench: None, ()),
        (lambda bench: bench.loop.hold("test", bench.now), (RecoveryStep.ENABLE,)),
        (lambda bench: bench.loop.protective_stop(True, bench.now), (RecoveryStep.RELEASE,)),
        (lambda bench: bench.loop.torque_off(bench.now), (RecoveryStep.ENABLE,)),
        (lambda bench: bench.loop.guide("wrist_roll", bench.now, begin=True), (RecoveryStep.END_FREE_DRIVE,)),
        (lambda bench: setattr(bench.port, "unplugged", True), (RecoveryStep.BY_HAND, RecoveryStep.WAIT)),
    ],
    ids=["enabled", "holding", "protective stop", "disabled", "free", "disconnected"],
)
def test_every_state_names_what_leads_to_an_arm_that_takes_commands(prepare, steps):
    bench = Bench("home").enabled().run(0.3)
    prepare(bench)
    bench.run(0.1)
    assert told(bench).steps == steps
    assert bool(told(bench)) == bool(steps)


def test_state_and_faults_carry_the_steps_to_whoever_reads_them():
    bench = struck(EncoderError("elbow"))
    status = BusReport(bench.loop.state, bench.bus).status(bench.now)
    assert (status.remedy, status.remedy.steps) == (SUPPORT, SUPPORT.steps)
    assert status.faults[0].fault.remedy.steps == (
        RecoveryStep.TORQUE_OFF,
        RecoveryStep.CLEAR_FAULTS,
        RecoveryStep.ENABLE,
    )
    assert bench.mode() is Mode.FAULT


def test_nothing_moves_by_following_an_encoder_fault_with_the_arm_supported():
    bench = struck(EncoderError("elbow"))
    for joint in bench.positions():
        bench.far.plant.jam(joint)
    before = bench.positions()
    bench.loop.torque_off(bench.now)
    bench.faults.clear()
    bench.run(0.1)
    bench.loop.clear_faults(bench.now)
    bench.run(1.5)
    bench.loop.enable("s2", bench.now)
    for joint in before:
        bench.far.plant.release(joint)
    bench.run(1.0)
    assert bench.mode() is Mode.ENABLED
    sag = math.radians(1.0)  # of a loaded arm whose goals do not lead yet
    assert max(abs(place - before[joint]) for joint, place in bench.positions().items()) < sag


def test_where_a_joint_has_just_given_way_to_something_no_parking_is_advised():
    bench = struck(VoltageDip("elbow", voltage=9.0))
    bench.loop._parts.back_off._joints["waist"].block = BlockedDirection(0.0, 1)
    bench.run(0.05)
    assert told(bench) == SUPPORT


@pytest.mark.parametrize(
    ("fault", "steps"),
    [(EncoderError("elbow"), SUPPORT.steps), (Silence("elbow"), (RecoveryStep.BY_HAND, RecoveryStep.WAIT))],
    ids=["encoder", "missing"],
)
def test_a_refusal_to_park_names_what_leads_out_of_the_fault_that_forbids_it(fault, steps):
    bench = struck(fault)
    with pytest.raises(CommandRefused, match=r"disable refused: .*; torque stays as it is") as refused:
        bench.park()
    assert refused.value.remedy.steps == steps


def test_in_fault_a_refusal_names_the_faults_joint_and_cause_whatever_happened_last_and_its_step_once():
    bench = struck(Overload("elbow"))
    for is_on in (True, False):
        bench.loop.protective_stop(is_on, bench.now)
    fault, step = bench.loop.state.faults["elbow"], bench.loop.state.remedy(bench.now)
    with pytest.raises(CommandRefused) as refused:
        bench.loop.enable("s", bench.now)
    assert str(refused.value) == f"enable refused: the state is FAULT (elbow: overload: {fault.detail}); {step}"
    assert bench.loop.state.why == "elbow: overload; protective stop released"


def test_servos_that_go_silent_together_are_one_fault_of_the_bus_and_none_is_accused_alone():
    servos = struck().loop.state.servos
    bench = struck(*(Silence(servo) for servo in servos))
    assert set(bench.loop.state.faults) == set(servos)
    assert bench.loop.state.why == f"no servo of the bus answers; {CHECK_BUS}"
    assert {fault.remedy for fault in bench.loop.state.faults.values()} == {CHECK_BUS} == {told(bench)}
    with pytest.raises(CommandRefused, match=r"FAULT .*does not answer.*; check the adapter, the power"):
        bench.loop.enable("s", bench.now)
    bench.faults.clear(None)
    bench.run_until(lambda: not bench.loop.state.faults)
    assert bench.loop.state.why.endswith("recovered: it answers again")


def test_servos_that_lose_their_power_together_are_one_fault_of_the_arm_and_none_is_accused_alone():
    servos = struck().loop.state.servos
    bench = struck(*(Reset(servo) for servo in servos)).run(1.0)
    assert set(bench.loop.state.faults) == set(servos)
    assert {fault.cause for fault in bench.loop.state.faults.values()} == {Cause.SILENT_RESET}
    assert bench.loop.state.why.startswith("the arm is limp: it lost its power, or another program")
    assert "run armature clear" in bench.loop.state.why
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults)
    bench.run(0.1)
    assert bench.mode() is Mode.DISABLED  # limp as it is, until it is enabled anew
