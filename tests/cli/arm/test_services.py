"""What commands say that are one request; that they do it is shown on a graph by system/test_documents.py."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from armature.cli.commands import COMMANDS
from armature.cli.main import main
from armature.client import connection
from armature.nodes.common import topics
from armature.nodes.common.conversions import diagnostic

from ..at_terminal import at_terminal

REFUSAL = "enable refused: the state is PROTECTIVE_STOP (stopped); run armature release"
ASKED = {"enable": True, "disable": False}


@pytest.fixture
def answering(monkeypatch):
    """Has the servo interface answer in a given way, and keeps what it was asked."""
    requests = []

    def answering(act):
        @contextmanager
        def connect(command, namespace):
            def call(service, request, timeout=10.0):
                requests.append((command, namespace, service, getattr(request, "data", None), timeout))
                return act()

            def subscribe(topic, callback, **_raw):
                if topic is topics.STATE:
                    callback(diagnostic("servo_interface", DiagnosticStatus.OK, "HOLDING", {}))

            yield SimpleNamespace(
                call=call,
                is_served=lambda service: True,
                subscribe=subscribe,
                require=lambda *_: None,
                wait_until=lambda condition, seconds: condition(),
            )

        monkeypatch.setattr(connection, "connect", connect)
        return requests

    return answering


@pytest.mark.parametrize(("command", "on"), ASKED.items())
def test_what_was_done_is_one_line(answering, capsys, command, on):
    requests = answering(lambda: SimpleNamespace(success=True, message="parked, torque off"))
    assert main([command, "--namespace", "left"]) == 0
    assert capsys.readouterr() == ("parked, torque off\n", "")
    [(asked_by, namespace, service, data, timeout)] = requests
    assert (asked_by, namespace, service, data) == (command, "left", topics.ENABLE, on)
    assert timeout >= 60.0  # as long as parking may take


@pytest.mark.parametrize("command", ASKED)
def test_a_refusal_is_one_line_with_the_next_step_and_ends_with_1(answering, capsys, command):
    answering(lambda: SimpleNamespace(success=False, message=REFUSAL))
    assert main([command]) == 1
    assert capsys.readouterr() == ("", f"error: {REFUSAL}\n")


@pytest.mark.parametrize(("success", "code"), [(True, 0), (False, 1)])
def test_a_program_reads_whether_it_was_done(answering, capsys, success, code):
    answering(lambda: SimpleNamespace(success=success, message=REFUSAL))
    assert main(["enable", "--json"]) == code
    assert json.loads(capsys.readouterr().out) == {"done": success, "message": REFUSAL}


@pytest.mark.parametrize("command", ASKED)
def test_who_does_not_wait_for_the_answer_is_told_that_it_may_be_done_nevertheless(answering, capsys, command):
    def interrupt():
        raise KeyboardInterrupt

    answering(interrupt)
    assert main([command]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"it may still {command} the arm; see: armature status" in said


OTHERS = {
    ("stop",): [(topics.STOP_MOTION, None), (topics.GRIPPER_CONTROLLER.stop, None)],
    ("release",): [(topics.PROTECTIVE_STOP, False)],
    ("clear",): [(topics.CLEAR_FAULTS, None)],
    ("torque-off", "--yes"): [(topics.TORQUE_OFF, None)],
}


@pytest.mark.parametrize(("words", "asked"), OTHERS.items(), ids=map(" ".join, OTHERS))
def test_each_command_asks_for_its_own(answering, capsys, words, asked):
    requests = answering(lambda: SimpleNamespace(success=True, message="done"))
    assert main([*words, "--namespace", "left"]) == 0
    assert capsys.readouterr() == ("done\n", "")
    assert [(service, data) for _, _, service, data, _ in requests] == asked
    assert {(by, namespace) for by, namespace, *_ in requests} == {(words[0].replace("-", "_"), "left")}


@pytest.mark.parametrize("words", OTHERS, ids=map(" ".join, OTHERS))
def test_each_refusal_is_one_line_and_ends_with_1(answering, capsys, words):
    answering(lambda: SimpleNamespace(success=False, message=REFUSAL))
    assert main([*words]) == 1
    assert capsys.readouterr() == ("", f"error: {REFUSAL}\n")
    assert main([*words, "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"done": False, "message": REFUSAL}


def test_torque_is_not_turned_off_where_nobody_says_that_the_arm_is_held(answering, capsys, monkeypatch):
    requests = answering(lambda: SimpleNamespace(success=True, message="torque off"))
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert main(["torque-off"]) == 1
    assert "nobody can be asked; add --yes if it is held" in capsys.readouterr().err
    code, seen = at_terminal(monkeypatch, ["torque-off"], ("Is it held? [y/N]", "n\n"))
    assert (code, requests) == (1, [])
    assert "nothing was done" in seen
    code, seen = at_terminal(monkeypatch, ["torque-off"], ("Is it held? [y/N]", "y\n"))
    assert (code, len(requests)) == (0, 1)


@pytest.mark.parametrize("command", ["move", *ASKED, "stop", "torque-off"])
def test_wrong_use_ends_with_2(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main([command, "--elbow"])
    assert ended.value.code == 2
    assert "unrecognized arguments: --elbow" in capsys.readouterr().err


def test_only_the_command_that_is_run_is_loaded(monkeypatch, capsys):
    loaded = []
    entry = type(COMMANDS["logs"])
    monkeypatch.setattr(
        entry,
        "load",
        lambda self: (
            loaded.append(self) or SimpleNamespace(add_arguments=lambda parser: None, run=lambda options: 0)
        ),
    )
    assert main(["logs"]) == 0
    assert loaded == [COMMANDS["logs"]]
