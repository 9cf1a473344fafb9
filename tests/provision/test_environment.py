from __future__ import annotations

import sys
from pathlib import Path

import pytest

from armature.errors import SetupError
from armature.provision.command import Runner
from armature.provision.environment import Environment, correct_cmake_paths, library_path, link, remove

BUILT_AT = "/opt/python/cp311-cp311"


def cmake_file(prefix: Path, text: str) -> Path:
    file = prefix / "share" / "std_msgs" / "cmake" / "export.cmake"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def test_foreign_paths_become_those_of_this_machine(tmp_path: Path) -> None:
    numpy = f"{BUILT_AT}/lib/python3.11/site-packages/numpy/_core/include"
    file = cmake_file(tmp_path, f'set(dirs "{BUILT_AT}/include/python3.11;{numpy};${{prefix}}/include")\n')
    correct_cmake_paths(tmp_path, Path("/usr/include/python3.12"), Path("/venv/site-packages"))
    expected = "/usr/include/python3.12;/venv/site-packages/numpy/_core/include;${prefix}/include"
    assert file.read_text() == f'set(dirs "{expected}")\n'


def test_unknown_foreign_path_is_refused_with_its_file(tmp_path: Path) -> None:
    file = cmake_file(tmp_path, f"{BUILT_AT}/share/elsewhere")
    with pytest.raises(SetupError, match=str(file)):
        correct_cmake_paths(tmp_path, Path("/usr/include/python3.12"), Path("/venv/site-packages"))


def test_this_environment_has_no_foreign_path_left() -> None:
    files = list(Path(sys.prefix).glob("share/*/cmake/*.cmake"))
    assert not [file for file in files if "/opt/python/" in file.read_text()]


def test_bundled_libraries_are_on_the_path(tmp_path: Path) -> None:
    bundled = tmp_path / "lib/python3.12/site-packages/ros_rcl.libs"
    bundled.mkdir(parents=True)
    variables = library_path(tmp_path)
    assert variables["LD_LIBRARY_PATH"] == f"{tmp_path / 'lib'}:{bundled}"


def test_link_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "share" / "armature" / "urdf"
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        link(path, tmp_path / name)
    assert path.resolve() == tmp_path / "new"


def test_removing_a_link_leaves_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "urdf").mkdir()
    link(tmp_path / "share", tmp_path / "urdf")
    remove(tmp_path / "share")
    assert [path.name for path in tmp_path.iterdir()] == ["urdf"]


def test_package_that_nobody_has_is_one_clear_error(tmp_path: Path) -> None:
    environment = Environment(tmp_path, Path(sys.prefix), Runner(tmp_path))
    with pytest.raises(SetupError, match=r"requirements: ERROR: .*armature-no-such-package.*network"):
        environment.install("requirements", "--no-index", "--find-links", tmp_path, "armature-no-such-package")
