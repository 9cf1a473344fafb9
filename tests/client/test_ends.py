"""A program that drives an arm, ended at any moment: the arm holds, and nothing of the program is left."""

from __future__ import annotations

import random
import signal
import subprocess
import sys

import pytest

from armature import Arm
from armature.client import ending, spinning
from armature.errors import ConfigError
from armature.nodes.common import topics

# The controllers run in this process, where a warning is an error: an answer of theirs may find its asker gone.
pytestmark = pytest.mark.filterwarnings("ignore:failed to send response")
PROGRAM = """
import time
from armature import Arm
from armature.client import connection

connection.ABSENT_TIME = connection.TIMEOUT  # the graph is a part of the tests: no process of it is seen
print("begun", flush=True)
while True:
    with Arm() as arm:
        print("ready", flush=True)
        arm.move(waist=1.5, seconds=2.0, wait=False)
        time.sleep(0.3)
        with arm.jog(gripper=0.005):
            time.sleep(0.2)
        arm.positions
        arm.stop()
        arm.move({"waist": -1.5}, seconds=2.0, timeout=0.7) if time.time() % 0.2 < 0.1 else arm.move(waist=0.0)
        with arm.jog(elbow=0.2):
            time.sleep(0.3)
        with arm.free("elbow"):
            time.sleep(0.1)
        arm.disable()
        arm.enable()
        arm.move(waist=-1.0, seconds=3.0, wait=False)
"""
UNHELD = """
from armature import Arm
from armature.client import connection

connection.ABSENT_TIME = connection.TIMEOUT
arm = Arm()
arm.move(waist=0.0)
motion = arm.move(waist=1.4, seconds=5.0, wait=False)
print("ready", flush=True)
{end}
"""


@pytest.fixture
def whole_if_soak(request, soak):
    """What is marked so runs in whole soaks alone: each starts a program."""
    if request.node.get_closest_marker("soak") and not soak.is_whole:
        pytest.skip("runs with --soak")


def started(text):
    return subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def said(graph, program, word):
    """Wait until a program has printed a word, while time passes here."""
    graph.do(lambda: next(line for line in program.stdout if line.strip() == word))


def rest_at_exit(graph, program):
    """Wait for a program's end; its exit code and errors, with the arm as it was left then."""
    graph.motion.attend(lambda: program.poll() is not None)
    is_at_rest = graph.is_at_rest()
    left = dict(graph.motion.servos.position)
    graph.motion.spin(0.3)
    assert is_at_rest, "it left the arm in motion"
    assert graph.motion.servos.position == pytest.approx(left, abs=1e-3)
    return program.returncode, program.communicate()[1]


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_at_whatever_moment_a_signal_comes_the_arm_is_held_and_nothing_is_left(graph, soak, number):
    moments = random.Random(13)
    for trial in range(50 if soak.is_whole else 2):
        soak.show(trial, 50, "moments")
        graph.motion.servos.be("ENABLED", f"t{trial}")
        program = started(PROGRAM)
        said(graph, program, "ready" if moments.random() < 0.8 else "begun")
        graph.motion.spin(moments.uniform(0.0, 3.0))
        program.send_signal(number)
        code, errors = rest_at_exit(graph, program)
        # A shell tells both as 128 and the number. Python itself dies of SIGINT, so that a shell's loop ends too.
        assert code in ((-signal.SIGINT,) if number == signal.SIGINT else (128 + number,)), errors
        assert "Exception ignored" not in errors, errors
        assert [on for service, on in graph.asked if service is not topics.ENABLE][-1:] != [
            True
        ]  # none is left free
        assert errors.count("Traceback") <= (number == signal.SIGINT), errors


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("", 0),
        ("motion.wait()", -signal.SIGINT),
        pytest.param("raise SystemExit(3)", 3, marks=pytest.mark.soak),
        pytest.param("1 / 0", 1, marks=pytest.mark.soak),
    ],
    ids=["last line", "ctrl-c", "exit", "exception"],
)
@pytest.mark.usefixtures("whole_if_soak")
def test_a_program_without_a_block_stops_its_motion_too(graph, end, code):
    program = started(UNHELD.format(end=end))
    said(graph, program, "ready")
    if "wait" in end:
        graph.motion.moved()
        program.send_signal(signal.SIGINT)
    assert rest_at_exit(graph, program)[0] == code
    assert graph.motion.waist < 1.2


class Closed:
    """What is closed at the end of a program."""

    def close(self):
        ending.forget(self)

    def abandon(self):
        pass


def test_signals_that_would_end_the_program_without_a_word_end_it_as_an_error_does(signals_restored):
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    one, other = Closed(), Closed()
    ending.register(one)
    ending.register(other)
    for number in (signal.SIGTERM, signal.SIGHUP):
        with pytest.raises(SystemExit) as ended:
            signal.raise_signal(number)
        assert ended.value.code == 128 + number
    one.close()
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    other.close()
    assert signal.getsignal(signal.SIGTERM) is signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None], ids=["nohup", "handled"])
def test_a_signal_that_the_program_handles_or_ignores_stays_its_own(handler):
    before = signal.signal(signal.SIGHUP, handler)
    one = Closed()
    ending.register(one)
    assert signal.getsignal(signal.SIGHUP) is handler
    one.close()
    assert signal.getsignal(signal.SIGHUP) is handler
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("domain", ["abc", "233", "-1"])
def test_a_domain_that_there_is_not_is_refused_and_nothing_is_left(domain, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", domain)
    with pytest.raises(
        ConfigError, match=f"ROS_DOMAIN_ID: '{domain}' cannot be used; give the graph's, from 0 to 232"
    ):
        Arm()
    assert spinning._shared == []


@pytest.mark.soak
@pytest.mark.usefixtures("whole_if_soak")
def test_a_child_process_leaves_the_motion_to_its_parent(graph):
    child = "import os, time\nif os.fork() == 0:\n    raise SystemExit\nos.wait()\n"
    end = f"{child}print('waited', flush=True)\ntime.sleep(30)"
    program = started(UNHELD.format(end=end))
    said(graph, program, "ready")
    said(graph, program, "waited")
    before = graph.motion.waist
    graph.motion.until(lambda: graph.motion.waist > before + 0.05)
    program.send_signal(signal.SIGINT)
    assert rest_at_exit(graph, program)[0] == -signal.SIGINT


def test_in_a_child_process_the_arms_of_its_parent_are_closed_at_once():
    program = started(
        "import os\n"
        "from armature import Arm\n"
        "from armature.client import ending\n"
        "arm = Arm.__new__(Arm)\n"
        "arm._session = object()\n"
        "ending.register(arm)\n"
        "if os.fork() == 0:\n"
        "    arm.close()\n"
        "    arm.state\n"
        "os.wait()\n"
        "os._exit(0)\n"
    )
    assert "this arm: it is closed; make another one: Arm()" in program.communicate(timeout=20.0)[1]
