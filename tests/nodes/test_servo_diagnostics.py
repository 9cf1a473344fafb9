from __future__ import annotations

from types import SimpleNamespace

import pytest

from armature.emulator import faults
from armature.nodes.bus_report import BusReport

from ..dynamixel.twin import SECOND, WIRING, twin

Time = pytest.importorskip("builtin_interfaces.msg").Time
servo_diagnostics = pytest.importorskip("armature.nodes.servo_diagnostics")


def statuses(bench):
    report = BusReport(bench.loop, bench.bus)
    configuration = SimpleNamespace(wiring=WIRING, child={"port": "virtual"})
    readings, status = report.readings(0.0, 0.0, bench.now), report.status(bench.now)
    array = servo_diagnostics.diagnostics(Time(), configuration, status, readings, {}, 0.0)
    return {status.name.split(": ")[1]: status for status in array.status}


def test_the_second_servo_of_a_joint_has_a_status_of_its_own():
    found = statuses(twin(-1.5).armed().run(0.2))
    assert list(found) == ["bus", "waist", "boom", SECOND]
    assert (found[SECOND].hardware_id, found[SECOND].message) == ("id 12", "ok")
    assert {item.key: item.value for item in found[SECOND].values}["torque"] == "on"


@pytest.mark.parametrize(("fault", "told"), [(faults.Overload, "overload: "), (faults.Silence, "missing: ")])
def test_its_fault_is_told_there_and_not_of_the_first(fault, told):
    bench = twin(-1.5).armed().run(0.2)
    bench.far.faults.inject(fault(SECOND))
    bench.run_until(lambda: bench.loop.faults, 0.3)
    found = statuses(bench)
    assert found[SECOND].message.startswith(told)
    assert found[SECOND].level == b"\x02"
    assert (found["boom"].message, found["boom"].level) == ("ok", b"\x00")
