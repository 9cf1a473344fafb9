"""What `armature status` prints; that it prints it of a running graph is shown in tests/system."""

from __future__ import annotations

import pytest

from armature import cli, cli_status

FAULT = {
    "name": "servo_interface: elbow",
    "level": "ERROR",
    "message": "overload: the servo reports it",
    "values": {
        "time": "since 14:03:22 UTC",
        "done": "every joint with torque stopped and holds",
        "remedy": "call clear_faults",
    },
}


def test_the_state_and_each_fault_are_told_with_time_deed_and_remedy():
    arm = {"state": {"name": "FAULT", "reason": "elbow: overload"}, "faults": [FAULT]}
    assert list(cli_status._arm_lines(arm)) == [
        "arm: FAULT elbow: overload",
        "ERROR servo_interface: elbow: overload: the servo reports it; since 14:03:22 UTC; "
        "every joint with torque stopped and holds; call clear_faults",
    ]


def test_a_fault_of_which_little_is_known_is_told_without_gaps():
    (_, line) = cli_status._arm_lines({"faults": [{**FAULT, "values": {}}]})
    assert line == "ERROR servo_interface: elbow: overload: the servo reports it"


def test_a_silent_monitor_is_said_to_be_silent(tmp_path):
    assert cli_status.ask(cli_status.url(tmp_path)) is None
    assert list(cli_status._arm_lines({})) == ["arm: unknown: the monitor does not answer"]


def test_statistics_stand_under_the_name_of_their_servo():
    lines = list(cli_status._status_lines({"servo_interface: waist": {"asked": "12"}}))
    assert lines == ["== servo_interface: waist", "asked                       12"]


@pytest.mark.parametrize("arguments", [[], ["--servos"], ["--json"]])
def test_without_a_graph_there_is_nothing_to_show(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.setenv("ARMATURE_RUNTIME", str(tmp_path))
    assert cli.main(["status", *arguments]) == 1
    assert "it is not running; start it with: armature up" in capsys.readouterr().err
