"""One arm whose servos hang on two serial ports."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from armature.core.trajectory.segments import Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.catalogue import Drop, Silence, Unplug
from armature.errors import BusError, BusMismatch, CommandRefused, PortError

from .. import twin
from ..virtual import JOINTS, PERIOD, WIRING, Bench

LOWER, UPPER = ("waist", "shoulder", "elbow"), JOINTS[3:]
STILL = math.radians(0.5)  # of a joint that keeps its torque (promise 2)


def _on_two(wiring, upper, rates=(1_000_000, 1_000_000)):
    servos = tuple(replace(s, bus="upper" if s.joint in upper else "lower") for s in wiring.servos)
    return replace(wiring, buses=dict(zip(("lower", "upper"), rates, strict=True)), servos=servos)


TWO = _on_two(WIRING, UPPER)


@pytest.fixture
def bench():
    return Bench(wiring=TWO)


def begin(bench, joint="waist", distance=0.4, seconds=1.0):
    start = bench.loop.state.setpoints(bench.now)[joint].position
    way = Trajectory((joint,), [0.0, seconds], [[start], [start + distance]], [[0.0]] * 2, [[0.0]] * 2)
    bench.loop.follow(Segment(1, bench.loop.state.session, bench.now, way), bench.now)
    return start + distance


# Reading and writing


def test_every_joint_is_read_and_moved_whatever_its_bus(bench):
    bench.enabled()
    ends = {joint: begin(bench, joint, 0.1) for joint in ("waist", "wrist_pitch")}
    bench.run(1.5)
    assert bench.mode() is Mode.ENABLED
    for joint, end in ends.items():
        assert bench.positions()[joint] == pytest.approx(end, abs=0.03)
        assert bench.loop.state.axes[joint].position == pytest.approx(bench.positions()[joint], abs=0.01)


def test_buses_are_read_at_the_same_time():
    slow = _on_two(WIRING, UPPER, (115_200, 115_200))
    took = {}
    for name, wiring in (("one", replace(WIRING, buses={"": 115_200})), ("two", slow)):
        bench = Bench(wiring=wiring).start()
        bench.cycle()
        begun = bench.now
        bench.loop._servos.reader.read_states(begun)
        took[name] = bench.now - begun
    assert took["two"] < 0.75 * took["one"]  # 4 of 7 servos on the fuller bus


def test_buses_may_have_rates_of_their_own():
    bench = Bench(wiring=_on_two(WIRING, UPPER, (57_600, 4_000_000))).enabled()
    end = begin(bench, "wrist_pitch", 0.1)
    bench.run(1.5)
    assert bench.positions()["wrist_pitch"] == pytest.approx(end, abs=0.03)


def test_statistics_are_kept_for_each_bus_and_all_together(bench):
    bench.start().run(0.1)
    bench.faults.inject(Drop("waist"))
    bench.run(0.5)
    lower, upper = (bench.bus.parts[name].statistics() for name in ("lower", "upper"))
    assert lower.timeouts > 0
    assert upper.timeouts == 0
    assert bench.bus.statistics().timeouts == lower.timeouts
    assert set(bench.bus.statistics().servos) == set(TWO.ids)


def test_a_silent_servo_of_one_bus_costs_no_answer_of_the_other(bench):
    bench.enabled()
    bench.faults.inject(Silence("waist"))
    bench.run_until(lambda: "waist" in bench.loop.state.faults)
    bench.run(PERIOD)
    assert bench.loop.state.faults["waist"].cause is Cause.MISSING
    assert all(bench.loop.state.axes[joint].misses == 0 for joint in UPPER)


def test_each_bus_chooses_its_instruction_by_its_own_servos(bench):
    bench.far.servo("wrist_roll").registers[Role.FIRMWARE_VERSION] = 40
    bench.start().run(0.1)
    assert "Fast Sync Read (every servo knows it)" in bench.loop.state.instruction
    assert "Sync Read (no Fast Sync Read in" in bench.loop.state.instruction


# One of them is gone


def test_the_joints_of_a_bus_that_is_pulled_are_disconnected_and_the_others_stop_and_hold(bench):
    bench.enabled()
    begin(bench, "waist", 0.4)
    begin(bench, "wrist_pitch", 0.3)
    bench.run(0.4)
    pulled, before = bench.now, bench.positions()
    bench.faults.inject(Unplug("wrist_pitch"))
    bench.run_until(lambda: bench.mode() is Mode.FAULT)
    assert bench.now - pulled <= 0.1
    assert set(bench.loop.state.faults) == set(UPPER)
    fault = bench.loop.state.faults["wrist_pitch"]
    assert fault.cause is Cause.DISCONNECTED
    assert "virtualupper: the port is gone" in fault.detail
    assert not fault.needs_clearing
    assert all(math.isnan(bench.loop.state.axes[joint].position) for joint in UPPER)
    bench.run(1.0)
    assert not bench.loop.state.is_moving(bench.now)
    assert all(bench.loop.state.axes[joint].misses == 0 for joint in LOWER)
    rest = bench.positions()
    bench.run(1.0)
    assert all(abs(bench.positions()[joint] - rest[joint]) < 1e-3 for joint in JOINTS)
    assert abs(rest["waist"] - before["waist"]) < 0.3  # it stopped within its limits
    with pytest.raises(CommandRefused, match="the state is FAULT"):
        bench.loop.enable("s2", bench.now)


def test_a_bus_that_comes_back_is_joined_without_a_step(bench):
    bench.enabled()
    begin(bench, "wrist_pitch", 0.2)
    bench.run(0.4)
    bench.faults.inject(Unplug("wrist_pitch"))
    bench.run(1.0)
    held = bench.positions()
    bench.faults.clear(None)
    bench.bus.reopen()
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    bench.run(0.5)
    assert bench.loop.state.torque() == "on"
    assert max(abs(bench.positions()[joint] - held[joint]) for joint in JOINTS) < STILL
    bench.loop.enable("s2", bench.now)
    end = begin(bench, "wrist_pitch", 0.1)
    bench.run(1.5)
    assert bench.positions()["wrist_pitch"] == pytest.approx(end, abs=0.03)


def test_a_bus_that_stays_away_keeps_its_reason(bench):
    bench.start()
    bench.faults.inject(Unplug("wrist_pitch"))
    bench.run(0.1)
    bench.bus.reopen()
    bench.run(0.1)
    assert "no such file" in bench.loop.state.faults["wrist_pitch"].detail


def test_when_all_are_gone_the_arm_is_disconnected_and_comes_back_as_a_whole(bench):
    bench.enabled()
    bench.faults.inject(Unplug())
    bench.run(0.05)
    assert bench.mode() is Mode.DISCONNECTED
    bench.faults.clear(None)
    bench.loop.start(bench.now)
    bench.run(0.2)
    assert bench.mode() is Mode.HOLDING


def test_one_after_the_other_they_come_back(bench):
    bench.enabled()
    upper, lower = Unplug("wrist_pitch"), Unplug("waist")
    bench.faults.inject(upper)
    bench.run(0.1)
    bench.faults.inject(lower)
    bench.run(0.1)
    assert bench.mode() is Mode.DISCONNECTED
    bench.faults.clear(None)
    bench.faults.inject(upper)
    bench.loop.start(bench.now)
    bench.run(0.1)
    assert bench.mode() is Mode.FAULT
    assert set(bench.loop.state.faults) == set(UPPER)
    bench.faults.clear(None)
    bench.bus.reopen()
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)


def test_servos_that_were_reset_while_their_bus_was_gone_stay_limp_until_faults_are_cleared(bench):
    bench.enabled()
    bench.faults.inject(Unplug("wrist_pitch"))
    bench.run(0.1)
    for joint in UPPER:
        bench.servo(joint).reboot()
    bench.run(1.0)
    bench.faults.clear(None)
    bench.bus.reopen()
    bench.run_until(lambda: {f.cause for f in bench.loop.state.faults.values()} == {Cause.SILENT_RESET})
    bench.run(1.0)
    assert bench.mode() is Mode.FAULT
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
    assert bench.loop.state.torque() == "on"


def test_another_servo_that_answers_with_an_id_of_the_arm_is_not_taken_back(bench):
    bench.enabled()
    bench.faults.inject(Unplug("wrist_pitch"))
    bench.run(0.1)
    stranger = servo_model("XC330-T288")
    bench.servo("wrist_pitch").model = stranger
    bench.faults.clear(None)
    bench.bus.reopen()
    bench.run_until(lambda: "another servo" in getattr(bench.loop.state.faults.get("wrist_pitch"), "detail", ""))
    bench.run(0.5)
    assert set(bench.loop.state.faults) == {"wrist_pitch"}
    assert "XC330-T288" in bench.loop.state.faults["wrist_pitch"].detail
    assert math.isnan(bench.loop.state.axes["wrist_pitch"].position)


def test_torque_off_reaches_whom_it_can_and_tells_the_rest(bench):
    bench.enabled()
    bench.faults.inject(Unplug("wrist_pitch"))
    bench.run(0.1)
    with pytest.raises(BusError, match="no answer to"):
        bench.loop.torque_off(bench.now)
    bench.run(0.1)
    assert not any(bench.servo(joint).registers[Role.TORQUE_ENABLE] for joint in LOWER)


# Starting


def test_a_first_start_needs_every_bus(bench):
    bench.ports["upper"].unplugged = True
    with pytest.raises(PortError, match="virtualupper"):
        bench.start()
    assert not bench.bus.is_open


def test_a_loop_that_takes_a_held_arm_over_goes_on_without_a_bus(bench):
    bench.enabled()
    bench.loop.release_bus()
    successor = Bench(wiring=TWO, resumes=True)
    successor.take_over(bench)
    successor.port.time = bench.port.time
    successor.ports["upper"].unplugged = True
    successor.start().run(0.1)
    assert successor.mode() is Mode.FAULT
    assert set(successor.loop.state.faults) == set(UPPER)
    assert successor.loop.state.faults["gripper"].cause is Cause.DISCONNECTED
    assert successor.loop.state.setpoints(successor.now).keys() >= set(LOWER)


def test_a_servo_on_the_wrong_bus_is_missed_where_it_should_be():
    bench = Bench(wiring=TWO)
    bench.bus._bus_names[TWO.servos[0].servo_id] = "upper"
    with pytest.raises(BusMismatch, match=f"id {TWO.servos[0].servo_id}"):
        bench.start()


# A joint of two servos


def test_two_servos_of_one_joint_may_hang_on_two_buses():
    boom = twin.WIRING.servos[1]
    assert boom.second is not None
    pair = replace(boom, bus="lower", second=replace(boom.second, bus="upper"))
    servos = (replace(twin.WIRING.servos[0], bus="lower"), pair)
    wiring = replace(twin.WIRING, buses={"lower": 1_000_000, "upper": 1_000_000}, servos=servos)
    bench = twin.twin(wiring=wiring).enabled()
    held = bench.positions()["boom"]
    bench.faults.inject(Unplug("boom_second"))
    bench.run(1.0)
    assert bench.loop.state.faults["boom_second"].cause is Cause.DISCONNECTED
    assert bench.positions()["boom"] == pytest.approx(held, abs=0.1)
    bench.faults.clear(None)
    bench.bus.reopen()
    bench.run_until(lambda: bench.mode() is Mode.HOLDING)
