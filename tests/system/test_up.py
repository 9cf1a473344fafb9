"""The graph as a user starts it: ready, moving, surviving the death of any process, ended without litter."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from rosbags.rosbag2 import Reader

from armature.nodes.common import topics
from armature.recording.report.report import write_report

from .running import Running, armature

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


def test_a_second_graph_is_refused_with_the_remedy(graph):
    answer = armature("up", "--http", "127.0.0.1:0", runtime=graph.runtime)
    assert answer.returncode == 1
    assert "it runs already" in answer.stderr
    assert "armature down" in answer.stderr


def test_a_goal_while_disabled_is_refused_with_the_remedy(graph):
    client = graph.send("pick_and_place.yaml")
    assert client.returncode == 1
    assert "enable with /servo_interface/enable" in client.stdout


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
    moved = graph.newest_positions()
    assert max(abs(moved[joint] - held[joint]) for joint in held) < STEP
    # A new servo interface is starting until it has found the bus process that holds the arm.
    graph.wait_for(lambda: graph.state() in ("ENABLED", "HOLDING"))


def test_after_all_these_deaths_it_serves_again(graph):
    graph.wait_for(lambda: graph.page_state() in ("ENABLED", "HOLDING"))
    client = graph.carry_out("pick_and_place.yaml")
    assert client.returncode == 0, client.stdout + client.stderr
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


def test_a_port_in_use_is_told_with_the_remedy(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        answer = armature("up", "--http", address, runtime=tmp_path)
    assert answer.returncode == 1
    assert address in answer.stderr
    assert "--http" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("up", "--robot", "nobody"), "robots are armature6, open_manipulator_x"),
        (("up", "--http", "8080"), "write HOST:PORT"),
        (("up", "--http", "0.0.0.0:notaport"), "1 to 65535"),
        (("up", "--http", "no.such.host.invalid:8080"), "--http"),
        (("world", "--pose", "upside_down"), "park, home"),
        (("world", "--robot", "nobody"), "robots are armature6, open_manipulator_x"),
        (("world", "--out", "/nowhere/world.sdf"), "can be written"),
        (("world", "--wiring", "/nowhere/servos.yaml"), "can be read"),
        (("down",), "it is not running"),
        (("status",), "it is not running"),
        (("logs", "nobody"), "there is no log"),
        (("report", "nowhere"), "nowhere"),
    ],
)
def test_bad_input_ends_with_one_line_that_says_what_would_work(tmp_path, arguments, told):
    answer = armature(*arguments, runtime=tmp_path)
    assert answer.returncode == 1
    assert told in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_wrong_use_ends_with_two(tmp_path):
    assert armature("fly", runtime=tmp_path).returncode == 2


def running_from(runtime: Path) -> list[str]:
    """Command lines that name the runtime folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(runtime) in line:
            found.append(line)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_while_it_starts_it_leaves_nothing_behind(tmp_path, wait_until, number):
    environment = os.environ | {"ARMATURE_RUNTIME": str(tmp_path)}
    command = [sys.executable, "-m", "armature.cli", "up", "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as up:
        wait_until((tmp_path / "default" / "supervisord.conf").exists)
        up.send_signal(number)
        said, _ = up.communicate(timeout=60)
        assert up.returncode == 0, said
    wait_until(lambda: not running_from(tmp_path))


def test_of_two_that_start_at_once_one_serves_and_two_may_end_it(tmp_path, wait_until):
    environment = os.environ | {"ARMATURE_RUNTIME": str(tmp_path)}
    command = [sys.executable, "-m", "armature.cli", "up", "--http", "127.0.0.1:0"]
    files = [(tmp_path / f"{n}.out") for n in range(2)]
    ups = []
    for file in files:
        with file.open("w") as out:
            ups.append(subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT))
    wait_until(lambda: any(up.poll() is not None for up in ups), 60.0)
    refused = 0 if ups[0].poll() is not None else 1
    wait_until(lambda: "ready " in files[1 - refused].read_text(), 60.0)
    assert "it runs already" in files[refused].read_text()
    assert ups[refused].returncode == 1
    command = [sys.executable, "-m", "armature.cli", "down"]
    downs = [subprocess.Popen(command, env=environment) for _ in range(2)]  # the second one waits too
    assert [process.wait(60.0) for process in (*downs, ups[1 - refused])] == [0, 0, 0]


def test_ended_while_it_parks_it_parks_to_the_end(tmp_path):
    with Running(tmp_path) as graph:
        goal = graph.carry_out("pick_and_place.yaml")
        assert goal.returncode == 0, goal.stdout
        client = graph.node.create_client(topics.ENABLE.kind, topics.ENABLE.name)
        client.call_async(topics.ENABLE.kind.Request(data=False))
        graph.wait_for(lambda: graph.state() == "PARKING")
        assert graph.interrupt() == 0
        assert "parked, torque off" in graph.said()


def test_a_page_that_others_can_reach_prints_its_key_and_every_command_works(tmp_path, wait_until):
    with Running(tmp_path, "--http", "0.0.0.0:0") as graph:
        key = graph.said().split("(access key ")[1].split(")")[0]
        assert json.loads(graph.ask("status", "--json").stdout)["arm"]["state"]["name"] == "DISABLED"
        request = urllib.request.Request(f"{graph.url}api/state", headers={"Authorization": f"Bearer {key}"})
        assert graph.ask("restart", "monitor").returncode == 0

        def answers() -> bool:
            with suppress(OSError), urllib.request.urlopen(request, timeout=2) as answer:
                return bool(answer.status == 200)
            return False

        wait_until(answers)
        logs = [file for file in (graph.runtime / "default").rglob("*") if file.is_file()]
        assert not [file for file in logs if key.encode() in file.read_bytes()]
        assert graph.interrupt() == 0
