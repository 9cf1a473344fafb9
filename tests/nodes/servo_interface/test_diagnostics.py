from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from armature.dynamixel.loop import link
from armature.dynamixel.status.cause import Cause
from armature.emulator.faults import catalogue
from armature.nodes.bus_process.report import BusReport

from ...dynamixel.twin import SECOND, WIRING, twin

Time = pytest.importorskip("builtin_interfaces.msg").Time
servo_diagnostics = pytest.importorskip("armature.nodes.servo_interface.diagnostics")


def statuses(bench):
    report = BusReport(bench.loop.state, bench.bus)
    return diagnosed(report.readings(0.0, 0.0, bench.now), report.status(bench.now))


def diagnosed(readings, status):
    configuration = SimpleNamespace(wiring=WIRING, child={"port": "virtual"})
    array = servo_diagnostics.diagnostics(Time(), configuration, status, readings, {}, 0.0)
    return {status.name.split(": ")[1]: status for status in array.status}


def test_the_second_servo_of_a_joint_has_a_status_of_its_own():
    found = statuses(twin(-1.5).enabled().run(0.2))
    assert list(found) == ["bus", "waist", "boom", SECOND]
    assert (found[SECOND].hardware_id, found[SECOND].message) == ("id 12", "ok")
    assert {item.key: item.value for item in found[SECOND].values}["torque"] == "on"


@pytest.mark.parametrize(("fault", "told"), [(catalogue.Overload, "overload: "), (catalogue.Silence, "missing: ")])
def test_its_fault_is_told_there_and_not_of_the_first(fault, told):
    bench = twin(-1.5).enabled().run(0.2)
    bench.faults.inject(fault(SECOND))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    found = statuses(bench)
    assert found[SECOND].message.startswith(told)
    assert found[SECOND].level == b"\x02"
    assert (found["boom"].message, found["boom"].level) == ("ok", b"\x00")


def problem(cause, joint="boom"):
    told = {"detail": "too much", "done": "nothing yet", "remedy": "give it less to do", "age": 0.0}
    return {"joint": joint, "cause": str(cause), **told}


def test_no_warning_of_a_joint_hides_behind_another():
    warnings = (problem(Cause.LOAD), problem(Cause.LOAD, SECOND), problem(Cause.TEMPERATURE))
    status = link.Status("ENABLED", "on", "s1", "enabled", protective_stop=False, warnings=warnings)
    values = {item.key: item.value for item in servo_diagnostics.state(status, 0.0).values}
    told = {name: text.split(":")[0] for name, text in values.items() if name.startswith("warning")}
    assert told == {
        "warning.boom": "temperature",
        "warning.boom.load": "load",
        f"warning.{SECOND}": "load",
    }


def test_a_warm_and_loaded_joint_at_fault_tells_all_of_it_in_one_message():
    bench = twin(-1.5).enabled().run(0.2)
    report = BusReport(bench.loop.state, bench.bus)
    status = replace(
        report.status(bench.now),
        faults=(problem(Cause.OVERLOAD),),
        warnings=(problem(Cause.LOAD), problem(Cause.TEMPERATURE)),
    )
    told = diagnosed(report.readings(0.0, 0.0, bench.now), status)["boom"]
    assert told.message == "overload: too much; also temperature: too much; also load: too much"
    assert told.level == b"\x02"
    assert {item.key: item.value for item in told.values}["cause"] == "overload"


@pytest.mark.parametrize(("ends", "step"), [(True, "clear_faults"), (False, "wait")])
def test_the_step_that_would_succeed_is_a_word_for_programs(ends, step):
    bench = twin(-1.5).enabled().run(0.2)
    bench.faults.inject(catalogue.Overload("waist") if ends else catalogue.Silence("waist"))
    bench.run_until(lambda: bench.loop.state.faults, 0.3)
    bench.faults.clear("overload")
    report = BusReport(bench.loop.state, bench.bus)
    status = report.status(bench.now)
    state = {item.key: item.value for item in servo_diagnostics.state(status, 0.0).values}
    told = {item.key: item.value for item in statuses(bench)["waist"].values}
    assert (state["step"], told["step"]) == (step, step)
    assert (
        state["waits for"]
        == told["waits for"]
        == ("" if ends else "waist: it does not answer; check cable and power")
    )


def test_a_bus_process_that_names_no_step_is_understood():
    status = link.Status("FAULT", "on", "", "x", protective_stop=False, faults=(problem(Cause.OVERLOAD),))
    values = {item.key: item.value for item in servo_diagnostics.state(status, 0.0).values}
    assert "step" not in values
