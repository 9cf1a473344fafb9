"""Signals are noted in their order; what comes along with one is not a second one."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from armature.signals import (
    RUNNER_SIGNAL,
    RUNNER_VARIABLE,
    Signals,
    SupervisordWaker,
    ended_with_parent,
    received_signals,
)

INT, TERM, HUP, RUN = signal.SIGINT, signal.SIGTERM, signal.SIGHUP, RUNNER_SIGNAL
FROM_LAUNCH = "import sys; from armature.signals import _echoes_of; print(_echoes_of(int(sys.argv[1])))"


def send(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)


def noted(*signals, echoes=0):
    """Signals as (number, time) pairs, taken in."""
    received = Signals(echoes)
    for number, at in signals:
        received.note(number, at)
    return received


def test_signals_are_noted_in_their_order():
    with received_signals() as received:
        send(TERM, INT, HUP)
    assert received == [TERM, INT, HUP]


@pytest.mark.parametrize("is_noted", ["before", "after"])
def test_a_signal_that_comes_while_another_is_being_noted_is_noted_too(is_noted):
    class Interrupted(Signals):
        def append(self, number):
            if is_noted == "before" and number == TERM:
                self.note(HUP, 1.0)
            super().append(number)
            if is_noted == "after" and number == TERM:
                self.note(HUP, 1.0)

    received = Interrupted()
    received.note(TERM, 1.0)
    assert sorted(received) == sorted([TERM, HUP])
    assert not received.asks_again(None)


def test_a_signal_that_comes_twice_at_once_counts_once():
    assert noted((INT, 10.0), (INT, 10.09)) == [INT]
    assert noted((INT, 10.0), (INT, 10.2)) == [INT, INT]


@pytest.mark.parametrize(
    ("signals", "begun", "again"),
    [
        ([], None, False),
        ([(INT, 0.0)], None, False),
        ([(INT, 0.0), (INT, 0.7)], None, False),  # an echo, or nobody has seen yet what came of the first
        ([(INT, 0.0), (INT, 0.7)], 0.6, True),  # it parks, for all to see
        ([(INT, 0.0), (INT, 0.7)], 0.8, False),
        ([(INT, 0.0), (INT, 0.7)], -5.0, False),  # it parked before that, so nothing was to be seen
        ([(INT, 0.0), (INT, 1.1)], None, True),
        ([(INT, 0.0), (TERM, 30.0)], None, True),  # launch, whose time is up
        ([(TERM, 0.0), (TERM, 0.5)], None, False),
        ([(TERM, 0.0), (TERM, 1.5)], None, True),
        ([(TERM, 0.0), (INT, 0.3)], None, True),
        ([(RUN, 0.0), (INT, 0.3)], None, True),  # a second Ctrl-C at armature up
        ([(RUN, 0.0), (TERM, 5.0)], 0.5, False),  # a service's SIGTERM for all
        ([(TERM, 0.0), (RUN, 5.0)], 0.5, False),
        ([(TERM, 0.0), (HUP, 5.0)], 0.5, False),  # the death of a terminal, or of a user's session
        ([(HUP, 0.0), (TERM, 5.0)], 0.5, False),
        ([(HUP, 0.0), (INT, 5.0)], 0.5, True),
    ],
)
def test_what_asks_once_more_is_told_from_what_comes_along(signals, begun, again):
    assert noted(*signals).asks_again(begun) == again


@pytest.mark.parametrize("late", [0.3, 3.0])
def test_however_late_the_echo_of_launch_is_no_second_one_and_a_third_is(late):
    received = noted((INT, 0.0), (INT, late), echoes=1)
    assert not received.asks_again(0.2)
    received.note(INT, late + 1.0)
    assert received.asks_again(0.2)


def test_behind_the_echo_the_sigterm_of_launch_still_counts():
    assert noted((INT, 0.0), (INT, 0.3), (TERM, 30.0), echoes=1).asks_again(0.2)


@pytest.mark.parametrize(
    ("words", "stdin", "echoes"),
    [
        ("launch armature arm.launch.py", subprocess.DEVNULL, "1"),
        ("run armature armature", subprocess.DEVNULL, "0"),
        ("launch armature arm.launch.py", None, "0"),
        ("launch -n armature arm.launch.py", None, "1"),
    ],
)
def test_launch_without_a_terminal_is_known_by_its_command_and_its_input(tmp_path, words, stdin, echoes):
    (tmp_path / "ros2").write_text(
        f"import os, subprocess, sys\nsubprocess.run([sys.executable, '-c', {FROM_LAUNCH!r}, str(os.getpid())])\n"
    )
    ours, theirs = os.openpty()
    try:
        answer = subprocess.run(
            [sys.executable, str(tmp_path / "ros2"), *words.split()],
            stdin=theirs if stdin is None else stdin,
            capture_output=True,
            text=True,
            timeout=30,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert answer.stdout.strip() == echoes


def test_what_comes_while_the_process_ends_does_not_take_its_exit_code_from_it():
    code = (
        "import os, signal, sys; from armature.signals import received_signals\n"
        "with received_signals(is_last=True): pass\n"
        "for name in ('SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'): os.kill(os.getpid(), signal.Signals[name])\n"
        "sys.exit(7)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30).returncode == 7


def test_under_nohup_a_hang_up_is_not_heard():
    before = signal.signal(HUP, signal.SIG_IGN)
    try:
        with received_signals() as received:
            send(HUP, TERM)
        assert received == [TERM]
    finally:
        signal.signal(HUP, before)


WATCHING = """
import os, time
from armature.signals import ended_with_parent, received_signals
with received_signals() as received, ended_with_parent(os.environ):
    print("watches", flush=True)
    give_up = time.monotonic() + 20.0
    while not received and time.monotonic() < give_up:
        time.sleep(0.05)
    print(*received, flush=True)
"""
STARTING = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]]).wait()"


@pytest.mark.parametrize(("environment", "told"), [({}, "1"), ({RUNNER_VARIABLE: "/run/arm"}, "")])
def test_the_death_of_whoever_started_it_is_a_hang_up_unless_the_runner_did(environment, told):
    watching = WATCHING if not environment else WATCHING.replace("20.0", "1.5")
    with subprocess.Popen(
        [sys.executable, "-c", STARTING, watching],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout.readline() == "watches\n"
        parent.kill()
        assert parent.stdout.read().strip() == told


def test_the_watch_over_whoever_started_it_ends_with_it():
    before = threading.active_count()
    with ended_with_parent({}):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


LEADER = """
import os, signal, subprocess, sys
signal.signal(signal.SIGHUP, lambda *_: None)  # as make does, which waits for its child
elsewhere = os.setpgrp if sys.argv[2] == "background" else None
subprocess.Popen([sys.executable, "-c", sys.argv[1]], preexec_fn=elsewhere).wait()
"""


def in_terminal(code, place):
    """Run code under a leader that passes no hang-up on; returns its id and the other end of the terminal."""
    pid, master = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", LEADER, code, place])
    return pid, master


@pytest.mark.parametrize(("place", "expected"), [("foreground", "1"), ("background", "")])
def test_the_end_of_the_terminal_is_a_hang_up_for_its_foreground_whoever_leads_it(
    tmp_path, wait_until, place, expected
):
    said = tmp_path / "said"
    code = WATCHING.replace("ended_with_parent(os.environ)", "ended_with_terminal()")
    code = code.replace("ended_with_parent", "ended_with_terminal").replace("20.0", "20.0" if expected else "1.5")
    leader, master = in_terminal(f"import sys; sys.stdout = open({str(said)!r}, 'w')\n{code}", place)
    wait_until(lambda: said.exists() and said.read_text().startswith("watches\n"))
    os.close(master)
    os.waitpid(leader, 0)
    assert said.read_text() == f"watches\n{expected}\n"


def test_afterwards_signals_do_what_they_did_before():
    before = signal.getsignal(INT)
    with received_signals():
        pass
    assert signal.getsignal(INT) is before


def test_the_loop_of_supervisord_wakes_when_a_process_ends_though_no_output_of_it_ends():
    sockets = {}
    waker = SupervisordWaker(SimpleNamespace(options=SimpleNamespace(get_socket_map=lambda: sockets)))
    [reader] = sockets
    before = signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        waiting = select.poll()
        waiting.register(reader, select.POLLIN)
        assert waiting.poll(0) == []
        os.kill(os.getpid(), signal.SIGCHLD)
        assert [file for file, _ in waiting.poll(0)] == [reader]
        waker.handle_read_event()
        assert waiting.poll(0) == []
    finally:
        signal.signal(signal.SIGCHLD, before)
        os.close(signal.set_wakeup_fd(-1))
        os.close(reader)
