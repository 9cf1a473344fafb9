"""The state of an arm in plain values."""

from __future__ import annotations

import pytest

from armature.client.state import ArmFault, ArmState

VALUES = {
    "torque": "on",
    "session": "1f0c",
    "why": "elbow: overload",
    "cause": "overload",
    "remedy": "disable, which parks it",
    "step": "disable",
    "free": "waist, elbow",
    "limits.waist": "-2 2 1 4 40",
    "limits.wrist.roll": "-2 2 1 4 40",
    "fault.elbow.cause": "overload",
    "fault.elbow.detail": "0x20",
    "fault.elbow.remedy": "disable, which parks it",
    "fault.wrist.roll.cause": "missing",
    "warning.elbow.cause": "temperature",
    "warning.elbow.load.cause": "load",
    "warning.elbow.load.detail": "62%",
}


def test_a_state_has_its_why_and_the_next_step():
    state = ArmState.parse("FAULT", VALUES)
    assert (state.torque, state.step, state.remedy) == ("on", "disable", "disable, which parks it")
    assert str(state) == "FAULT (elbow: overload)"
    assert state.free == ("waist", "elbow")
    assert state.joints == ("waist", "wrist.roll")


def test_each_fault_and_warning_names_its_servo_and_cause():
    state = ArmState.parse("FAULT", VALUES)
    assert state.faults == (
        ArmFault("elbow", "overload", "0x20", remedy="disable, which parks it"),
        ArmFault("wrist.roll", "missing"),
    )
    assert state.warnings == (ArmFault("elbow", "temperature"), ArmFault("elbow", "load", "62%"))
    assert str(state.faults[0]) == "elbow: overload: 0x20; disable, which parks it"


@pytest.mark.parametrize(
    ("name", "takes"),
    [("ENABLED", True), ("MOVING", True), ("HOLDING", False), ("DISCONNECTED", False), ("", False)],
)
def test_it_is_known_whether_the_arm_takes_commands(name, takes):
    assert ArmState.parse(name, {}).takes_commands is takes


def test_a_state_without_faults_has_none():
    state = ArmState.parse("DISABLED", {"torque": "off"})
    assert (state.faults, state.warnings, state.free, state.joints) == ((), (), (), ())
