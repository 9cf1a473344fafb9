"""The step that is named at a fault succeeds, and such steps lead to an arm that can be enabled again."""

from __future__ import annotations

import pytest

from armature.bench.faults.recovery import requests
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.faults.recovery_advice import RecoveryAdvisor
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import RESTORE_TURNS, RecoveryStep
from armature.dynamixel.status.states import BEING_RECOVERED, Fault, Mode
from armature.emulator.faults.catalogue import (
    ElectricalShock,
    EncoderError,
    Overheat,
    Overload,
    Reset,
    Silence,
    VoltageDip,
)

from ..virtual import Bench

CAN_BE_ENABLED = (Mode.HOLDING, Mode.DISABLED)


def step(bench):
    """The step that the whole arm names, which its remedy names too, or else that something is waited for."""
    advice = bench.loop.state.advice
    if advice is None:
        return ""
    assert advice.remedy == bench.loop.state.remedy(bench.now)
    assert advice.step in (*advice.remedy.steps, RecoveryStep.WAIT)
    return advice.step


def take(bench, named):
    """Do what the step says; a refusal is raised."""
    if named != RecoveryStep.WAIT:
        requests(bench)[RecoveryStep(named)]()
    bench.run(4.0)


def follow(bench):
    """Steps that were named until the arm could be enabled, each of them taken."""
    taken = []
    while bench.mode() not in CAN_BE_ENABLED:
        assert len(taken) < 4, taken
        taken.append(step(bench))
        take(bench, taken[-1])
    return taken


@pytest.mark.parametrize("state", ["idle", "enabled"])
@pytest.mark.parametrize(
    ("fault", "steps"),
    [
        (Overload("elbow"), ["clear_faults"]),
        (ElectricalShock("elbow"), ["clear_faults"]),
        (Reset("elbow"), ["clear_faults"]),
        (VoltageDip("elbow", voltage=9.1), ["disable", "clear_faults"]),
        (EncoderError("elbow"), ["torque_off", "clear_faults"]),
    ],
)
def test_the_named_steps_succeed_and_end_the_fault(fault, steps, state):
    bench = Bench("park").enabled() if state == "enabled" else Bench("park").start().run(0.1)
    bench.faults.inject(fault)
    bench.run(0.3)
    bench.faults.clear()
    bench.run(2.0)  # temperature and voltage are read in turns
    if state == "enabled":
        assert follow(bench) == steps
    else:  # without torque nothing has to be let down, and one that was reset lacks nothing
        assert follow(bench) in (steps[-1:], [])
    bench.loop.enable("again", bench.now)


@pytest.mark.parametrize(
    ("fault", "waits", "steps"),
    [
        (Overheat("elbow", temperature=82.0), "let it cool below 73 °C", ["clear_faults"]),
        (Silence("elbow"), "does not answer", []),
    ],
)
def test_what_nothing_ends_yet_is_waited_for_and_says_what_for(fault, waits, steps):
    bench = Bench("park").enabled()
    bench.faults.inject(fault)
    bench.run(1.0)
    assert step(bench) == RecoveryStep.WAIT
    assert waits in bench.loop.state.advice_by_joint()["elbow"].waits_for
    bench.faults.clear()
    bench.faults.inject(Overheat("elbow", temperature=45.0))
    bench.run(3.0)
    assert follow(bench) == steps


def test_what_is_silent_is_waited_for_before_another_one_is_cleared_as_the_remedy_says():
    bench = Bench("park").enabled()
    bench.faults.inject(Silence("waist"))
    bench.faults.inject(Overload("elbow"))
    bench.run(0.3)
    bench.faults.clear("overload")
    assert {name: str(advice.step) for name, advice in bench.loop.state.advice_by_joint().items()} == {
        "waist": "wait",
        "elbow": "clear_faults",
    }
    assert step(bench) == RecoveryStep.WAIT
    assert bench.loop.state.advice.waits_for == "waist: it does not answer; check cable and power"
    bench.faults.clear()
    bench.run(1.0)
    assert step(bench) == RecoveryStep.CLEAR_FAULTS


def test_a_joint_that_is_being_recovered_is_waited_for_beside_one_that_is_not():
    bench = Bench("park").enabled()
    bench.faults.inject(Silence("waist"))
    bench.faults.inject(Overload("elbow"))
    bench.run(0.3)
    bench.faults.clear("overload")
    bench.loop.clear_faults(bench.now)
    advice = bench.loop.state.advice_by_joint()
    assert (advice["elbow"].step, advice["elbow"].waits_for) == (RecoveryStep.WAIT, BEING_RECOVERED)
    assert advice["waist"].waits_for != BEING_RECOVERED
    bench.run(4.0)
    assert set(bench.loop.state.faults) == {"waist"}


def test_an_arm_that_cannot_park_beside_a_servo_that_keeps_its_torque_must_be_supported():
    bench = Bench("park").enabled()
    bench.faults.inject(VoltageDip("elbow", voltage=9.1))
    bench.run(0.1)
    assert step(bench) == RecoveryStep.DISABLE
    bench.faults.inject(EncoderError("waist"))
    bench.run(0.1)
    assert step(bench) == RecoveryStep.TORQUE_OFF


@pytest.mark.parametrize(("has_torque", "named"), [(True, RecoveryStep.TORQUE_OFF), (False, RecoveryStep.WAIT)])
def test_torque_is_to_be_turned_off_only_where_there_is_any(has_torque, named):
    bench = Bench("park").enabled() if has_torque else Bench("park").start()
    servos = bench.loop._servos
    advisor = RecoveryAdvisor(servos, {}, FaultPolicy())
    advisor.persistence.describe = lambda _fault, reread: ""
    cause = Cause.MULTI_TURN_POSITION_LOST
    fault = Fault("elbow", cause, "", "", RESTORE_TURNS, needs_clearing=True, since=0.0)
    assert advisor.advise(fault).step is named


def test_what_is_foreseen_is_read_from_no_servo():
    bench = Bench("park").enabled()
    bench.faults.inject(Overheat("elbow", temperature=82.0))
    bench.run(0.3)
    before = bench.bus.statistics()
    bench.loop.state.advice_by_joint()
    assert bench.bus.statistics() == before


def test_no_fault_asks_for_no_step():
    assert step(Bench("park").enabled()) == ""


@pytest.mark.parametrize("meanwhile", ["clear_faults", "recovery", "fault"])
def test_a_protective_stop_stays_the_reason_whatever_happens_meanwhile(meanwhile):
    bench = Bench("park").enabled()
    bench.faults.inject(Overload("elbow"))
    bench.run(0.1)
    bench.faults.clear()
    bench.loop.protective_stop(True, bench.now)
    if meanwhile != "fault":
        assert bench.loop.clear_faults(bench.now) == "recovering elbow"
    if meanwhile == "recovery":
        bench.run_until(lambda: not bench.loop.state.faults)
    if meanwhile == "fault":
        bench.servo("waist").fail(0x20)
        bench.run_until(lambda: "waist" in bench.loop.state.faults)
    assert (bench.mode(), bench.loop.state.why) == (Mode.PROTECTIVE_STOP, "protective stop")
    assert str(bench.loop.state.cause) == "protective stop"
    bench.loop.protective_stop(False, bench.now)
    fault = "" if meanwhile == "recovery" else "elbow: overload; "  # which the release does not hide
    assert bench.loop.state.why == f"{fault}protective stop released"
