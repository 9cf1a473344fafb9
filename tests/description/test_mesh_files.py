from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from armature.description.mesh_files import resolve_mesh, with_mesh_paths
from armature.errors import ConfigError


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a URDF's folder in it, and a mesh that has a space in its name."""
    monkeypatch.delenv("ROS_PACKAGE_PATH", raising=False)
    folder = tmp_path / "some_arm"
    (folder / "urdf").mkdir(parents=True)
    (folder / "meshes").mkdir()
    (folder / "package.xml").write_text("<package><name>some_arm</name></package>")
    (folder / "meshes" / "upper arm.stl").touch()
    return folder


@pytest.mark.parametrize(
    "uri",
    [
        "package://some_arm/meshes/upper arm.stl",
        "package://some_arm/meshes/upper%20arm.stl",
        "model://some_arm/meshes/upper arm.stl",
        "package://called_otherwise_before/meshes/upper arm.stl",
        "../meshes/upper arm.stl",
        r"..\meshes\upper arm.stl",
        "{package}/meshes/upper arm.stl",
        "file://{package}/meshes/upper%20arm.stl",
        "file:{package}/meshes/upper%20arm.stl",
    ],
)
def test_a_mesh_is_found_however_it_is_named(package, uri):
    found = resolve_mesh(uri.format(package=package), package / "urdf")
    assert found.resolve() == package / "meshes" / "upper arm.stl"


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("package://other_arm/a.stl", "'other_arm'.*ROS_PACKAGE_PATH"),
        ("package://some_arm/meshes/none.stl", "there is no file .*some_arm/meshes/none.stl"),
        ("../meshes/Upper Arm.STL", "there is upper arm.stl"),
        ("https://example.org/a.stl", "package://, file://"),
        ("../meshes", "there is no file .*meshes, but something else of this name"),
        ("a" * 5000, "there is no file"),
        ("a\0b", "there is no file"),
    ],
)
def test_a_mesh_that_is_not_there_is_told_with_what_would_help(package, uri, message):
    with pytest.raises(ConfigError, match=message):
        resolve_mesh(uri, package / "urdf")


def test_meshes_are_named_by_their_whole_paths_for_programs_that_know_no_packages(package):
    names = ("package://some_arm/meshes/upper%20arm.stl", "../meshes/upper arm.stl", "package://nowhere/a.stl")
    shapes = "".join(
        f'<visual><geometry><mesh filename="{name}" scale="2 2 2"/></geometry></visual>' for name in names
    )
    text = with_mesh_paths(f"<robot name='r'><link name='a'>{shapes}</link></robot>", package / "urdf" / "r.urdf")
    found = [mesh.get("filename") for mesh in ElementTree.fromstring(text).iter("mesh")]
    assert [Path(name.removeprefix("file://")).resolve() for name in found[:2]] == [
        package / "meshes" / "upper arm.stl"
    ] * 2
    assert found[2] == names[2]
    assert text.count('scale="2 2 2"') == 3
