from __future__ import annotations

import math
from dataclasses import replace

import pytest

from armature.bench.faults.cases import CASES, Case
from armature.bench.faults.matrix import Row, measure
from armature.bench.faults.situations import SITUATIONS
from armature.dynamixel.status.cause import OBSTRUCTED, Cause

PROMISE = 1.0  # a servo's fault is named within a second


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("case", CASES, ids=[case.cause.value for case in CASES])
def test_each_fault_is_named_in_time_and_nothing_jumps_or_drops(case: Case, situation: str):
    (row,) = measure([case], [situation])
    assert row.failures == [], str(row)
    assert "; " in row.reported or row.reported.count(":") == 1, row.reported
    backs_off = case.cause in OBSTRUCTED and situation not in ("idle", "starting")
    if case.refuses and not backs_off:
        assert "refused: " in row.refused
        assert not row.refused.startswith("not refused")


def test_every_cause_has_a_case():
    # tests/dynamixel/test_multi_turn.py, test_pair.py, test_contact.py; tests/bench/faults/test_contacts.py
    of_other_tests = {Cause.MULTI_TURN_POSITION_LOST, Cause.ENCODER_MISMATCH, Cause.CONTACT, Cause.BLOCKED}
    assert sorted(case.cause for case in CASES) == sorted(set(Cause) - of_other_tests)


@pytest.mark.parametrize(
    "cause", [Cause.OVERLOAD, Cause.OVERHEATING, Cause.SILENT_RESET, Cause.MISSING, Cause.ELECTRICAL_SHOCK]
)
def test_the_bound_of_a_servo_fault_is_within_the_promise(cause):
    (case,) = (case for case in CASES if case.cause is cause)
    assert case.within <= PROMISE


WELL = Row(Cause.LIMIT, "idle", 0.1, 0.4, 4.0, 1.0, "FAULT: …", "", 0.3, "ENABLED", False, 0.2)


def test_a_row_within_its_bounds_has_no_failure():
    assert WELL.failures == []
    assert "ok" in str(WELL)


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"reaction": 0.3}, "reaction [s] 0.30 > 0.2"),
        ({"reaction": math.nan}, "reaction [s] nan > 0.2"),
        ({"step": 0.51}, "step [deg] 0.51 > 0.5"),
        ({"drop": 5.1}, "drop [mm] 5.10 > 5"),
        ({"recovery": 0.6}, "recovery [deg] 0.60 > 0.5"),
        ({"braking": 1.5}, "braking 1.50 > 1.02"),
        ({"ended": "FAULT"}, "ended FAULT"),
    ],
)
def test_what_is_beyond_its_bound_is_told(change, failure):
    assert replace(WELL, **change).failures == [failure]


def test_the_drop_of_a_joint_that_cuts_its_own_torque_is_told_and_no_failure():
    row = replace(WELL, drop=80.0, is_cut=True)
    assert row.failures == []
    assert "80.0*" in str(row)
