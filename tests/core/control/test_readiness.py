from __future__ import annotations

import math

import pytest

from armature.core.control.readiness import Readiness
from armature.errors import CommandRefused

ARM = "run armature enable"
SUPPORT = "support the arm, then run armature torque-off"


def refusal(state: str, remedy: str) -> str:
    arm = Readiness(("elbow",), 0.5)
    arm.remedy = remedy
    arm.note_state(state, "", "a reason", {})
    with pytest.raises(CommandRefused) as refused:
        arm.check("goal", 0.0)
    return refused.value.remedy


@pytest.mark.parametrize(
    ("state", "remedy", "told"),
    [
        ("FAULT", SUPPORT, f"{SUPPORT}, then {ARM}"),
        ("FAULT", f"{SUPPORT}, then {ARM}", f"{SUPPORT}, then {ARM}"),
        ("DISABLED", f"move it by hand into its range, then {ARM}", f"move it by hand into its range, then {ARM}"),
        ("DISCONNECTED", "wait", f"wait, then {ARM}"),
        ("HOLDING", ARM, ARM),
        ("DISABLED", "", ARM),
        ("PROTECTIVE_STOP", "release it", f"release it, then {ARM}"),
        ("", "", "wait for its first state; start it if it does not run"),
    ],
)
def test_a_refusal_names_what_the_state_names(state, remedy, told):
    assert refusal(state, remedy) == told


def test_a_remedy_that_the_reason_ends_with_is_told_once():
    arm = Readiness(("elbow",), 0.5)
    arm.remedy = "clear it"
    arm.note_state("FAULT", "", "elbow: overload; every joint holds; clear it", {})
    with pytest.raises(CommandRefused, match=f"overload; every joint holds; clear it, then {ARM}$"):
        arm.check("goal", 0.0)


def test_a_servo_interface_that_is_silent_is_to_be_looked_for():
    arm = Readiness(("elbow",), 0.5)
    arm.note_state("ENABLED", "s1", "", {})
    arm.note_heartbeat(-math.inf)
    with pytest.raises(CommandRefused, match="armature status, then try again"):
        arm.check("goal", 0.0)
