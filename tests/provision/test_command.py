from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from armature.errors import SetupError
from armature.provision.command import Runner


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_goes_to_the_log_of_the_step(tmp_path: Path) -> None:
    Runner(tmp_path).run("web", python("print('hello')"), remedy="none")
    assert "hello" in (tmp_path / "web.log").read_text()


def test_failure_names_step_error_line_remedy_and_log(tmp_path: Path) -> None:
    code = "print('fine\\nERROR: No matching distribution\\nlast words'); raise SystemExit(3)"
    with pytest.raises(SetupError) as caught:
        Runner(tmp_path).run("ros", python(code), remedy="check the network")
    expected = f"ros: ERROR: No matching distribution; check the network (whole log: {tmp_path / 'ros.log'})"
    assert str(caught.value) == expected


def test_failure_without_a_error_line_shows_the_last_one(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="web: second;"):
        Runner(tmp_path).run("web", python("print('first\\nsecond'); raise SystemExit(1)"), remedy="none")


def test_program_that_is_missing_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no-such-program"):
        Runner(tmp_path).run("web", ["no-such-program"], remedy="none")


def test_sourced_ros_installation_stays_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/opt/ros/humble")
    code = "import os; print('seen', os.environ.get('AMENT_PREFIX_PATH'), os.environ['OWN'])"
    Runner(tmp_path).run("ros", python(code), env={"OWN": "own"}, remedy="none")
    assert "seen None own" in (tmp_path / "ros.log").read_text()


def test_old_log_is_forgotten(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    runner.run("web", python("print('old')"), remedy="none")
    runner.remove_log("web")
    runner.run("web", python("print('new')"), remedy="none")
    assert "old\n" not in (tmp_path / "web.log").read_text().splitlines(keepends=True)


def test_stop_ends_a_program_and_its_children(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    fifo = tmp_path / "alive"
    child = f"open({str(fifo)!r}, 'w').write('x'); import time; time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    errors: list[SetupError] = []

    def work() -> None:
        try:
            runner.run("long", python(parent), remedy="none")
        except SetupError as error:
            errors.append(error)

    os.mkfifo(fifo)
    thread = threading.Thread(target=work)
    thread.start()
    with fifo.open() as alive:
        assert alive.read(1) == "x"
        runner.stop()
        assert alive.read() == ""  # the child's end closes when it dies
    thread.join(10)
    assert not thread.is_alive()
    assert len(errors) == 1


def test_stop_ends_all_others_where_one_has_just_ended_by_itself(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    ended = subprocess.Popen(python("pass"), start_new_session=True)
    ended.wait()
    living = [subprocess.Popen(["sleep", "60"], start_new_session=True) for _ in range(4)]
    runner._running = {ended, *living}
    try:
        runner.stop()
        assert [process.wait(10) for process in living] == [-signal.SIGTERM] * 4
    finally:
        for process in living:
            process.kill()
            process.wait()


def test_nothing_starts_after_stop(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    runner.stop()
    with pytest.raises(SetupError, match="stopped"):
        runner.run("web", python("pass"), remedy="none")
