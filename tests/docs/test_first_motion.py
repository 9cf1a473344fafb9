"""The example program ends with the reason where the arm refuses; README offers it to copy."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "first_motion.py"


class Answered:
    """A future, service client and goal handle in one: each call is answered at once."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def result(self) -> Any:
        return self.answer

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self


def run(monkeypatch: pytest.MonkeyPatch, *, enabled: bool, status: int) -> None:
    """Run the example with these answers."""
    enable = Answered(SimpleNamespace(success=enabled, message="enable refused: why"))
    end = SimpleNamespace(status=status, result=SimpleNamespace(error_string="the end"))
    handle = SimpleNamespace(get_result_async=lambda: Answered(end))
    node = SimpleNamespace(create_client=lambda *_: enable)
    monkeypatch.setattr("rclpy.init", lambda: None)
    monkeypatch.setattr("rclpy.create_node", lambda _: node)
    monkeypatch.setattr("rclpy.spin_until_future_complete", lambda *_: None)
    monkeypatch.setattr("rclpy.action.ActionClient", lambda *_: Answered(handle))
    runpy.run_path(str(EXAMPLE))


def test_it_prints_the_end_of_the_motion(monkeypatch, capsys):
    run(monkeypatch, enabled=True, status=4)
    assert capsys.readouterr().out == "the end\n"


@pytest.mark.parametrize(("enabled", "status", "why"), [(False, 4, "enable refused: why"), (True, 6, "the end")])
def test_a_refusal_is_printed_and_its_exit_code_is_1(monkeypatch, enabled, status, why):
    with pytest.raises(SystemExit) as end:  # a text is printed on standard error, and the code is 1
        run(monkeypatch, enabled=enabled, status=status)
    assert end.value.code == why
