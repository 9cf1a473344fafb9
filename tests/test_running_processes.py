"""Which processes are found to belong to a graph, by how they were started."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from armature.cli.graph.running import without_runner
from armature.graph import PROCESS_NAMES
from armature.running_processes import GraphProcesses, Running
from armature.signals import RUNNER_VARIABLE

SLEEP = "import time; time.sleep(30)"
DOMAIN = "ROS_DOMAIN_ID"


@pytest.fixture
def runtime(tmp_path):
    return tmp_path / "default"


@pytest.fixture
def start(tmp_path, nothing_left):
    """Start a process that has the command line of one of the graph's."""
    script = tmp_path / "lib" / "armature"
    started = []

    def begin(name, *arguments, **environment):
        script.mkdir(parents=True, exist_ok=True)
        (script / name).write_text("import time; print('ready', flush=True); time.sleep(30)")
        line = [sys.executable, str(script / name), *arguments]
        process = subprocess.Popen(line, env=os.environ | environment, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process.pid

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def found(runtime, namespace="", domain="77"):
    processes = GraphProcesses(runtime, namespace, PROCESS_NAMES, {DOMAIN: domain})
    return [(running.name, running.pid, running.has_runner) for running in processes.find()]


def test_nodes_are_known_by_their_name_in_their_domain(runtime, start):
    named = ("--ros-args", "-r", "__ns:=/left")
    left = start("monitor", *named, **{DOMAIN: "77"})
    start("monitor", *named, **{DOMAIN: "78"})
    start("a_stranger", *named, **{DOMAIN: "77"})
    plain = start("monitor", **{DOMAIN: "77"})
    assert found(runtime, "left") == [("monitor", left, False)]
    assert found(runtime) == [("monitor", plain, False)]
    assert found(runtime, "right") == []


def test_without_a_domain_it_is_the_first(runtime, start, monkeypatch):
    monkeypatch.delenv(DOMAIN)
    namespace = f"alone_{os.getpid()}"
    pid = start("recorder", "--ros-args", "-r", f"__ns:=/{namespace}")
    assert found(runtime, namespace, domain="") == [("recorder", pid, False)]


def test_those_of_the_runner_are_known_by_its_folder_whatever_their_domain(runtime, start):
    mine = start("monitor", **{DOMAIN: "78", RUNNER_VARIABLE: str(runtime)})
    start("monitor", **{DOMAIN: "77", RUNNER_VARIABLE: f"{runtime}-of-another"})
    assert found(runtime) == [("monitor", mine, True)]


def test_the_emulator_and_the_bus_process_are_known_by_the_folder_too(runtime, start):
    emulator = start("emulator", "--link", str(runtime / "bus"))
    start("emulator", "--link", "/elsewhere/bus")
    bus = start("bus_process", f'{{"port": "/dev/ttyUSB0", "exit_message_file": "{runtime}/exit_message"}}')
    start("bus_process", '{"port": "/dev/ttyUSB0", "exit_message_file": ""}')
    assert found(runtime) == [("emulator", emulator, False), ("bus_process", bus, False)]


def test_they_come_in_the_order_in_which_they_are_started(runtime, start):
    for name in reversed(PROCESS_NAMES):
        start(name, "--link", str(runtime / "bus"), **{DOMAIN: "77"})
    assert [name for name, _, _ in found(runtime)] == list(PROCESS_NAMES)


@pytest.mark.parametrize(
    ("processes", "told"),
    [
        ([], "graph: it is not running; start it with: armature up"),
        ([Running("bus_process", 7, 1, has_runner=True)], "only its bus process 7 runs.*armature up; or: kill 7"),
        ([Running("monitor", 7, 1, has_runner=True)], "runner: it has died; monitor still run.*: armature down"),
        (
            [Running("monitor", 7, os.getpid(), has_runner=False)],
            rf"it was started by process {os.getpid()} \(.+\), not by armature up; end it there: Ctrl-C",
        ),
        ([Running("monitor", 7, 1, has_runner=False)], "monitor run without a launcher; end it with: kill -INT 7"),
    ],
    ids=["nothing", "bus process", "runner has died", "started by another", "without a launcher"],
)
def test_what_runs_instead_of_the_runner_is_told_with_the_step_that_ends_it(processes, told):
    with pytest.raises(Exception, match=told):
        raise without_runner(processes)
