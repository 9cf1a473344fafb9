"""The graph as a user starts it: ready, moving, surviving the death of any process, ended without litter."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from rosbags.rosbag2 import Reader

from armature.nodes.common import topics
from armature.recording.report.report import write_report
from armature.running_processes import BUS

from .running import Running, armature
from .trouble import running_from

pytestmark = [pytest.mark.process, pytest.mark.real_time, pytest.mark.timeout(240)]
STEP = 0.5 * 3.14159 / 180.0  # largest joint step that counts as holding [rad], promise 2


@pytest.fixture(scope="module")
def graph(tmp_path_factory, module_domain):
    with Running(tmp_path_factory.mktemp("runtime")) as running:
        yield running


def test_it_is_ready_disabled_in_the_pose_park(graph):
    graph.wait_for(lambda: graph.state() == "DISABLED")
    assert graph.states[-1][1]["torque"] == "off"
    assert graph.page_state() == "DISABLED"
    assert abs(graph.newest_positions()["shoulder"] - -1.7457) < 0.02


def test_its_status_tells_the_processes_that_run(graph):
    told = json.loads(graph.ask("status", "--json").stdout)["processes"]
    running = graph.pids()
    del running[BUS]  # the servo interface's child is its own affair
    assert {info["name"]: info["pid"] for info in told} == running


def test_a_second_graph_is_refused_with_the_remedy(graph):
    answer = armature("up", "--http", "127.0.0.1:0", runtime=graph.runtime)
    assert answer.returncode == 1
    assert "it runs already" in answer.stderr
    assert "armature down" in answer.stderr


def test_a_goal_while_disabled_is_refused_with_the_remedy(graph):
    client = graph.send("pick_and_place.yaml")
    assert client.returncode == 1
    assert "run armature enable" in client.stdout


def recorded(graph):
    """The demonstration with the recorder on: what its client said, and the bag."""
    graph.be_enabled()
    started = graph.trigger(topics.RECORDER_START)
    assert started.success, started.message
    client = graph.send("pick_and_place.yaml")
    stopped = graph.trigger(topics.RECORDER_STOP)
    return client, Path(stopped.message.split()[-1])


def test_the_demonstration_succeeds_and_its_bag_tells_how_well(graph):
    client, bag = recorded(graph)
    assert client.returncode == 0, client.stdout + client.stderr
    with Reader(bag) as reader:
        counts = {connection.topic: connection.msgcount for connection in reader.connections}
    assert counts["/joint_states"] > 500
    assert counts["/servo_interface/setpoints"] > 100
    summary = write_report(bag, graph.runtime / "report.html")
    assert max(joint.largest_error for joint in summary.joints) < 0.2  # the path tolerance
    assert summary.faults == 0


@pytest.mark.parametrize(
    "process", ["recorder", "state_publisher", "monitor", "arm_controller", "servo_interface"]
)
def test_a_killed_process_leaves_the_others_alive_and_the_arm_holding(graph, process):
    if graph.state() != "ENABLED":
        graph.enable()
    before, held = graph.pids(), graph.newest_positions()
    os.kill(before[process], signal.SIGKILL)
    graph.wait_for(lambda: graph.pids().get(process, 0) not in (0, before[process]))
    after = graph.pids()
    assert {name: pid for name, pid in after.items() if name != process} == {
        name: pid for name, pid in before.items() if name != process
    }
    graph.hear_states_anew()  # the last one may be of a servo interface that was killed
    moved = graph.newest_positions()
    assert max(abs(moved[joint] - held[joint]) for joint in held) < STEP
    # A new servo interface is starting until it has found the bus process that holds the arm.
    graph.wait_for(lambda: graph.state() in ("ENABLED", "HOLDING"))


def test_after_all_these_deaths_it_serves_again(graph):
    graph.wait_for(lambda: graph.page_state() in ("ENABLED", "HOLDING"))
    graph.be_enabled()
    moved = graph.ask("move", "home")
    assert moved.returncode == 0, moved.stderr
    assert graph.trigger(topics.RECORDER_START).success
    assert graph.trigger(topics.RECORDER_STOP).success


def test_a_killed_emulator_is_a_loss_of_power(graph):
    graph.be_enabled()
    os.kill(graph.pids()["emulator"], signal.SIGKILL)
    graph.wait_for(lambda: graph.state() == "DISCONNECTED")
    graph.wait_for(
        lambda: graph.state() == "FAULT"
    )  # it is back, with its torque off: reset servos are not hidden
    assert graph.trigger(topics.CLEAR_FAULTS).success
    graph.wait_for(lambda: graph.state() == "DISABLED")


def test_interrupted_it_parks_and_leaves_nothing_behind(graph):
    litter = set(Path("/dev/shm").iterdir())
    graph.enable()
    assert graph.interrupt() == 0, graph.said()
    assert "parked, torque off" in graph.said()
    assert not running_from(graph.runtime)
    assert not (graph.runtime / "default" / "control").exists()
    assert not {path for path in set(Path("/dev/shm").iterdir()) - litter if path.name.startswith("fast")}
