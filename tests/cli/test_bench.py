"""`armature bench`: what it prints of any measure, and its exit code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import pytest

from armature.bench import table
from armature.bench.figure import Figure
from armature.cli.main import main


@dataclass(frozen=True)
class Row:
    """A result with a bound."""

    HEADER: ClassVar[str] = "the head"

    value: float

    @property
    def failures(self):
        return ["too slow"] if self.value > 1.0 else []


@pytest.fixture(autouse=True)
def measures(monkeypatch):
    """Two subjects that cost nothing."""
    measures = {
        "quick": lambda _: [Row(0.5), Row(0.6)],
        "slow": lambda settings: iter([Figure(f"in domain {settings.domain}", 2.0, "s"), Row(2.0)]),
    }
    monkeypatch.setattr(table, "MEASURES", measures)


def test_a_new_figure_is_measured_by_its_name_under_one_header(capsys):
    assert main(["bench", "quick"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[1:] == ["the head", "Row(value=0.5)", "Row(value=0.6)"]
    assert said.err == "measuring: quick …\n"


def test_without_a_subject_all_are_measured_and_a_failure_ends_with_1(capsys):
    assert main(["bench", "--json"]) == 1
    said = capsys.readouterr()
    values = [result["value"] for result in json.loads(said.out)]
    assert values == [0.5, 0.6, 2.0, 2.0]
    assert said.err == "measuring: quick …\nmeasuring: slow …\n"


def test_an_unknown_subject_is_refused_with_those_there_are(capsys):
    assert main(["bench", "quick", "speed"]) == 1
    assert capsys.readouterr() == ("", "error: bench: 'speed' cannot be used; subjects are quick, slow\n")
