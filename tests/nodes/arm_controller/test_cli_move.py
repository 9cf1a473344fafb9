"""`armature move` against a controller."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# The graph is a part of the tests: no process of it is seen, however late the machine is.
PATIENT = """
from armature.cli.main import main
from armature.client import connection

connection.ABSENT_TIME = connection.TIMEOUT
raise SystemExit(main())
"""


def started(motion, tmp_path, *words):
    """The command as a process, its output in files."""
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        program = ["-m", "armature.cli"] if motion is None else ["-c", PATIENT]
        command = [sys.executable, *program, "move", *words]
        return subprocess.Popen(command, stdout=out, stderr=err)


def ended(motion, tmp_path, process):
    """Exit code, output and errors, once it has ended."""
    motion.attend(lambda: process.poll() is not None)
    return process.returncode, (tmp_path / "out").read_text(), (tmp_path / "err").read_text()


def test_it_tells_what_the_move_will_be_and_moves(motion, tmp_path):
    code, out, err = ended(motion, tmp_path, started(motion, tmp_path, "--joints", "waist=0.3", "--json"))
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["done"]
    assert told["duration"] > 0.2
    motion.is_still()
    assert motion.waist == pytest.approx(0.3, abs=2e-3)


def test_a_refusal_is_one_line_and_ends_with_1(motion, tmp_path):
    code, out, err = ended(motion, tmp_path, started(motion, tmp_path, "--to", "5", "0", "0"))
    assert (code, out) == (1, "")
    assert err.startswith("error: pose 1: [5.0, 0.0, 0.0] refused; ")
    assert err.count("\n") == 1


def test_it_says_what_to_do_when_the_arm_is_not_enabled(make_motion, tmp_path):
    motion = make_motion()
    motion.servos.be("DISABLED")
    code, out, err = ended(motion, tmp_path, started(motion, tmp_path, "--joints", "waist=0.3"))
    assert code == 1
    assert "duration" in out
    assert "run armature enable" in err


@pytest.mark.parametrize("library", ["numpy", "rclpy"])
def test_ctrl_c_while_it_loads_is_one_line(tmp_path, wait_until, library):
    process = started(None, tmp_path, "--joints", "waist=0.3")
    maps = Path(f"/proc/{process.pid}/maps")
    wait_until(lambda: f"/{library}/" in maps.read_text() or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    assert process.wait(50.0) == 1
    assert (tmp_path / "out").read_text() == ""
    assert re.fullmatch(r"error: .*interrupted.*\n", (tmp_path / "err").read_text())


def test_ctrl_c_stops_the_arm(motion, tmp_path):
    process = started(motion, tmp_path, "--joints", "waist=1.5", "--seconds", "10")
    motion.attend(lambda: abs(motion.waist) > 0.05 or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    code, _, err = ended(motion, tmp_path, process)
    assert code == 1
    assert "cancel" in err
    motion.is_still()
    assert motion.waist < 1.0
