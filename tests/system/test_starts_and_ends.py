"""Graphs of their own: starts that are refused, ends at the wrong moment, two at once, a page for the network."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress

import pytest

from armature.nodes.common import topics

from .running import Running, armature
from .trouble import running_from

pytestmark = [pytest.mark.process, pytest.mark.real_time, pytest.mark.timeout(240)]


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
        (
            ("up", "--robot", "nobody"),
            "robots are armature5, armature6, armature7, koch_follower, ",
        ),
        (("up", "--http", "8080"), "write HOST:PORT"),
        (("up", "--http", "0.0.0.0:notaport"), "1 to 65535"),
        (("up", "--http", "no.such.host.invalid:8080"), "--http"),
        (("world", "--pose", "upside_down"), "park, home"),
        (
            ("world", "--robot", "nobody"),
            "robots are armature5, armature6, armature7, koch_follower, ",
        ),
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


def test_with_a_page_for_others_it_prints_the_key_all_commands_work_and_it_parks_to_the_end(tmp_path, wait_until):
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
        end_while_it_parks(graph)


def end_while_it_parks(graph):
    """It parks to the end."""
    graph.be_enabled()
    moved = graph.ask("move", "home")
    assert moved.returncode == 0, moved.stderr
    client = graph.node.create_client(topics.ENABLE.kind, topics.ENABLE.name)
    client.call_async(topics.ENABLE.kind.Request(data=False))
    graph.wait_for(lambda: graph.state() == "PARKING")
    assert graph.interrupt() == 0
    assert "parked, torque off" in graph.said()
