"""However the graph ends, whoever ended it is told how the arm was left."""

from __future__ import annotations

import pytest

from armature.nodes import topics

from .running import Running

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]


def stop(graph, on):
    answer = graph.call(topics.PROTECTIVE_STOP, data=on)
    assert answer.success, answer.message


def test_whoever_ends_it_is_told_how_the_arm_was_left(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Running(tmp_path) as graph:
        graph.wait_for(lambda: graph.state() == "DISARMED")
        graph.arm()
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
        ended = graph.ask("down")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout.startswith("servo_interface: ")
        assert graph.process.wait(80) == 0
