"""What a command needs and the machine lacks is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from armature.cli import commands
from armature.cli.commands import COMMANDS
from armature.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_package_that_is_not_installed_is_named_with_what_installs_it(name, monkeypatch, capsys):
    def missing(_module):
        raise ModuleNotFoundError("No module named 'control_msgs'")

    monkeypatch.setattr(commands, "import_module", missing)
    assert main([name, "--help"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: import: No module named 'control_msgs'; install it: make setup")
    assert said.count("\n") == 1


def test_the_help_of_bench_names_a_page_that_there_is(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    assert "docs/measured.md" in " ".join(capsys.readouterr().out.split())
    assert (ROOT / "docs" / "measured.md").is_file()
