"""Xacro files: expanded, kept, and refused in one line."""

from __future__ import annotations

import re
import stat
import xml.etree.ElementTree as ElementTree

import pytest

from armature.description import expansion
from armature.description.expand_xacro import lasting
from armature.description.expansion import expand
from armature.description.srdf import find_srdf
from armature.errors import ConfigError

HEAD = '<robot name="arm" xmlns:xacro="http://www.ros.org/wiki/xacro">'


@pytest.fixture
def folder(tmp_path):
    """A ROS package with a space and an umlaut in its path, nowhere installed."""
    package = tmp_path / "größe 1" / "arm_description"
    (package / "urdf").mkdir(parents=True)
    (package / "package.xml").write_text("<package><name>arm_description</name></package>")
    return package / "urdf"


@pytest.fixture
def environment(tmp_path):
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "ARMATURE_RUNTIME": str(tmp_path / "runtime")}


def write(file, body):
    file.write_text(f"{HEAD}{body}</robot>", "utf-8")
    return file


def refusal(file, environment, arguments=()):
    with pytest.raises(ConfigError) as caught:
        expand(file, arguments, environment)
    text = str(caught.value)
    assert "\n" not in text
    assert "Traceback" not in text
    return text


def test_includes_properties_macros_and_arguments_are_expanded(folder, environment):
    write(
        folder / "parts.xacro", '<xacro:macro name="part" params="name"><link name="${name}_link"/></xacro:macro>'
    )
    body = (
        '<xacro:arg name="side" default="left"/>'
        '<xacro:include filename="$(find arm_description)/urdf/parts.xacro"/>'
        '<xacro:property name="n" value="${1 + 1}"/><xacro:part name="$(arg side)_${n}"/>'
    )
    file = write(folder / "arm.urdf.xacro", body)
    for arguments, name in (((), "left_2_link"), (("side:=right",), "right_2_link")):
        urdf = ElementTree.parse(expand(file, arguments, environment)).getroot()
        assert [link.get("name") for link in urdf.findall("link")] == [name]


def test_the_same_text_is_the_same_file_which_others_cannot_read(folder, environment, tmp_path):
    file = write(folder / "arm.urdf.xacro", '<link name="${1}"/>')
    first = expand(file, (), environment)
    assert first.parent.parent == tmp_path / "cache" / "armature" / "descriptions"
    assert first.name == "arm.urdf"
    assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    first.write_text("<robot")  # as a full disk may leave it
    assert expand(file, (), environment) == first
    assert "<link" in first.read_text("utf-8")
    write(file, '<link name="${2}"/>')
    assert expand(file, (), environment) != first
    assert len(list(first.parent.parent.iterdir())) == 2


def test_the_srdf_beside_a_xacro_file_lies_beside_its_urdf(folder, environment):
    file = write(folder / "arm.urdf.xacro", '<link name="a"/>')
    alone = expand(file, (), environment)
    (folder / "arm.srdf").write_text("<robot/>", "utf-8")
    beside = expand(file, (), environment)
    assert find_srdf(alone) is None
    assert find_srdf(beside).read_text("utf-8") == "<robot/>"
    (folder / "arm.srdf").write_text("<robot name='r'/>", "utf-8")
    assert expand(file, (), environment) != beside


def test_where_the_cache_cannot_be_written_the_runtime_folder_keeps_the_text(folder, environment, tmp_path):
    file = write(folder / "arm.urdf.xacro", "<link/>")
    (tmp_path / "cache").touch()
    assert expand(file, (), environment).parent.parent == tmp_path / "runtime" / "descriptions"
    (tmp_path / "runtime" / "descriptions").rename(tmp_path / "away")
    (tmp_path / "runtime" / "descriptions").touch()
    assert "it must be kept in a folder" in refusal(file, environment)


def test_a_mesh_keeps_its_place_when_the_text_is_kept_elsewhere(folder, environment):
    meshes = ("meshes/a.stl", "package://arm_description/meshes/b.stl", "/abs/c.stl", "file:///abs/d.stl")
    body = "".join(
        f'<link name="l{n}"><visual><geometry><mesh filename="{m}"/></geometry></visual></link>'
        for n, m in enumerate(meshes)
    )
    urdf = ElementTree.parse(expand(write(folder / "arm.urdf.xacro", body), (), environment)).getroot()
    assert [mesh.get("filename") for mesh in urdf.iter("mesh")] == [
        f"file://{folder}/meshes/a.stl",
        f"file://{folder.parent}/meshes/b.stl",
        "/abs/c.stl",
        "file:///abs/d.stl",
    ]


def test_a_package_that_is_installed_keeps_its_address_for_programs_on_other_machines(
    folder, monkeypatch, tmp_path
):
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "install"))
    (tmp_path / "install" / "share" / "hand").mkdir(parents=True)
    assert lasting("package://hand/a.stl", folder) == "package://hand/a.stl"
    assert lasting("package://nowhere/a.stl", folder) == "package://nowhere/a.stl"  # whoever loads it says so


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '<link name="${radius}"/>',
            r"arm.urdf.xacro, <link name=\$\{radius\}>: \"name 'radius' is not defined when",
        ),
        ('<link name="$(arg side)"/>', r"\$\(arg side\) has no value.*give it: --xacro-arg side:=…"),
        ('<xacro:include filename="parts.xacro"/>', "<xacro:include>: .No such file or directory: .*parts.xacro"),
        ('<xacro:include filename="$(find hand)/h.xacro"/>', "package: 'hand' cannot be used; it is not around"),
        ('<xacro:part name="x"/>', "unknown macro name: xacro:part"),
        ('<link name="a>', "not well-formed .*line 1, column"),
        ('<xacro:include filename="arm.urdf.xacro"/>', "it uses itself without an end"),
        ('<xacro:property name="n" value="${\'x\' * 10 ** 12}"/><link name="${n}"/>', "MemoryError"),
    ],
)
def test_what_xacro_refuses_is_one_line_with_file_element_and_reason(folder, environment, body, said):
    text = refusal(write(folder / "arm.urdf.xacro", body), environment)
    assert re.search(said, text), text


def test_an_error_in_an_included_file_names_that_file_and_the_macro(folder, environment):
    part = '<xacro:macro name="part" params="name"><link name="${length}"/></xacro:macro>'
    write(folder / "parts.xacro", f'{part}<xacro:part name="x"/>')
    file = write(folder / "arm.urdf.xacro", '<xacro:include filename="parts.xacro"/>')
    assert f"{folder}/parts.xacro, macro part, <link name=${{length}}>" in refusal(file, environment)


def test_an_argument_that_the_file_does_not_have_is_refused_with_those_it_has(folder, environment):
    file = write(folder / "arm.urdf.xacro", '<xacro:arg name="side" default="left"/><link name="$(arg side)"/>')
    assert "argument: 'sied' cannot be used; its arguments are side" in refusal(file, environment, ["sied:=right"])
    assert "--xacro-arg: 'side=right' cannot be used; write NAME:=VALUE" in refusal(
        file, environment, ["side=right"]
    )


def test_an_expansion_without_an_end_is_ended(folder, environment, monkeypatch):
    monkeypatch.setattr(expansion, "_TIME", 1.0)
    double = "".join(
        f'<xacro:macro name="m{n + 1}" params=""><xacro:m{n}/><xacro:m{n}/></xacro:macro>' for n in range(40)
    )
    file = write(
        folder / "arm.urdf.xacro", f'<xacro:macro name="m0" params=""><a/></xacro:macro>{double}<xacro:m40/>'
    )
    assert f"xacro file: '{file}' cannot be used; a URDF within 1 s is needed" in refusal(file, environment)
