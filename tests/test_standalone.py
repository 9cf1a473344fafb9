"""The configuration that supervisord gets, and the errors of asking one that is not there."""

from __future__ import annotations

import configparser
import shlex
import socket
import subprocess
import sys
import xmlrpc.client
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from supervisor.options import UnhosedConfigParser
from supervisor.xmlrpc import Faults

from armature import standalone
from armature.errors import ProcessError
from armature.graph import Process, runtime_folder
from armature.signals import RUNNER_SIGNAL
from armature.standalone import Supervisor, configuration

ODD = Process("recorder", is_node=True, parameters={"folder": "100% of 'it' and more"})
PLAIN = Process("emulator", is_node=False, arguments=("--link", "/tmp/bus"))


def parsed(namespace=""):
    text = configuration([PLAIN, ODD], namespace, Path("/run/arm"))
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return parser


def test_processes_start_in_their_order_and_are_asked_to_end_with_time_to_park():
    parser = parsed()
    assert parser["program:emulator"]["priority"] < parser["program:recorder"]["priority"]
    assert parser["program:recorder"]["stopsignal"] == RUNNER_SIGNAL.name
    assert float(parser["program:recorder"]["stopwaitsecs"]) >= 30.0


def test_no_handler_of_supervisords_takes_the_signal_from_a_process_that_is_just_being_started():
    code = (
        "import signal; from supervisor.options import ServerOptions; ServerOptions().setsignals();"
        f"print(*(signal.getsignal(number) is signal.SIG_DFL for number in ({int(RUNNER_SIGNAL)}, signal.SIGINT)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert answer.stdout.split() == ["True", "False"]


def test_any_text_reaches_the_process_as_it_is():
    command = parsed()["program:recorder"]["command"].replace("%%", "%")
    assert shlex.split(command)[-1] == "folder:=\"100% of 'it' and more\""


@pytest.mark.parametrize(
    "path", ["/home/arm #1/it's.urdf", "/home/arm ;1/a.urdf", "/home/größe/100%.urdf", "#1", " ;"]
)
def test_any_path_passes_supervisords_own_parser(path):
    text = configuration([Process("emulator", is_node=False, arguments=("--urdf", path))], "", Path("/run/arm"))
    parser = UnhosedConfigParser()
    parser.read_string(text)
    assert shlex.split(parser["program:emulator"]["command"].replace("%%", "%"))[-1] == path


def test_a_namespace_is_for_nodes_alone():
    parser = parsed("left")
    assert "__ns:=/left" in parser["program:recorder"]["command"]
    assert "__ns" not in parser["program:emulator"]["command"]


@pytest.mark.parametrize(
    ("base", "folder"),
    [
        ({"ARMATURE_RUNTIME": "/mine", "XDG_RUNTIME_DIR": "/run/user/1"}, "/mine/left"),
        ({"XDG_RUNTIME_DIR": "/run/user/1"}, "/run/user/1/armature/left"),
    ],
)
def test_each_namespace_has_its_runtime_folder(base, folder):
    assert runtime_folder(base, "/left") == Path(folder)


def test_no_graph_is_told_with_the_remedy(tmp_path):
    supervisor = Supervisor(tmp_path)
    assert not supervisor.is_running()
    with pytest.raises(ProcessError, match="start it with: armature up"):
        supervisor.processes()
    with pytest.raises(ProcessError, match="it is not running"):
        supervisor.shutdown()


@pytest.mark.parametrize(
    ("code", "ask", "told"),
    [
        (Faults.SHUTDOWN_STATE, Supervisor.processes, "the graph is ending; wait until it has ended"),
        (
            Faults.SPAWN_ERROR,
            lambda asked: asked.start_again("monitor"),
            "monitor: it could not be started; look at",
        ),
    ],
    ids=["ending", "spawn"],
)
def test_the_fault_codes_of_supervisord_are_told_in_words(tmp_path, monkeypatch, code, ask, told):
    def refuse(*_):
        raise xmlrpc.client.Fault(code, "SOME_CODE")

    @contextmanager
    def server(*_):
        yield SimpleNamespace(supervisor=SimpleNamespace(getAllProcessInfo=refuse, startProcess=refuse))

    monkeypatch.setattr(Supervisor, "_server", server)
    with pytest.raises(ProcessError, match=told) as refused:
        ask(Supervisor(tmp_path))
    assert "SOME_CODE" not in str(refused.value)


@pytest.mark.parametrize("ask", [Supervisor.is_running, Supervisor.processes, Supervisor.shutdown])
def test_a_runner_that_was_stopped_is_told_and_not_awaited_for_ever(tmp_path, monkeypatch, ask):
    monkeypatch.setattr(standalone, "_ANSWER_TIME", 0.2)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "control"))
        listener.listen()
        with pytest.raises(ProcessError, match=r"runner: it has not answered for 0.2 s; .*kill -CONT"):
            ask(Supervisor(tmp_path))
