"""A command that outlasts the emulator at a Ctrl-C, as a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from armature.nodes.common import keep_alive

from ..emulated import emulator

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("nothing_left")]
WELL_BEHAVED = "trap 'echo over; exit 0' INT; echo ready; while :; do sleep 0.05; done"
# It ignores what can be ignored, and so does what it starts.
STUBBORN = "trap '' INT TERM; sleep 60 & echo ready; wait; sleep 60"


@pytest.fixture
def link(tmp_path):
    """The emulator's link, while it lives."""
    path = tmp_path / "bus"
    path.symlink_to("/dev/null")
    return path


@pytest.fixture
def run(link):
    """Start a shell's script under the wrapper; returns its process once the script has said ready."""
    started = []

    def start(script, *options):
        line = [sys.executable, "-m", "armature.nodes.common.keep_alive", "--link", str(link), *options]
        process = subprocess.Popen([*line, "--", "sh", "-c", script], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=10.0)


def outcome(process):
    """What it has said besides, and how it ended."""
    said, _ = process.communicate(timeout=20.0)
    return said, process.returncode


def goes_on(process, seconds=0.5):
    """Whether it still runs after a while."""
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(seconds)
    return True


def test_at_sigint_it_goes_on_until_the_emulator_has_taken_its_link_along(run, link):
    process = run(WELL_BEHAVED)
    process.send_signal(signal.SIGINT)
    assert goes_on(process)
    process.send_signal(signal.SIGINT)  # whoever is impatient does not take the arm's world away
    assert goes_on(process, 0.2)
    link.unlink()
    assert outcome(process) == ("over\n", 0)


def test_a_ctrl_c_for_all_ends_the_emulator_first(run, link):
    with emulator(link) as servos:
        process = run(WELL_BEHAVED)
        for each in (process, servos):
            each.send_signal(signal.SIGINT)
        assert outcome(process) == ("over\n", 0)
        assert not link.exists()
        assert servos.wait(10.0) == 0


def test_without_an_emulator_it_ends_at_once(run, link):
    process = run(WELL_BEHAVED)
    link.unlink()
    assert goes_on(process, 0.3)
    process.send_signal(signal.SIGINT)
    assert outcome(process) == ("over\n", 0)


def test_a_link_that_leads_nowhere_is_no_emulator(run, link):
    process = run(WELL_BEHAVED)
    link.unlink()
    link.symlink_to("/nowhere/pts")
    process.send_signal(signal.SIGINT)
    assert outcome(process) == ("over\n", 0)


def test_the_wait_has_a_bound(run):
    process = run(WELL_BEHAVED, "--timeout", "0.3")
    process.send_signal(signal.SIGINT)
    assert outcome(process) == ("over\n", 0)


def test_a_sigterm_for_all_waits_as_a_ctrl_c_does_and_the_next_one_ends_it_at_once(run):
    process = run(WELL_BEHAVED)
    process.send_signal(signal.SIGTERM)
    assert goes_on(process)
    process.send_signal(signal.SIGTERM)
    assert outcome(process) == ("over\n", 0)


def test_a_command_that_ends_by_itself_passes_its_exit_code_on(run):
    assert outcome(run("echo ready; exit 7")) == ("", 7)


def test_what_does_not_end_is_made_to_with_all_that_it_has_started(monkeypatch):
    monkeypatch.setattr(keep_alive, "_END_TIME", 0.2)
    child = subprocess.Popen(["sh", "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout.readline() == b"ready\n"
    keep_alive._end(child)
    assert child.returncode == -signal.SIGKILL
    assert child.stdout.read() == b""  # nobody holds its other end any more
    child.stdout.close()


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        (["--link", "x"], 2, "error: write the command behind --"),
        (["--link", "x", "--", "/nowhere/gz"], 1, "error: /nowhere/gz cannot be started: No such file"),
    ],
)
def test_a_command_that_cannot_be_started_is_told(line, code, told, capsys):
    before = signal.getsignal(signal.SIGINT)
    assert keep_alive.main(line) == code
    assert told in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


def test_no_terminal_and_no_group_of_its_callers_reaches_the_command(run):
    process = run("echo ready; cat; cut -d' ' -f6 /proc/$$/stat; exit 3")  # its session, see proc(5)
    said, code = outcome(process)
    assert code == 3
    assert int(said) != os.getsid(0)
