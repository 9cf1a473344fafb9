from __future__ import annotations

import platform
import sysconfig
from pathlib import Path
from types import SimpleNamespace

import pytest

from armature.errors import SetupError
from armature.provision import preflight


@pytest.mark.parametrize("distro", ["humble", "rolling", "", "Jazzy"])
def test_distro_without_wheels_is_refused_with_those_that_have_them(distro: str) -> None:
    with pytest.raises(SetupError, match="jazzy or kilted"):
        preflight.environment_folder(distro)


def test_each_distro_has_its_own_environment() -> None:
    folders = [preflight.environment_folder(distro) for distro in preflight.DISTROS]
    assert len(set(folders)) == len(folders)


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ("machine", "aarch64"),
        ("system", "Darwin"),
        ("python_implementation", "PyPy"),
        ("libc_ver", ("musl", "1.2")),
    ],
)
def test_platform_without_wheels_is_refused(
    monkeypatch: pytest.MonkeyPatch, function: str, answer: object
) -> None:
    monkeypatch.setattr(platform, function, lambda: answer)
    with pytest.raises(SetupError, match="colcon build"):
        preflight.check_platform()


def test_python_without_wheels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "sys", SimpleNamespace(version_info=(3, 14, 1)))
    with pytest.raises(SetupError, match=r"CPython 3\.10 to 3\.13, this is 3\.14; try make PYTHON="):
        preflight.check_platform()


def test_missing_compilers_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("CC", "CXX"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match=r"a C compiler, a C\+\+ compiler.*apt install gcc g\+\+"):
        preflight.check_tools()


def test_compiler_named_by_variable_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiler = tmp_path / "my-cc"
    compiler.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", "my-cc -m64")
    monkeypatch.setenv("CXX", str(compiler))
    preflight.check_tools()


def test_missing_header_files_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(SetupError, match=r"header files.*apt install python3\.\d+-dev"):
        preflight.check_tools()


def test_missing_venv_module_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "find_spec", lambda _: None)
    with pytest.raises(SetupError, match=r"ensurepip.*apt install python3\.\d+-venv"):
        preflight.check_tools()


def test_this_machine_passes() -> None:
    preflight.check_platform()
    preflight.check_tools()
