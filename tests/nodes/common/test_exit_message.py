"""What is found in a log of how the arm was left."""

from __future__ import annotations

import pytest

from armature.dynamixel.loop.status import LoopStatus, status_while_starting
from armature.nodes.common.exit_message import (
    ExitMessage,
    leaves_torque_on,
    not_parked,
    read_exit_message,
    write,
    write_unless_reported,
)


def status(torque):
    return LoopStatus("FAULT", torque, "", "elbow: overload", protective_stop=False)


def log(folder, *lines):
    file = folder / "log"
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return file


@pytest.mark.parametrize(
    ("torque", "told", "is_on"),
    [
        ("on", "not parked: clear that first; torque stays on", True),
        ("partial", "not parked: clear that first; torque stays on in some joints", True),
        ("off", "torque is off, and the state is FAULT (elbow: overload)", False),
        (
            "unknown",
            "not parked: clear that first; perhaps torque stays on, since a servo is silent",
            True,
        ),
    ],
)
def test_an_arm_that_was_not_parked_is_told_by_the_torque_that_it_has(torque, told, is_on):
    words = not_parked("disable refused: clear that first; torque stays on", status(torque))
    assert words == told
    assert leaves_torque_on(words) == is_on


@pytest.mark.parametrize("begun", ["disable refused: ", "parking was interrupted: ", ""])
def test_the_last_word_has_one_form_whether_parking_had_begun_or_not(begun):
    assert (
        not_parked(f"{begun}why; step; torque stays on", status("on")) == "not parked: why; step; torque stays on"
    )


def test_before_a_servo_has_answered_nothing_is_claimed_of_torque():
    words = not_parked(
        "disable refused: the state is STARTING (starting the bus process); wait",
        status_while_starting(protective_stop=False),
    )
    assert words == "not parked: it was still starting; torque is unchanged"
    assert not leaves_torque_on(words)


def test_the_last_of_several_lives_counts(tmp_path):
    said = log(
        tmp_path,
        "servo_interface: running",
        "servo_interface: not parked: x; torque stays on",
        "[INFO] other",
        "servo_interface: running",
        "servo_interface: parked, torque off",
        "x",
    )
    assert read_exit_message(said) == "servo_interface: parked, torque off"


@pytest.mark.parametrize(
    ("before", "kept"), [("", "ended"), ("running", "ended"), ("not parked: x; torque stays on", None)]
)
def test_who_knows_less_says_it_only_where_nobody_has(tmp_path, before, kept):
    file = tmp_path / "exit_message_file"
    if before:
        write(file, before)
    write_unless_reported(file, "ended")
    assert read_exit_message(file) == f"servo_interface: {kept or before}"


def test_one_that_ended_without_a_word_leaves_nobody_in_safety(tmp_path):
    said = log(tmp_path, "servo_interface: not parked: x; torque stays on", "servo_interface: running")
    assert "it ended without a message; look at the arm" in read_exit_message(said)
    assert leaves_torque_on(read_exit_message(said))


@pytest.mark.parametrize("lines", [(), ("error: the port is absent",)])
def test_one_that_never_served_the_arm_has_nothing_to_tell(tmp_path, lines):
    assert read_exit_message(log(tmp_path, *lines)) == read_exit_message(tmp_path / "absent") == ""


def test_nothing_is_said_behind_the_exit_message(capsys):
    exit_message = ExitMessage()
    exit_message.report_serving()
    exit_message.report_end("parked, torque off")
    exit_message.report_serving()  # a bus process that was found just then
    assert capsys.readouterr().err.splitlines()[-1] == "servo_interface: parked, torque off"
