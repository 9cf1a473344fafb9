from __future__ import annotations

import gc
import math
import sys

import pytest

from armature.dynamixel.status.cause import Cause
from armature.emulator.faults import catalogue
from armature.errors import BusMismatch, CommandRefused, PortError, ServoTimeout
from armature.nodes.bus_process.report import BusReport, missing_bus_cause

from ...dynamixel.reel import go, reel
from ...dynamixel.twin import SECOND, twin
from ...dynamixel.virtual import JOINTS, PERIOD, Bench


def reported(bench):
    report = BusReport(bench.loop.state, bench.bus)
    return report.readings(0.0, 0.0, bench.now), report.status(bench.now)


def test_a_joint_of_two_servos_has_one_reading_and_two_entries():
    bench = twin().enabled().run(0.3)
    readings, status = reported(bench)
    first, second = bench.loop.state.servos["boom"], bench.loop.state.servos[SECOND]
    assert len(readings.joints) == 2
    boom = readings.joints[1]
    assert boom.position == first.position
    assert boom.current == pytest.approx(first.current + second.current)
    assert boom.torque is True
    assert list(status.servos) == ["waist", "boom", SECOND]
    assert (status.servos[SECOND]["id"], status.servos[SECOND]["torque"]) == ("12", "on")
    assert float(status.servos[SECOND]["position"]) == pytest.approx(boom.position, abs=0.01)


def test_the_joint_shows_the_graver_of_both():
    bench = twin(-1.5).enabled().run(0.3)
    bench.faults.inject(catalogue.Overload(SECOND))
    bench.faults.inject(catalogue.Overheat(SECOND, temperature=70.0))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    bench.run(0.5)
    readings, status = reported(bench)
    boom = readings.joints[1]
    assert (boom.torque, boom.hardware_error) == (0.0, 0x20)
    assert boom.temperature == pytest.approx(70.0, abs=2.0)
    assert status.servos[SECOND]["hardware_error"] == "overload"
    assert [problem.fault.joint for problem in status.faults] == [SECOND]


def test_what_was_not_read_of_the_second_is_absent_and_the_position_is_not():
    bench = twin(-1.5).enabled().run(0.3)
    bench.faults.inject(catalogue.Silence(SECOND))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    bench.run(0.1)
    boom = reported(bench)[0].joints[1]
    assert math.isfinite(boom.position)
    assert all(map(math.isnan, (boom.current, boom.effort, boom.temperature, boom.voltage)))


def test_the_position_of_a_joint_that_lost_its_turns_is_absent():
    bench = reel().enabled()
    go(bench, {"drum": 9.0})
    bench.faults.inject(catalogue.Reset("drum"))
    bench.run_until(
        lambda: [f.cause for f in bench.loop.state.faults.values()] == [Cause.MULTI_TURN_POSITION_LOST], 2.0
    )
    bench.run(0.3)
    readings, status = reported(bench)
    assert math.isnan(readings.joints[0].position)
    assert math.isfinite(readings.joints[0].temperature)
    assert status.faults[0].fault.cause is Cause.MULTI_TURN_POSITION_LOST


def test_a_servo_that_is_held_to_a_current_shows_it_and_others_none():
    _, status = reported(reel().enabled())
    assert status.servos["jaw"]["current_limit_a"] == "0.50"
    assert "current_limit_a" not in status.servos["drum"]


# What was not read is not told


def test_of_a_servo_that_is_silent_nothing_is_told_that_it_once_said():
    bench = Bench("park").enabled()
    report = BusReport(bench.loop.state, bench.bus)
    assert report.status(bench.now).torque == "on"
    bench.faults.inject(catalogue.BrownOut("elbow"))
    bench.run_until(lambda: "elbow" in bench.loop.state.faults)
    status, reading = report.status(bench.now), report.readings(0.0, 0.0, bench.now).joints[JOINTS.index("elbow")]
    assert status.torque == "unknown"
    assert reading.torque is None
    assert reading.hardware_error is None
    assert math.isnan(reading.temperature)
    (fault,) = status.faults
    assert (
        fault.fault.done == "every other joint that answers stopped and holds; whether this one holds is not known"
    )


def test_where_all_servos_lose_their_power_no_fault_tells_of_one_that_holds():
    bench = Bench("park").enabled()
    report = BusReport(bench.loop.state, bench.bus)
    for joint in JOINTS:
        bench.faults.inject(catalogue.BrownOut(joint), seconds=0.3)
    bench.run_until(
        lambda: {fault.cause for fault in bench.loop.state.faults.values()} == {Cause.SILENT_RESET}, 20.0
    )
    told = [problem.fault.done for problem in report.status(bench.now).faults]
    assert len(told) == len(JOINTS)
    assert all(done.startswith("every joint with torque ") for done in told)


def test_slow_values_carry_an_age_of_their_own():
    bench = Bench("park").start().run(1.0)
    report = BusReport(bench.loop.state, bench.bus)
    ages = [axis.slow_age for axis in report.readings(0.0, 0.0, bench.now).joints]
    assert all(0.0 <= age <= 0.2 for age in ages)  # two turns of seven servos at 100 Hz
    assert max(ages) > 0.05
    assert all(axis.age < 0.02 for axis in report.readings(0.0, 0.0, bench.now).joints)


def test_when_the_port_is_gone_torque_is_unknown():
    bench = Bench("park").enabled()
    bench.port.unplugged = True
    bench.run(0.05)
    report = BusReport(bench.loop.state, bench.bus)
    assert (report.status(bench.now).mode, report.status(bench.now).torque) == ("DISCONNECTED", "unknown")


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (PortError("/dev/x", "no such file", "plug it in"), ""),
        (BusMismatch("/dev/x", ["waist"], []), "servos_silent"),
        (ServoTimeout([1], "ping"), "servos_silent"),
        (CommandRefused("start", "another model", "change the wiring file"), "servos_refused"),
    ],
)
def test_what_keeps_a_bus_away_is_told_as_a_word_for_programs(error, gone):
    bench = Bench("park").enabled()
    bench.port.unplugged = True
    bench.run(0.05)
    report = BusReport(bench.loop.state, bench.bus)
    report.unavailable_cause = missing_bus_cause(error)
    assert report.status(bench.now).cause == (gone or "disconnected")


def test_cycles_keep_no_memory_and_leave_no_garbage_to_collect():
    bench = Bench("home").enabled().run(1.0)
    gc.collect()
    gc.disable()
    try:
        bench.run(0.1)
        before = sys.getallocatedblocks()
        bench.run(20.0)
        kept = sys.getallocatedblocks() - before
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert kept < 0.1 * 20.0 / PERIOD  # less than one in ten cycles


def test_how_long_memory_is_tidied_is_told():
    bench = Bench("park").start()
    report = BusReport(bench.loop.state, bench.bus)
    for seconds in (1e-4, 3e-4, 2e-4):
        report.note_collection(seconds)
    assert report.status(bench.now).bus["longest_garbage_collection_ms"] == "0.30"
