"""A robot's URDF in a folder of its owner's, and the places of its other files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from armature.description.folder import find_description, path_of, places_beside
from armature.errors import ConfigError


def touch(*files):
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


@pytest.mark.parametrize("name", ["arm.urdf", "arm.urdf.xacro", "urdf/arm.urdf", "urdf/arm.urdf.xacro"])
def test_the_only_description_of_a_folder_is_the_robots(tmp_path, name):
    touch(tmp_path / name, tmp_path / ".arm.urdf", tmp_path / "part.xacro", tmp_path / "meshes" / "base.stl")
    assert find_description(tmp_path) == tmp_path / name


def test_the_folders_own_description_goes_before_that_of_its_folder_urdf(tmp_path):
    touch(tmp_path / "arm.urdf", tmp_path / "urdf" / "arm.urdf", tmp_path / "urdf" / "other.urdf")
    assert find_description(tmp_path) == tmp_path / "arm.urdf"


def test_of_several_descriptions_one_must_be_chosen(tmp_path):
    touch(tmp_path / "urdf" / "left.urdf", tmp_path / "urdf" / "right.urdf.xacro")
    with pytest.raises(
        ConfigError, match=r"has several urdf/left.urdf, urdf/right.urdf.xacro; choose one by its own"
    ):
        find_description(tmp_path)
    right = tmp_path / "urdf" / "right.urdf.xacro"
    assert find_description(right) == right


def test_a_folder_with_descriptions_further_below_names_them(tmp_path):
    touch(tmp_path / "urdf" / "small" / "small.urdf.xacro", tmp_path / "urdf" / "large" / "large.urdf")
    with pytest.raises(
        ConfigError, match=r"below it are urdf/large/large.urdf, urdf/small/small.urdf.xacro; choose"
    ):
        find_description(tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "there is no such file or folder"),
        ("empty", "put the arm's URDF into it: a file that ends in .urdf or .urdf.xacro"),
        ("notes.txt", "name a folder, or a file that ends in .urdf or .urdf.xacro"),
    ],
)
def test_what_holds_no_description_is_refused(tmp_path, name, said):
    (tmp_path / "empty").mkdir()
    touch(tmp_path / "notes.txt")
    with pytest.raises(ConfigError, match=f"robot: '{tmp_path / name}' cannot be used; {said}"):
        find_description(tmp_path / name)


def test_a_path_may_begin_at_home_or_in_a_package(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ROS_PACKAGE_PATH", str(tmp_path / "src"))
    touch(tmp_path / "src" / "arm_description" / "package.xml")
    (tmp_path / "src" / "arm_description" / "package.xml").write_text(
        "<package><name>arm_description</name></package>"
    )
    assert path_of("robot", "~/arm") == tmp_path / "arm"
    assert path_of("robot", "package://arm_description/urdf") == tmp_path / "src" / "arm_description" / "urdf"
    assert path_of("robot", "./arm") == Path("arm")
    with pytest.raises(ConfigError, match="there is no such user"):
        path_of("robot", "~nobody-of-this-name/arm")


def test_files_of_a_package_are_sought_beside_its_description_too(tmp_path):
    description = tmp_path / "urdf" / "small" / "small.urdf"
    touch(tmp_path / "package.xml", description)
    beside = [tmp_path / "urdf" / "small", tmp_path / "urdf" / "small" / "config"]
    package = [tmp_path, tmp_path / "config"]
    assert list(places_beside(description, description)) == [*beside, *package]
    assert list(places_beside(tmp_path, description)) == [*package, *beside]


def test_a_pipe_a_device_and_names_that_cannot_be_are_no_robots(tmp_path):
    os.mkfifo(tmp_path / "arm.urdf")
    (tmp_path / "loop").symlink_to("loop")
    kinds = {
        tmp_path / "arm.urdf": "it is a pipe or a device; name a folder or a regular file",
        Path("/dev/zero"): "it is a pipe or a device",
        tmp_path / ("x" * 5000): "it cannot be read .File name too long",
        tmp_path / "loop": "it cannot be read .Too many levels of symbolic links",
        tmp_path / "a\0b": "a path holds no null character",
    }
    for path, said in kinds.items():
        with pytest.raises(ConfigError, match=said):
            find_description(path)


def test_links_that_lead_back_are_searched_no_deeper_than_others(tmp_path):
    (tmp_path / "self").symlink_to(tmp_path)
    with pytest.raises(ConfigError, match="put the arm's URDF into it"):
        find_description(tmp_path)
