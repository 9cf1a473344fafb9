"""Joints that lose their torque to be guided by hand, while the others hold."""

from __future__ import annotations

import math

import pytest

from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import RecoveryStep
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.catalogue import Overload, Place, Reset, Silence
from armature.errors import CommandRefused, ServoTimeout

from ..loop.test_loop_motion import move
from ..twin import FIRST, SECOND, twin
from ..virtual import ARM, JOINTS, Bench

HALF_A_DEGREE = math.radians(0.5)
SOFT = math.radians(1.0)  # what others sag by more or less when a joint that hangs on them falls


def free(bench: Bench, joint: str = "elbow") -> str:
    return bench.loop.guide(joint, bench.now, begin=True)


def held(bench: Bench, joint: str = "elbow") -> str:
    return bench.loop.guide(joint, bench.now, begin=False)


def torques(bench: Bench) -> dict[str, int]:
    return {joint: bench.servo(joint).registers[Role.TORQUE_ENABLE] for joint in JOINTS}


def limp(bench: Bench) -> set[str]:
    return {joint for joint, torque in torques(bench).items() if not torque}


def moved(before: dict[str, float], after: dict[str, float], *but: str) -> float:
    return max(abs(after[joint] - before[joint]) for joint in before if joint not in but)


@pytest.fixture
def bench():
    bench = Bench("home").enabled().run(0.5)
    free(bench)
    return bench.run(0.05)


def test_it_loses_its_torque_alone_and_the_answer_says_so():
    bench = Bench("home").enabled().run(0.5)
    assert free(bench) == "elbow: its torque is off: it falls unless somebody holds it; the others hold"
    assert limp(bench) == {"elbow"}
    assert bench.mode() is Mode.HOLDING
    assert (bench.loop.state.session, bench.loop.state.torque()) == ("", "partial")
    assert bench.loop.state.free_joints == {"elbow": "torque off"}
    assert not bench.loop.state.faults


def test_it_falls_onto_its_stop_and_the_others_hold(bench):
    before = bench.positions()
    bench.run(1.5)
    assert bench.positions()["elbow"] == pytest.approx(ARM.limit("elbow").upper, abs=0.02)
    assert moved(before, bench.positions(), "elbow") < SOFT
    assert bench.mode() is Mode.HOLDING
    assert not bench.loop.state.faults
    sent = bench.loop.state.setpoints(bench.now)["elbow"].position
    assert sent == pytest.approx(bench.positions()["elbow"], abs=0.01)


def test_on_its_stop_it_holds_again_without_a_step(bench):
    bench.run(1.5)
    before = bench.positions()
    assert held(bench) == "elbow holds where it is"
    bench.run(0.5)
    assert moved(before, bench.positions()) < HALF_A_DEGREE
    assert limp(bench) == set()
    assert (bench.mode(), dict(bench.loop.state.free_joints)) == (Mode.HOLDING, {})
    bench.loop.enable("s2", bench.now)
    bench.loop.follow(move(bench, -0.1, 0.5, "s2", joint="elbow"), bench.now)
    bench.run(0.7)
    assert bench.mode() is Mode.ENABLED, bench.loop.state.why


def test_a_hand_puts_it_somewhere_and_it_holds_there(bench):
    with bench.faults.injected(Place("elbow", position=0.3)):
        bench.run(0.2)
        held(bench)
        assert limp(bench) == set()
    bench.run(0.5)
    sag = math.radians(4.0)  # of a servo whose goal was set to where it is, under the weight that the hand held
    assert bench.positions()["elbow"] == pytest.approx(0.3, abs=sag)
    assert bench.loop.state.setpoints(bench.now)["elbow"].position == pytest.approx(0.3, abs=0.01)


def test_a_loop_that_was_busy_does_not_send_it_back_to_where_it_was(bench):
    with bench.faults.injected(Place("elbow", position=0.3)):
        bench.run(0.1)
    with bench.faults.injected(Place("elbow", position=0.0)):
        bench.port.time += 0.15
        held(bench)
        bench.run(0.3)
        assert bench.loop.state.setpoints(bench.now)["elbow"].position == pytest.approx(0.0, abs=0.01)


def test_beyond_its_limit_it_is_warned_of_and_gets_no_torque_until_it_is_back():
    limit = ARM.limit("elbow")
    bench = Bench("home", limits={"elbow": type(limit)(limit.lower, 0.8, limit.velocity, limit.effort)}).enabled()
    bench.run(0.3)
    free(bench)
    with bench.faults.injected(Place("elbow", position=0.95)):
        bench.run(0.1)
        (warning,) = bench.loop.state.warnings
        assert (warning.joint, warning.cause) == ("elbow", Cause.LIMIT)
        assert "its limits are -1.9200 to 0.8000" in warning.detail
        assert not bench.loop.state.faults
        with pytest.raises(
            CommandRefused, match=r"elbow is at 0\.9\d+, its limits are -1\.9200 to 0\.8000; move it"
        ):
            held(bench)
        assert limp(bench) == {"elbow"}
    with bench.faults.injected(Place("elbow", position=0.75)):
        bench.run(0.1)
        assert not bench.loop.state.warnings
        held(bench)
        assert limp(bench) == set()


def test_both_servos_of_a_joint_lose_their_torque_and_get_it_back_together():
    bench = twin(boom=-1.7).enabled().run(0.3)
    free(bench, "boom")
    bench.run(0.2)
    assert [bench.servo(name).registers[Role.TORQUE_ENABLE] for name in (FIRST, SECOND)] == [0, 0]
    assert not bench.loop.state.faults
    held(bench, "boom")
    bench.run(0.3)
    assert [bench.servo(name).registers[Role.TORQUE_ENABLE] for name in (FIRST, SECOND)] == [1, 1]
    assert not bench.loop.state.faults


# Stops, faults and other acts


@pytest.mark.parametrize("stop", ["protective stop", "hold", "orphan"])
def test_a_stop_gives_it_no_torque(bench, stop):
    if stop == "protective stop":
        bench.loop.protective_stop(True, bench.now)
        with pytest.raises(CommandRefused, match="run armature release"):
            held(bench)
    elif stop == "hold":
        bench.loop.hold("asked for", bench.now)
    else:
        bench.loop.lose_parent()
    bench.run(0.2)
    assert limp(bench) == {"elbow"}
    assert bench.loop.state.free_joints == {"elbow": "torque off"}
    assert not bench.loop.state.faults


def test_one_that_was_silent_and_kept_its_ram_goes_on_to_be_free(bench):
    bench.faults.inject(Silence("elbow"), seconds=0.2)
    bench.run(0.1)
    assert bench.loop.state.faults["elbow"].cause is Cause.MISSING
    with pytest.raises(CommandRefused, match="elbow: missing: it does not answer; check its cable and power"):
        held(bench)
    bench.run_until(lambda: not bench.loop.state.faults)
    bench.run(0.2)
    assert limp(bench) == {"elbow"}
    assert bench.loop.state.free_joints == {"elbow": "torque off"}
    assert not bench.loop.state.faults


def test_one_that_was_reset_is_told_and_holds_once_it_is_recovered():
    bench = Bench("home", registers={"elbow": {Role.POSITION_P_GAIN: 900}}).enabled().run(0.5)
    free(bench)
    bench.run(1.0)
    bench.faults.inject(Reset("elbow"))
    bench.run_until(
        lambda: "elbow" in bench.loop.state.faults and bench.loop.state.faults["elbow"].cause is Cause.SILENT_RESET
    )
    assert "it was reset: Position P Gain is 800, not 900" in bench.loop.state.faults["elbow"].detail
    before = bench.positions()
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    bench.run(0.2)
    assert moved(before, bench.positions()) < HALF_A_DEGREE
    assert (limp(bench), dict(bench.loop.state.free_joints)) == (set(), {})


def test_a_fault_of_another_joint_leaves_it_free_and_it_may_hold_again(bench):
    bench.run(1.0)
    bench.faults.inject(Overload("waist"))
    bench.run(0.1)
    assert set(bench.loop.state.faults) == {"waist"}
    assert held(bench) == "elbow holds where it is"
    bench.run(0.1)
    assert limp(bench) == {"waist"}


def test_a_bus_that_was_gone_finds_it_free(bench):
    bench.port.unplugged = True
    bench.run(0.05)
    with pytest.raises(CommandRefused, match="reconnect the bus"):
        held(bench)
    bench.port.unplugged = False
    bench.start().run(0.2)
    assert bench.loop.state.free_joints == {"elbow": "torque off"}
    assert not bench.loop.state.faults


@pytest.mark.parametrize("request_name", ["enable", "disable"])
def test_an_arm_one_joint_of_which_is_limp_is_not_commanded(bench, request_name):
    segment = move(bench, 0.1, 0.5, "")
    ask = {
        "enable": lambda: bench.loop.enable("s2", bench.now),
        "disable": lambda: bench.loop.park(segment, bench.now),
    }
    with pytest.raises(CommandRefused, match=rf"{request_name} refused: a hand may guide elbow \(torque off\)"):
        ask[request_name]()
    assert limp(bench) == {"elbow"}


def test_torque_off_ends_it_and_enabling_brings_all_back(bench):
    bench.loop.torque_off(bench.now)
    bench.run(1.5)
    assert (bench.mode(), dict(bench.loop.state.free_joints)) == (Mode.DISABLED, {})
    bench.loop.enable("s2", bench.now)
    bench.run(0.1)
    assert limp(bench) == set()
    assert bench.mode() is Mode.ENABLED


def test_the_last_joint_with_torque_is_not_let_go():
    bench = twin(boom=-1.7).enabled().run(0.3)
    free(bench, "waist")
    with pytest.raises(
        CommandRefused, match=r"boom is the last joint with torque; .* run armature torque-off"
    ) as refused:
        free(bench, "boom")
    assert refused.value.remedy.steps == (RecoveryStep.TORQUE_OFF,)
    assert bench.loop.state.torque() == "partial"


def test_one_that_does_not_hear_it_is_told_of_and_let_go_once_it_hears():
    bench = Bench("home").enabled().run(0.5)
    elbow = bench.servo("elbow")
    bench.silence("elbow")
    with pytest.raises(ServoTimeout):
        free(bench)
    assert bench.loop.state.session == ""
    bench.speak("elbow")
    bench.run(0.1)
    assert elbow.registers[Role.TORQUE_ENABLE] == 0
    assert bench.loop.state.free_joints == {"elbow": "torque off"}
