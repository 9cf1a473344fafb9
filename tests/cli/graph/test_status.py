"""What `armature status` prints; that it prints it of a running graph is shown in tests/system."""

from __future__ import annotations

import os
import threading
from argparse import Namespace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from armature.cli import main
from armature.cli.graph import logs, page, status
from armature.errors import ConfigError, ProcessError
from armature.nodes.monitor.access_key import key_file, load_or_create_key
from armature.running_processes import GraphProcesses, Running

FAULT = {
    "name": "servo_interface: elbow",
    "level": "ERROR",
    "message": "overload: the servo reports it",
    "values": {
        "time": "since 14:03:22 UTC",
        "done": "every joint with torque stopped and holds",
        "remedy": "run armature clear",
    },
}


def test_the_state_and_each_fault_are_told_with_time_deed_and_remedy():
    values = {"remedy": "run armature clear, then run armature enable"}
    arm = {"state": {"name": "FAULT", "reason": "elbow: overload", "values": values}, "faults": [FAULT]}
    assert list(status._arm_lines(arm)) == [
        "arm: FAULT elbow: overload",
        "next: run armature clear, then run armature enable",
        "ERROR servo_interface: elbow: overload: the servo reports it; since 14:03:22 UTC; "
        "every joint with torque stopped and holds; run armature clear",
    ]


def test_a_fault_of_which_little_is_known_is_told_without_gaps():
    (_, line) = status._arm_lines({"faults": [{**FAULT, "values": {}}]})
    assert line == "ERROR servo_interface: elbow: overload: the servo reports it"


def test_a_slow_arm_is_told_with_what_makes_it_quick():
    arm = {"state": {"name": "ENABLED", "values": {"limits": "reduced", "limits_remedy": "test them"}}}
    (_, line) = status._arm_lines(arm)
    assert line.startswith("slow: every motion is a tenth as fast")
    assert line.endswith("; test them")


def test_a_silent_monitor_is_said_to_be_silent(tmp_path):
    assert page.fetch_state(page.page_address(tmp_path)) is None
    assert list(status._arm_lines({})) == ["arm: unknown: the monitor does not answer"]


def test_where_no_graph_has_left_a_log_the_step_that_makes_one_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("ARMATURE_RUNTIME", str(tmp_path))
    with pytest.raises(ProcessError, match="there is no log; start it with: armature up"):
        logs.run(Namespace(namespace="", process=None, n=10))


def test_where_another_launcher_runs_the_graph_it_is_named_as_the_one_that_has_the_logs(tmp_path, monkeypatch):
    monkeypatch.setenv("ARMATURE_RUNTIME", str(tmp_path))
    running = Running("monitor", os.getpid(), os.getppid(), has_runner=False)
    monkeypatch.setattr(GraphProcesses, "find", lambda _: [running])
    with pytest.raises(ProcessError, match=f"there is no log; see what its launcher prints.*INT {os.getppid()}$"):
        logs.run(Namespace(namespace="", process=None, n=10))


@pytest.fixture
def keyed(monkeypatch, tmp_path):
    """A monitor that answers those who know the key in the state folder, and what it was told."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    told: list[str | None] = []

    class Monitor(BaseHTTPRequestHandler):
        def do_GET(self):
            told.append(self.headers["Authorization"])
            key = (tmp_path / "armature" / "access_key").read_text().strip()
            self.send_response(200 if told[-1] == f"Bearer {key}" else 401)
            self.end_headers()
            self.wfile.write(b'{"state": {}}')

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Monitor) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, told
        server.shutdown()
        thread.join()


def test_a_monitor_that_others_can_reach_is_told_the_key_and_no_other_is(keyed, tmp_path, monkeypatch):
    port, told = keyed
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:9")
    load_or_create_key(key_file(tmp_path / "armature"))
    assert page.fetch_state(f"http://0.0.0.0:{port}/") == {"state": {}}
    with pytest.raises(ProcessError, match="another access key"):
        page.fetch_state(f"http://127.0.0.1:{port}/")
    assert told[-1] is None


def test_a_key_that_is_needed_and_not_there_is_told(keyed):
    with pytest.raises(ConfigError, match="access key"):
        page.fetch_state(f"http://0.0.0.0:{keyed[0]}/")


def test_statistics_stand_under_the_name_of_their_servo():
    lines = list(status._status_lines({"servo_interface: waist": {"asked": "12"}}))
    assert lines == ["== servo_interface: waist", "asked                       12"]


@pytest.mark.parametrize("arguments", [[], ["--servos"], ["--json"]])
def test_without_a_graph_there_is_nothing_to_show(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.setenv("ARMATURE_RUNTIME", str(tmp_path))
    assert main.main(["status", *arguments]) == 1
    assert "it is not running; start it with: armature up" in capsys.readouterr().err
