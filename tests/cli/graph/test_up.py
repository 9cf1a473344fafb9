"""What `armature up` sees of a graph that does not come up."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from armature.cli.graph import up
from armature.cli.main import main
from armature.errors import ProcessError
from armature.graph import make_runtime_folder
from armature.standalone import Supervisor

CRASH = 'Traceback (most recent call last):\n  File "a.py", line 1\nrclpy.exceptions.InvalidName: "a 1"\n'
ERROR = 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: a 1\nit says good-bye\n'


@pytest.fixture
def look(tmp_path):
    """Looks at a process with a log."""
    (tmp_path / "log").mkdir()
    (tmp_path / "control").touch()

    def look(log):
        (tmp_path / "log" / "monitor.log").write_text(log, "utf-8")
        child = SimpleNamespace(poll=lambda: None)
        up._require_alive(Supervisor(tmp_path), child, (SimpleNamespace(name="monitor"),))

    return look


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("error: a.urdf: no such file\n", "monitor: a.urdf: no such file; its log is"),
        (2 * CRASH, 'monitor: it crashes repeatedly: rclpy.exceptions.InvalidName: "a 1"; its log is'),
        (2 * ERROR, "monitor: it crashes repeatedly: ValueError: a 1; its log is"),
    ],
)
def test_a_process_that_cannot_come_up_is_told_with_its_reason(look, log, told):
    with pytest.raises(ProcessError, match=told):
        look(log)


@pytest.mark.parametrize("log", ["", "ready\n", CRASH])
def test_one_that_has_crashed_once_may_come_up_yet(look, log):
    look(log)


@pytest.mark.usefixtures("signals_restored")
def test_who_waits_for_gazebo_is_told_so_at_once(monkeypatch, capsys, tmp_path):
    tmp_path.chmod(0o700)
    monkeypatch.setenv("ARMATURE_RUNTIME", str(tmp_path))
    child = SimpleNamespace(poll=lambda: 0, returncode=0)
    monkeypatch.setattr(Supervisor, "start", lambda *_: child)
    for name in ("_require_usable", "_wait_for_runner", "_wait_for_signal", "_end"):
        monkeypatch.setattr(up, name, lambda *_: None)
    told = []
    monkeypatch.setattr(up, "_wait_until_ready", lambda *_: told.append(capsys.readouterr().err))
    assert main(["up", "--port", "gazebo", "--http", "127.0.0.1:0"]) == 0
    assert told == ["waiting for Gazebo, up to 30 s; it is a program of its own: see docs/howto/gazebo.md\n"]


def test_a_down_during_the_start_is_told_as_that_and_not_as_a_failure_of_the_runner(tmp_path):
    with pytest.raises(ProcessError) as told:
        up._require_alive(Supervisor(tmp_path), SimpleNamespace(poll=lambda: 0), ())
    assert str(told.value) == (
        "graph: it was ended while it started, as armature down does; start it again: armature up"
    )


def _a_folder_instead_of_the_lock(runtime):
    (runtime / "starting").mkdir()


def _a_file_instead_of_the_last_logs(runtime):
    (runtime / "log").mkdir()
    (runtime / "log.1").touch()


def _a_folder_instead_of_the_page_s_address(runtime):
    (runtime / "url").mkdir()


@pytest.mark.parametrize(
    "spoil",
    [
        _a_folder_instead_of_the_lock,
        _a_file_instead_of_the_last_logs,
        _a_folder_instead_of_the_page_s_address,
    ],
)
@pytest.mark.usefixtures("signals_restored")
def test_a_runtime_folder_that_cannot_be_prepared_is_told_in_one_line(tmp_path, monkeypatch, capsys, spoil):
    tmp_path.chmod(0o700)
    monkeypatch.setenv("ARMATURE_RUNTIME", str(tmp_path))
    spoil(make_runtime_folder({"ARMATURE_RUNTIME": str(tmp_path)}, ""))
    assert main(["up", "--http", "127.0.0.1:0"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: folder: ")
    assert line.endswith("set ARMATURE_RUNTIME to a folder of your own")


def answer(**values):
    return {"state": {"name": "DISABLED", "values": values}}


def test_a_graph_that_is_ready_says_whether_it_is_slow_and_which_command_ends_that():
    options = SimpleNamespace(robot="", urdf="", wiring="my arm.yaml", poses="", xacro_arg=[], port="/dev/ttyUSB0")
    assert up._how_slow(options, answer(limits="reduced")) == (
        " (every motion is a tenth as fast: directions and zeros are not confirmed; test all joints by hand: "
        "armature calibrate --wiring 'my arm.yaml' --port /dev/ttyUSB0)"
    )
    assert up._how_slow(options, answer()) == ""


def test_what_reads_the_files_is_not_kept_while_the_graph_runs():
    program = (
        "import sys; from armature.cli.graph import up; from armature.robots import find_robot\n"
        "up._require_usable(find_robot()); print('mujoco' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "False"]


def test_a_reader_of_the_files_that_dies_is_told_in_one_line(monkeypatch, capsys, tmp_path):
    tmp_path.chmod(0o700)
    monkeypatch.setenv("ARMATURE_RUNTIME", str(tmp_path))
    monkeypatch.setattr(up, "_send_refusals", lambda *_: os._exit(1))
    assert main(["up", "--http", "127.0.0.1:0"]) == 1
    assert capsys.readouterr().err == (
        "error: up: what reads the robot's files has ended without a word; armature check reads them too\n"
    )
