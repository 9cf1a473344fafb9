"""What `armature up` sees of a graph that does not come up."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from armature.cli.graph import up
from armature.errors import ProcessError
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
