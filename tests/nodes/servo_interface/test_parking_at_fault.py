"""An arm at fault is let down by what its fault's remedy says, as processes on the emulated bus."""

from __future__ import annotations

import math

import pytest

from armature.emulator.faults import console
from armature.nodes.emulator.console import ask

from ..emulated import emulator
from ..servo_graph import ServoGraph

pytestmark = [pytest.mark.process, pytest.mark.real_time, pytest.mark.timeout(120)]


@pytest.fixture
def graph(tmp_path, nothing_left):
    port = tmp_path / "bus"
    with emulator(port, pose="home"):
        graph = ServoGraph(port, tmp_path / "log")
        yield graph
        graph.close()


def test_a_servo_that_latched_an_error_and_keeps_its_torque_is_let_down_by_disabling(graph):
    graph.start(park_speed=1.0)
    graph.until(lambda: graph.state() == "DISABLED")
    assert graph.enable().success
    told = console.inject("voltage_dip", "shoulder", {"voltage": "9"}, math.inf)
    console.read_reply(ask(graph.port, told))
    graph.until(lambda: graph.state() == "FAULT")
    told = f"run armature disable --namespace {graph.namespace.strip('/')}, which parks it"
    assert told in graph.values()["fault.shoulder.remedy"]
    ask(graph.port, console.clear(None))
    graph.until(lambda: "armature disable" in graph.clear().message)
    parked = graph.enable(False)
    assert (parked.success, parked.message) == (True, "parked, torque off")
    graph.until(lambda: graph.values()["torque"] == "off")  # the state travels apart from the answer
    assert graph.clear().success
    graph.until(lambda: graph.state() == "DISABLED")
