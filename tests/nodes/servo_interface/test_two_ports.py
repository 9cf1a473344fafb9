"""One arm on two serial ports, as processes: emulator, servo interface, its bus process."""

from __future__ import annotations

import json
import math

import pytest

from armature.cli import main
from armature.emulator.faults import console
from armature.nodes.common.conversions import values_of
from armature.nodes.emulator.console import ask

from ..emulated import JOINTS, LOWER, POSES, URDF, emulator, on_two_buses
from ..servo_graph import ServoGraph

pytestmark = [pytest.mark.process, pytest.mark.real_time, pytest.mark.timeout(120)]
NO_JUMP = math.radians(0.5)
UPPER = [joint for joint in JOINTS if joint not in LOWER]


@pytest.fixture
def wiring(tmp_path):
    return on_two_buses(tmp_path)


@pytest.fixture
def port(tmp_path, wiring):
    with emulator(tmp_path / "buses", robot=(URDF, wiring, POSES)):
        yield tmp_path / "buses"


@pytest.fixture
def graph(port, tmp_path, nothing_left):
    graph = ServoGraph(port, tmp_path / "log")
    yield graph
    graph.close()


def parts(graph):
    """The newest diagnostics of each bus, by its name."""
    found = [status for array in graph.diagnostics for status in array.status]
    return {
        status.name.removeprefix("servo_interface: bus "): (status.level, values_of(status))
        for status in found
        if status.name.startswith("servo_interface: bus ")
    }


def test_an_arm_on_two_ports_moves_loses_one_holds_and_takes_it_back(graph, port, wiring):
    graph.start(wiring=wiring)
    graph.until(lambda: graph.state() == "DISABLED")
    assert graph.enable().success
    graph.until(lambda: graph.state() == "ENABLED" and graph.commanded)
    before = graph.positions()
    assert set(before) == set(JOINTS)
    graph.move_waist(0.3, 1.0)
    graph.until(lambda: graph.state() == "ENABLED")
    assert graph.positions()["waist"] == pytest.approx(before["waist"] + 0.3, abs=0.05)

    console.read_reply(ask(port, console.inject("unplug", "wrist_pitch", {}, math.inf)))
    graph.until(lambda: graph.state() == "FAULT")
    values = graph.values()
    assert all(values[f"fault.{joint}.cause"] == "disconnected" for joint in UPPER)
    assert not any(f"fault.{joint}.cause" in values for joint in LOWER)
    assert values["torque"] == "unknown"
    held = graph.positions()
    assert set(held) == set(LOWER)
    graph.until(lambda: parts(graph).get("upper", (b"\0", {}))[0] == b"\2")
    level, told = parts(graph)["lower"]
    assert (level, told["port"]) == (b"\0", str(port / "lower"))

    ask(port, console.clear(None))
    graph.until(lambda: graph.state() == "HOLDING")
    after = graph.positions()
    assert set(after) == set(JOINTS)
    assert all(abs(after[joint] - held[joint]) < NO_JUMP for joint in LOWER)
    assert all(abs(after[joint] - before[joint]) < NO_JUMP for joint in UPPER)
    assert graph.enable().success
    assert graph.enable(False).success


def test_a_second_start_is_refused_on_either_port_alone(graph, port, wiring, capsys):
    graph.start(wiring=wiring)
    graph.until(lambda: graph.state() == "DISABLED")
    for name in ("lower", "upper"):
        assert main.main(["scan", "--port", str(port / name)]) == 1
        assert "holds it" in capsys.readouterr().err


def test_check_looks_at_each_bus(port, wiring, capsys):
    ports = f"upper={port}/upper,lower={port}/lower"
    main.main(["check", "--json", "--wiring", str(wiring), "--port", ports])
    findings = json.loads(capsys.readouterr().out)["findings"]
    subjects = [finding["subject"] for finding in findings]
    assert {"lower: port", "upper: port", "lower: cycle", "upper: cycle"} <= set(subjects)
    assert {subject.split()[-1] for subject in subjects if ": id " in subject} == set(JOINTS)
    strangers = [f for f in findings if "does not name" in f["detail"]]
    assert not strangers


def test_check_needs_a_device_for_each_bus(wiring, capsys):
    assert main.main(["check", "--wiring", str(wiring), "--port", "upper=/dev/null"]) == 1
    assert "lower=DEVICE,upper=DEVICE" in capsys.readouterr().err
