from __future__ import annotations

from pathlib import Path

import pytest

from armature.errors import SetupError
from armature.provision import browser, web
from armature.provision.command import Runner
from armature.provision.plan import Plan, requirement_lines

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(ROOT, "jazzy", tmp_path / ".venv", Runner(tmp_path))


@pytest.mark.parametrize("node", [True, False])
@pytest.mark.parametrize("target", ["setup", "test", "web", "docs"])
def test_each_step_follows_what_it_needs(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, target: str, node: bool
) -> None:
    monkeypatch.setattr(web, "machine_has_node", lambda: node)
    known: set[str] = set()
    for step in getattr(plan, target)():
        assert set(step.needs) <= known
        assert step.name not in known
        known.add(step.name)


def test_node_comes_from_pypi_only_where_the_machine_has_none(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "machine_has_node", lambda: True)
    assert [step.name for step in plan.web()] == ["web"]
    monkeypatch.setattr(web, "machine_has_node", lambda: False)
    assert [step.name for step in plan.web()] == ["venv", "node", "web"]


def test_comment_is_no_reason_to_install_again(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("# why\nnumpy>=2  # arrays\n\nmcap\n")
    assert requirement_lines(file) == ["numpy>=2", "mcap"]


@pytest.mark.parametrize(
    ("answer", "expected"), [("v24.1.0", (24, 1)), ("v18.20.4", (18, 20)), ("what?", ()), ("", ())]
)
def test_version_of_node_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, expected: tuple[int, ...]
) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho '{answer}'\n")
    node.chmod(0o755)
    (tmp_path / "npm").touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert web.node_version() == expected
    assert web.machine_has_node() == (expected >= web.OLDEST_NODE)


def test_machine_without_node_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert web.node_version() == ()
    assert not web.machine_has_node()


def test_ci_without_chromium_is_refused(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "_privilege", lambda: None)
    monkeypatch.setattr(browser, "is_present", lambda: False)
    monkeypatch.setenv("CI", "true")
    assert "browser" in [step.name for step in plan.test()]
    with pytest.raises(SetupError, match="apt install chromium"):
        browser.install(Runner(tmp_path))


def test_elsewhere_chromium_is_left_out_if_it_cannot_be_installed(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "_privilege", lambda: None)
    monkeypatch.setattr(browser, "is_present", lambda: False)
    monkeypatch.delenv("CI", raising=False)
    assert "browser" not in [step.name for step in plan.test()]
