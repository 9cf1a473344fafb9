"""Free-drive through ROS and the command line, on the emulated bus, as processes."""

from __future__ import annotations

import io
import math
import re
import subprocess
import sys

import pytest
from std_srvs.srv import SetBool

from armature.cli.arm import free as cli_free
from armature.cli.main import main
from armature.emulator.faults import console
from armature.errors import CommandRefused
from armature.nodes.common import topics
from armature.nodes.common.conversions import positions_of, values_of
from armature.nodes.emulator.console import ask

from ..emulated import POSES, SERVOS, URDF, emulator
from ..servo_graph import ServoGraph, environment

pytestmark = [
    pytest.mark.process,
    pytest.mark.real_time,
    pytest.mark.timeout(180),
]
YIELDS = "\\1    mode: current-based position\n    current_limit: 1 A\n"


@pytest.fixture
def graph(tmp_path, nothing_left):
    """A servo interface whose waist can be compliant, parked, enabled."""
    wiring = tmp_path / "servos.yaml"
    text = SERVOS.read_text("utf-8")
    wiring.write_text(re.sub(r"(  waist:\n(?:    .*\n)+)", YIELDS, text, count=1), "utf-8")
    with emulator(tmp_path / "bus", robot=(URDF, wiring, POSES)):
        graph = ServoGraph(tmp_path / "bus", tmp_path / "log")
        for joint in ("waist", "elbow"):
            service = topics.free(joint)
            graph.clients[service.name] = graph.node.create_client(service.kind, service.name)
        try:
            graph.start(wiring=wiring)
            graph.until(lambda: graph.state() == "DISABLED")
            assert graph.enable().success
            graph.until(lambda: graph.state() == "ENABLED" and graph.joint_states)
            yield graph
        finally:
            graph.close()


@pytest.mark.parametrize("words", [(), ("--yes",)])
def test_without_joints_it_asks_for_them_and_lets_none_go(capsys, words):
    with pytest.raises(SystemExit) as ended:
        main(["free", *words])
    assert ended.value.code == 2
    assert (
        capsys.readouterr().err == "armature free: error: name the joints to be guided: armature free JOINT ...\n"
    )


def test_somebody_has_to_say_that_it_is_held(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    with pytest.raises(CommandRefused, match="nobody can be asked; add --yes if it is held by hand, or compliant"):
        cli_free._is_held("elbow")


def free(graph, joint, on=True):
    return graph.ask(topics.free(joint), SetBool.Request(data=on))


def cli(graph, *words):
    """Exit code, output and errors of `armature free`."""
    command = [sys.executable, "-m", "armature.cli", "free", *words, "--namespace", graph.namespace]
    ended = subprocess.run(
        command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    return ended.returncode, ended.stdout, ended.stderr


def velocities_of(state):
    return dict(zip(state.name, state.velocity, strict=True))


def told_of(graph, joint):
    """The newest values of a servo in /diagnostics."""
    found = [
        status for array in graph.diagnostics for status in array.status if status.name.endswith(f": {joint}")
    ]
    return values_of(found[-1]) if found else {}


def test_a_joint_is_pushed_another_is_let_go_and_the_arm_parks_with_both(graph):
    told = free(graph, "waist")
    assert told.message.startswith("waist is compliant: it carries ")
    graph.until(lambda: graph.values().get("free") == "waist")
    assert (graph.state(), graph.values()["torque"], graph.values()["session"]) == ("HOLDING", "on", "")
    graph.until(lambda: told_of(graph, "waist").get("free_drive") == "compliant, its load is followed")
    refused = graph.enable()
    assert not refused.success
    assert f"run armature free --namespace {graph.namespace.strip('/')} --end" in refused.message
    # So long, by the servos' own time, that it does not come to the speed at which it is held.
    console.read_reply(ask(graph.port, console.inject("push", "waist", {"torque": "0.38"}, 0.4)))
    graph.until(lambda: positions_of(graph.joint_states[-1]).get("waist", 0.0) > 0.05)
    graph.until(lambda: abs(velocities_of(graph.joint_states[-1]).get("waist", 1.0)) < 0.03)
    left = graph.positions()["waist"]
    code, out, _ = cli(graph, "--end")
    assert code == 0
    assert out.startswith("waist "), graph.log.read_text()
    graph.until(lambda: "free" not in graph.values())
    assert graph.positions()["waist"] == pytest.approx(left, abs=math.radians(2.0))
    assert graph.enable().success
    limp_and_parked(graph)


def limp_and_parked(graph):
    """A limp joint gets its torque back before the arm parks."""
    code, out, err = cli(graph, "knee", "--yes")
    assert (code, out) == (1, "")
    assert "joints are " in err
    assert "elbow" in err
    told = []
    graph.until(lambda: told.append(cli(graph, "elbow", "--yes")) or told[-1][0] == 0, 90.0)
    assert told[-1] == (0, "elbow: its torque is off: it falls unless somebody holds it; the others hold\n", "")
    graph.until(lambda: graph.values().get("free") == "elbow" and graph.values()["torque"] == "partial")
    assert graph.state() == "HOLDING"
    assert "elbow" in positions_of(graph.joint_states[-1])
    assert graph.end() == 0
    assert "parked, torque off" in graph.log.read_text()
