from __future__ import annotations

import math

import pytest

from armature.monitor.board import MOST_STATUSES, RECORDER_SILENT, SILENT, STALE, Board, Diagnostic
from armature.monitor.gateway import Recording
from armature.monitor.readings import DYNAMIC_FRESH, FRESH, NewestReadings

FULL = {"position": 0.5, "velocity": 0.1, "effort": 1.0}


@pytest.fixture
def readings() -> NewestReadings:
    return NewestReadings(["shoulder", "elbow"])


@pytest.fixture
def board() -> Board:
    return Board(["shoulder", "elbow"], {"joint_states": 0.5})


def test_nothing_is_known_before_anything_was_read(readings):
    for reading in readings.at(10.0):
        assert reading.age is None
        assert reading.position is None
        assert reading.temperature is None
        assert reading.torque_enabled is None


def test_a_joint_that_is_missing_from_a_message_was_not_read(readings):
    readings.update_joint_states(1.0, {"shoulder": FULL, "elbow": FULL})
    readings.update_joint_states(2.0, {"shoulder": FULL})
    shoulder, elbow = readings.at(2.0)
    assert shoulder.position == 0.5
    assert elbow.position is None
    assert elbow.age == pytest.approx(1.0)


@pytest.mark.parametrize("beyond", [0.01, 1.0, 1000.0])
def test_an_old_value_becomes_absent_and_never_the_last_one_again(readings, beyond):
    readings.update_joint_states(1.0, {"elbow": FULL})
    readings.update_commanded(1.0, {"elbow": 0.5})
    readings.update_dynamic_joint_states(1.0, {"elbow": {"temperature": 30.0, "torque_enabled": 1.0}})
    old = readings.at(1.0 + DYNAMIC_FRESH + beyond)[1]
    assert (old.position, old.velocity, old.effort, old.commanded) == (None,) * 4
    assert (old.temperature, old.torque_enabled) == (None, None)
    assert old.age == pytest.approx(DYNAMIC_FRESH + beyond)
    assert readings.at(1.0 + FRESH - 0.01)[1].position == 0.5


def test_the_age_that_the_servo_has_told_goes_on_where_the_joint_was_not_heard_since(readings):
    readings.update_dynamic_joint_states(5.0, {"elbow": {"age": 40.0}})
    assert readings.at(5.25)[1].age == pytest.approx(40.25)
    assert readings.at(65.0)[1].age == pytest.approx(100.0)
    readings.update_joint_states(66.0, {"elbow": FULL})
    assert readings.at(66.5)[1].age == pytest.approx(0.5)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_is_absent(readings, value):
    readings.update_joint_states(1.0, {"elbow": {**FULL, "effort": value}})
    readings.update_dynamic_joint_states(1.0, {"elbow": {"hardware_error": value, "current": 0.2}})
    elbow = readings.at(1.0)[1]
    assert elbow.effort is None
    assert elbow.hardware_error is None
    assert (elbow.position, elbow.current) == (0.5, 0.2)


def test_the_servo_interface_is_disconnected_until_it_is_heard(board):
    assert board.at(5.0).state.name == "DISCONNECTED"
    assert "yet" in board.at(5.0).state.reason


def test_a_state_is_told_with_its_reason(board):
    board.update_state(1.0, "FAULT", {"why": "elbow: overload", "torque": "partial"})
    state = board.at(1.1).state
    assert (state.name, state.reason, state.values["torque"]) == ("FAULT", "elbow: overload", "partial")


@pytest.mark.parametrize("name", ["DISABLED", "HOLDING", "ENABLED", "MOVING", "PARKING", "PROTECTIVE_STOP"])
def test_a_silent_servo_interface_is_told_within_a_second(board, name):
    board.update_state(0.0, name, {})
    board.note_message("joint_states", 10.0, servo_interface=True)
    assert board.at(10.0 + SILENT - 0.1).state.name == name
    silent = board.at(10.99).state
    assert silent.name == "DISCONNECTED"
    assert "1.0 s" in silent.reason


def test_where_no_servo_can_be_read_diagnostics_are_a_sign_of_life(board):
    board.update_state(0.0, "DISCONNECTED", {"why": "the port is gone"})
    board.update_diagnostics(3.0, [], servo_interface=True)
    assert board.at(4.0).state.reason == "the port is gone"
    assert "no message from the servo interface" in board.at(3.1 + STALE).state.reason


def test_faults_come_worst_first_and_end_when_they_are_ok_again(board):
    reported = [
        Diagnostic("bus", 0, "ok"),
        Diagnostic("elbow", 1, "warm"),
        Diagnostic("waist", 2, "overload", {"remedy": "wait"}),
    ]
    board.update_diagnostics(1.0, reported, servo_interface=True)
    faults = board.at(1.5).faults
    assert [(fault.name, fault.level) for fault in faults] == [("waist", "ERROR"), ("elbow", "WARN")]
    assert faults[0].values == {"remedy": "wait"}
    board.update_diagnostics(
        2.0, [Diagnostic("waist", 0, "ok"), Diagnostic("elbow", 0, "ok")], servo_interface=True
    )
    assert board.at(2.0).faults == ()


def test_a_report_that_stays_away_is_a_fault_even_where_all_was_well(board):
    board.update_diagnostics(0.0, [Diagnostic("recorder", 0, "idle")], servo_interface=False)
    assert board.at(STALE - 0.1).faults == ()
    (fault,) = board.at(STALE + 1).faults
    assert (fault.name, fault.level) == ("recorder", "STALE")


def test_of_a_crowd_of_reports_the_newest_are_kept_and_none_of_ours_is_lost(board):
    waist = Diagnostic("waist", 2, "overload")
    for second in range(20):
        crowd = [Diagnostic(f"stranger {second} {number}", 1, "here") for number in range(100)]
        board.update_diagnostics(float(second), crowd, servo_interface=False)
        board.update_diagnostics(second + 0.5, [waist], servo_interface=True)
    faults = board.at(20.0).faults
    assert len(faults) == MOST_STATUSES
    assert "waist" in [fault.name for fault in faults]


def test_a_recording_that_was_seen_to_begin_has_a_time(board):
    board.update_recording(0.0, Recording(active=False))
    board.update_recording(1.0, Recording(active=True, path="/bags/one"))
    board.update_recording(2.0, Recording(active=True, path="/bags/one"))
    assert board.at(3.0).recording.elapsed == pytest.approx(2.0)
    board.update_recording(4.0, Recording(active=False))
    assert board.at(4.0).recording.elapsed is None


def test_the_time_of_a_recording_begun_before_is_not_guessed(board):
    board.update_recording(1.0, Recording(active=True, path="/bags/one"))
    recording = board.at(2.0).recording
    assert recording.active
    assert recording.elapsed is None


def test_a_silent_recorder_is_neither_idle_nor_recording(board):
    assert board.at(0.0).recording.active is None
    board.update_recording(0.0, Recording(active=True))
    assert board.at(RECORDER_SILENT - 0.1).recording.active
    assert board.at(RECORDER_SILENT + 0.1).recording.active is None
    assert RECORDER_SILENT < 2.0


def test_the_age_of_a_topic_is_told(board):
    assert board.at(0.0).sources[0].age is None
    board.note_message("joint_states", 1.0)
    assert board.at(1.2).sources[0].alive
    late = board.at(2.0).sources[0]
    assert not late.alive
    assert late.age == pytest.approx(1.0)


def test_following_errors_of_a_silent_controller_are_not_shown(board):
    board.update_following_errors(1.0, {"elbow": 0.01})
    assert board.at(1.1).controller.following_error == {"elbow": 0.01}
    assert board.at(3.0).controller.following_error == {}
    assert board.at(3.0).controller.age == pytest.approx(2.0)


def test_a_silent_servo_interface_is_told_as_software_and_nothing_it_said_is_kept(board):
    assert board.at(0.0).state.values == {"cause": "servo_interface"}
    board.update_state(
        1.0, "ENABLED", {"torque": "on", "session": "s1", "why": "enabled", "cause": "disconnected"}
    )
    assert board.at(1.1).state.values["torque"] == "on"
    assert board.at(1.0 + SILENT + 0.1).state.values == {"cause": "servo_interface"}
