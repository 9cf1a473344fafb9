"""A servo interface on emulated servos, whose faults and torque are gone behind each test."""

from __future__ import annotations

import pytest

from armature.emulator.faults import console
from armature.nodes.emulator.console import ask

from ..emulated import power_cycle
from ..servo_graph import ServoGraph


@pytest.fixture
def graph(port, tmp_path, nothing_left):
    graph = ServoGraph(port, tmp_path / "log")
    yield graph
    graph.close()
    ask(port, console.clear(None))
    power_cycle(port)


@pytest.fixture
def enabled(graph):
    return enable(graph.start())


def enable(graph):
    """Torque on."""
    graph.until(lambda: graph.state() == "DISABLED")
    answer = graph.enable()
    assert answer.success, answer.message
    graph.until(lambda: graph.state() == "ENABLED" and graph.commanded)
    return graph
