from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from builtin_interfaces.msg import Time

from armature.dynamixel.loop.status import LoopStatus, Problem
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import Remedy
from armature.dynamixel.status.states import Fault
from armature.emulator.faults import catalogue
from armature.nodes.bus_process.report import BusReport
from armature.nodes.servo_interface import diagnostics as servo_diagnostics

from ...dynamixel.twin import SECOND, WIRING, twin

ROOT = Path(__file__).resolve().parents[3]


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
    remedy = Remedy("reduce the load")
    return Problem(Fault(joint, cause, "too much", "nothing yet", remedy, needs_clearing=False, since=0.0), 0.0)


def test_no_warning_of_a_joint_hides_behind_another():
    warnings = (problem(Cause.LOAD), problem(Cause.LOAD, SECOND), problem(Cause.TEMPERATURE))
    status = LoopStatus("ENABLED", "on", "s1", "enabled", protective_stop=False, warnings=warnings)
    values = {item.key: item.value for item in servo_diagnostics.state(status, 0.0).values}
    told = {name: text for name, text in values.items() if name.endswith(".cause")}
    assert told == {
        "warning.boom.cause": "temperature",
        "warning.boom.load.cause": "load",
        f"warning.{SECOND}.cause": "load",
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
        state["waits_for"]
        == told["waits_for"]
        == ("" if ends else "waist: it does not answer; check cable and power")
    )


def keys_of(message):
    return {item.key for item in message.values}


@pytest.mark.parametrize("fault", [None, catalogue.Overload("waist"), catalogue.Silence(SECOND)])
def test_every_key_is_a_machine_key_that_the_table_explains(fault):
    bench = twin(-1.5).enabled().run(0.2)
    if fault is not None:
        bench.faults.inject(fault)
        bench.run_until(lambda: bench.loop.state.faults, 0.3)
    status = BusReport(bench.loop.state, bench.bus).status(bench.now)
    _, *servos = statuses(bench).values()
    for told in servos:
        assert keys_of(told) <= servo_diagnostics.SERVO_KEYS.keys() | servo_diagnostics.PROBLEM_KEYS.keys()
    state = keys_of(servo_diagnostics.state(status, 0.0))
    assert {key for key in state if "." not in key} <= servo_diagnostics.STATE_KEYS.keys()
    assert {
        key.rpartition(".")[2] for key in state if key.startswith("fault.")
    } <= servo_diagnostics.PROBLEM_KEYS.keys()
    assert fault is None or any(key.startswith(f"fault.{fault.joint}.") for key in state)


@pytest.mark.parametrize("table", ["STATE_KEYS", "PROBLEM_KEYS", "SERVO_KEYS"])
def test_the_page_of_the_servo_interface_explains_every_key(table):
    explained = getattr(servo_diagnostics, table)
    page = (ROOT / "docs" / "reference" / "servo_interface.md").read_text("utf-8")
    missing = [key for key, meaning in explained.items() if f"| `{key}` | {meaning} |" not in page]
    assert missing == []


def test_every_unit_stands_behind_its_key():
    bench = twin(-1.5).enabled().run(0.2)
    for told in statuses(bench).values():
        for key in keys_of(told):
            assert re.fullmatch(r"[a-z0-9_]+", key), key


@pytest.mark.parametrize("is_reduced", [False, True])
def test_reduced_limits_have_a_key_of_their_own_and_a_remedy(is_reduced):
    status = LoopStatus("ENABLED", "on", "s1", "enabled", protective_stop=False)
    message = servo_diagnostics.state(status, 0.0, is_reduced=is_reduced)
    values = {item.key: item.value for item in message.values}
    assert values.get("limits") == ("reduced" if is_reduced else None)
    assert ("armature calibrate" in values.get("limits_remedy", "")) is is_reduced


def test_the_limits_that_are_held_to_stand_in_the_state():
    status = LoopStatus("ENABLED", "on", "s1", "enabled", protective_stop=False)
    message = servo_diagnostics.state(status, 0.0, limits={"limits.elbow": "-1 1 2 4 40"})
    assert {item.key: item.value for item in message.values}["limits.elbow"] == "-1 1 2 4 40"
