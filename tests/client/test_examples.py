"""Examples end without a traceback, however they are begun and ended."""

from __future__ import annotations

import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from armature.nodes.common import topics

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def started(*words, **more):
    program, *arguments = words
    command = [sys.executable, str(EXAMPLES / program), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["free_drive.py"], "the following arguments are required: joint"),
        (["teach.py"], "the following arguments are required: joints"),
        (["watch.py", "long"], "invalid float value: 'long'"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_told_as_of_any_program(words, says):
    program = started(*words)
    _, errors = program.communicate(timeout=60)
    assert program.returncode == 2
    assert says in errors
    assert "Traceback" not in errors


def test_who_watches_ends_it_by_ctrl_c(own_domain):
    program = started("watch.py", "60")
    assert program.stdout.readline() == "no joint is read\n"
    program.send_signal(signal.SIGINT)
    said, errors = program.communicate(timeout=30)
    assert (program.returncode, errors) == (0, ""), said


def test_at_the_end_of_its_input_the_joints_hold_again(graph, monkeypatch):
    def end(_prompt):
        raise EOFError

    monkeypatch.setattr("builtins.input", end)
    monkeypatch.setattr(sys, "argv", ["teach.py", "elbow"])
    graph.do(lambda: runpy.run_path(str(EXAMPLES / "teach.py"), run_name="__main__"))
    free = topics.free("elbow")
    assert [asked for asked in graph.asked if asked[0] == free] == [(free, True), (free, False)]
    assert graph.asked[-1] == (topics.ENABLE, False)
