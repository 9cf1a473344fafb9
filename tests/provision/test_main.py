from __future__ import annotations

import ast
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKE_PAGE = "mkdir dist && touch dist/index.html"


def provision(*arguments: str, root: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), **variables}
    return subprocess.run(
        [sys.executable, "-B", "-m", "armature.provision", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what setup reads, with nothing set up."""
    for name in ("src/armature/provision", "src/armature/interfaces"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (*ROOT.glob("requirements*.txt"), ROOT / "setup.py", ROOT / "package.xml"):
        shutil.copy(path, tmp_path)
    for name in ("__init__.py", "errors.py"):
        shutil.copy(ROOT / "src/armature" / name, tmp_path / "src/armature")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package.json").write_text("{}")
    (tmp_path / "web" / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": {"": {}}}))
    return tmp_path


@pytest.mark.parametrize("name", ["__init__.py", "provision/__init__.py", "provision/__main__.py"])
def test_old_python_can_read_what_tells_it_that_it_is_too_old(name: str) -> None:
    ast.parse((ROOT / "src" / "armature" / name).read_text(encoding="utf-8"), feature_version=(3, 4))


def test_wrong_python_is_told_in_one_line() -> None:
    entry = (ROOT / "src/armature/provision/__main__.py").read_text(encoding="utf-8")
    code = f"import sys; sys.version_info = (3, 9, 2); exec({entry!r})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "armature: CPython 3.10 to 3.13 is needed, this is 3.9; try make PYTHON=python3.12\n"


def test_unknown_distro_is_told_in_one_line() -> None:
    ended = provision("setup", ROS_DISTRO="humble")
    assert ended.returncode == 1
    assert ended.stderr == "armature: ROS_DISTRO: no wheels for 'humble'; set it to jazzy or kilted\n"


def test_unknown_target_is_wrong_use() -> None:
    assert provision("everything").returncode == 2


def test_missing_compiler_is_told_in_one_line_before_anything_is_made(checkout: Path) -> None:
    ended = provision("setup", root=checkout, PATH=str(checkout), CC="", CXX="")
    assert ended.returncode == 1
    assert ended.stderr.startswith("armature: missing: a C compiler, a C++ compiler; on Debian")
    assert ended.stderr.count("\n") == 1
    assert not (checkout / ".venv" / "bin").exists()


def test_page_needs_no_compiler_and_no_environment(checkout: Path) -> None:
    page(checkout, MAKE_PAGE)
    ended = provision(
        "web", root=checkout, CC="", CXX="", PATH=only(checkout, "node", "npm", "sh", "mkdir", "touch")
    )
    assert ended.stderr == ""
    assert (checkout / "web/dist/index.html").exists()
    assert not (checkout / ".venv" / "bin").exists()


def page(checkout: Path, build: str) -> None:
    """Let a shell command build the page."""
    (checkout / "web/package.json").write_text(json.dumps({"scripts": {"build": build}}))


def only(folder: Path, *names: str) -> str:
    """A path on which nothing else is found."""
    programs = folder / "programs"
    programs.mkdir()
    for name in names:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"this machine has no {name}")
        (programs / name).symlink_to(found)
    return str(programs)


def test_failing_page_is_told_in_one_line_and_redone(checkout: Path) -> None:
    for _ in range(2):
        ended = provision("web", root=checkout, npm_config_offline="true")
        assert ended.returncode == 1
        assert ended.stderr.startswith("armature: web: ")
        assert ended.stderr.count("\n") == 1
        assert "Traceback" not in ended.stdout


def start(target: str, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-B", "-m", "armature.provision", target],
        env={**os.environ, "PYTHONPATH": str(root / "src"), "ROS_DISTRO": "jazzy"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_step_leaves_nothing_running_and_is_redone(checkout: Path, number: signal.Signals) -> None:
    alive = checkout / "alive"
    os.mkfifo(alive)
    page(checkout, "exec 3> ../alive; echo x >&3; sleep 50")
    with start("web", checkout) as setup, alive.open() as pipe:
        assert pipe.readline() == "x\n"
        setup.send_signal(number)
        assert pipe.read() == ""  # the other end closes when the last process is gone
        assert setup.wait(20) == 130
        assert setup.stderr is not None
        assert setup.stderr.read() == "armature: interrupted; run it again to continue\n"
    page(checkout, MAKE_PAGE)
    assert "[1/1] web page" in provision("web", root=checkout).stdout
    assert provision("web", root=checkout).stdout == ""


def test_second_setup_waits_for_the_first(checkout: Path) -> None:
    lock = checkout / ".venv" / ".provision" / "lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with start("setup", checkout) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "another setup is running in this folder; waiting for it\n"
            second.send_signal(signal.SIGTERM)
            assert second.wait(20) == 130
