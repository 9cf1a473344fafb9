"""However the graph ends, whoever ended it is told how the arm was left."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from armature.graph import PROCESS_NAMES
from armature.nodes.common import topics
from armature.standalone import Supervisor

from .running import Running, armature

pytestmark = [pytest.mark.process, pytest.mark.real_time, pytest.mark.timeout(240)]
LOST = (
    "runner: it has died; emulator, monitor, recorder, state_publisher, arm_controller, servo_interface still run"
)


def stop(graph, on):
    answer = graph.call(topics.PROTECTIVE_STOP, data=on)
    assert answer.success, answer.message


def runner(graph):
    """The process id of supervisord."""
    return int((graph.runtime / "default" / "supervisord.pid").read_text())


def torque_left_on(tmp_path):
    """What the command line would tell of how the arm was left."""
    return "torque stays on" in (tmp_path / "default" / "exit_message").read_text("utf-8")


def test_whoever_ends_it_is_told_how_the_arm_was_left(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Running(tmp_path) as graph:
        graph.wait_for(lambda: graph.state() == "DISABLED")
        given_up = Supervisor(tmp_path / "default")
        assert given_up.stop("recorder")
        assert not given_up.stop("recorder")
        again = graph.ask("restart", "recorder")
        assert (again.returncode, again.stderr) == (0, "")
        graph.enable()
        stop(graph, on=True)
        restarted = graph.ask("restart", "servo_interface")
        assert restarted.returncode == 1
        assert restarted.stderr.startswith("servo_interface: not parked: ")
        assert restarted.stderr.rstrip().endswith("torque stays on")
        graph.hear_states_anew()
        graph.wait_for(lambda: graph.state() == "PROTECTIVE_STOP")
        ended = graph.ask("down")
        assert (ended.returncode, ended.stdout) == (1, "")
        assert "torque stays on" in ended.stderr
        assert graph.process.wait(80) == 1
        assert "torque stays on" in graph.said()
    with Running(tmp_path) as graph:
        before = (tmp_path / "default" / "log.1" / "servo_interface.log").read_text("utf-8")
        assert "torque stays on" in before
        graph.wait_for(lambda: graph.state() == "PROTECTIVE_STOP")
        stop(graph, on=False)
        os.kill(graph.process.pid, signal.SIGHUP)  # its terminal is closed
        assert graph.process.wait(80) == 0
        assert "servo_interface: " in graph.said()
        assert not torque_left_on(tmp_path)


def test_a_graph_whose_runner_has_died_is_found_told_and_ended_parked(tmp_path):
    with Running(tmp_path) as graph:
        graph.wait_for(lambda: graph.state() == "DISABLED")
        graph.enable()
        os.kill(runner(graph), signal.SIGKILL)
        assert graph.process.wait(20) == 1
        assert LOST in graph.said()
        assert "ended without a message" not in graph.said()
        status = graph.ask("status", "--json")
        told = json.loads(status.stdout)
        assert told["runner"].startswith(LOST)
        assert told["arm"]["state"]["name"] == "ENABLED"
        assert {each["name"] for each in told["processes"]} == {*PROCESS_NAMES, "bus_process"}
        refused = armature("up", runtime=tmp_path)
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"error: {LOST}")
        assert refused.stderr.rstrip().endswith("end them with: armature down")
        ended = graph.ask("down")
        assert (ended.returncode, ended.stdout) == (0, "servo_interface: parked, torque off\n"), ended.stderr
        assert not graph.pids()


def test_a_sigterm_for_every_process_of_a_service_parks_within_its_time(tmp_path):
    """systemd's KillMode=control-group, by which a machine is shut down too."""
    with Running(tmp_path) as graph:
        graph.wait_for(lambda: graph.state() == "DISABLED")
        graph.enable()
        everybody = [graph.process.pid, runner(graph), *graph.pids().values()]
        for pid in everybody:
            os.kill(pid, signal.SIGTERM)
        # Who presses STOP while it parks finds the page, and the simulated servos keep their power.
        graph.wait_for(lambda: graph.states[-1][1].get("ending") == "yes" or graph.process.poll() is not None)
        assert graph.process.wait(20) == 0, graph.said()
        assert "servo_interface: parked, torque off" in graph.said()
        graph.wait_for(lambda: not [pid for pid in everybody if Path(f"/proc/{pid}/cmdline").exists()], 10.0)
