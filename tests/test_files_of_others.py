"""Files as others write them: each mistake is one line with file, element, value and remedy."""

from __future__ import annotations

import pytest

from armature.errors import ConfigError
from armature.nodes.common.robot_files import read_robot

from .small_arm import POSES, SERVOS, URDF, write_arm

MESH = '<mesh filename="a.stl"/>'
ROD = '<cylinder radius="0.02" length="0.14"/>'
LIMIT = '<limit lower="-1.9" upper="1.9" velocity="3" effort="4"/>'
ID = "id: 1,"
BUS = SERVOS.partition("joints")[0]


def urdf(old: str, new: str) -> dict[str, str | bytes]:
    assert old in URDF
    return {"my_arm.urdf": URDF.replace(old, new, 1)}


def servos(old: str, new: str) -> dict[str, str | bytes]:
    assert old in SERVOS
    return {"servos.yaml": SERVOS.replace(old, new, 1)}


def poses(text: str) -> dict[str, str | bytes]:
    return {"poses.yaml": text}


WRONG = {
    # F6: encodings
    "mixed encoding": (urdf("my_arm", "größe"), None),
    "cp1252 undeclared": ({"my_arm.urdf": URDF.replace("my_arm", "größe").encode("cp1252")}, "save it as UTF-8"),
    "declared and not so": (urdf('version="1.0"', 'version="1.0" encoding="utf-16"'), "encoding: 'utf-16'"),
    "no such encoding": (urdf('version="1.0"', 'version="1.0" encoding="klingon"'), "unknown encoding"),
    "without a mark": ({"my_arm.urdf": URDF.encode("utf-16-be")}, None),
    # F11: what a URDF may leave out, and what not
    "no link": ({"my_arm.urdf": '<robot name="x"/>'}, "my_arm.urdf: link: nothing is given; .* one link at least"),
    "limit twice": (urdf(LIMIT, LIMIT + LIMIT), "joint shoulder: '<limit>' .* twice; leave one"),
    "axis twice": (urdf('<axis xyz="0 1 0"/>', '<axis xyz="0 1 0"/>' * 2), "joint shoulder: '<axis>' .* twice"),
    "mass twice": (urdf('<mass value="0.2"/>', '<mass value="0.2"/>' * 2), "link upper_arm: '<inertial/mass>'"),
    "upper left out": (
        urdf('lower="-1.9" upper="1.9"', 'lower="0.1"'),
        r"\[0.1, 0.0\] .* 0 where left out",
    ),
    "only lower": (urdf('lower="-1.9" upper="1.9"', 'lower="-1.9"'), None),
    # F4: meshes
    "git lfs": (urdf(ROD, MESH) | {"a.stl": "version https://git-lfs.github.com/spec/v1\n"}, "run git lfs pull"),
    "a page": (urdf(ROD, MESH) | {"a.stl": "<html>404</html>"}, "link upper_arm: mesh: 'a.stl' .* no triangles"),
    "another format": (
        urdf(ROD, MESH.replace("stl", "step")) | {"a.step": "ISO-10303-21;"},
        "formats of meshes are .stl, .obj, .dae",
    ),
    "from the web": (urdf(ROD, '<mesh filename="https://a.b/a.stl"/>'), "name it by package://"),
    # F12: digits
    "pose by a digit": (
        poses("park: {shoulder: -108.863 deg, elbow: 2 rad}"),
        r"-1.9000 to .* \(-108.862 to",
    ),
    "fixed by a digit": (
        {"servos.yaml": SERVOS.partition("  elbow")[0] + "  elbow: {fixed: 137.51 deg}\n"},
        r"joints.elbow.fixed: '137.51 deg' .* -2.4000 to 2.4000 rad \(-137.5 to 137.5 deg\)",
    ),
    "range by a digit": (servos(ID, f"{ID} range: [1.90001 rad, 3 rad],"), "-1.9000 to 1.9000 rad"),
    # F14: traps of YAML
    "0o17": (servos(ID, "id: 0o17,"), "line 4: '0o17' .* write 15"),
    "0b11": (servos(ID, "id: 0b11,"), "write a decimal number"),
    "1_1": (servos(ID, "id: 1_1,"), "write 11"),
    "+07": (servos(ID, r"id: +07,"), r"write \+7"),
    "1:1": (servos("1 rad/rad", "1:1"), "to the base 60"),
    "1e0": (servos(ID, "id: 1e0,"), "1.0 .* a whole number"),
    "date": (servos(ID, "id: 2024-01-01,"), "no valid timestamp"),
    "yes": (servos("elbow:", "yes:"), "joints.yes: 'yes' .* joints of 'my_arm' are shoulder, elbow"),
    "~": (servos("elbow:", "~:"), "joints.~: '~'"),
    "twice": (servos("elbow:", "shoulder:"), "line 5: 'shoulder stands twice'"),
    "pose twice": (poses(POSES + POSES), "poses.yaml, line 3: 'park stands twice'"),
    # F15 and smaller: servos
    "small letters": (servos("XM430-W350", "xm430-w350"), r"did you mean XM430-W350"),
    "half a name": (servos("XM430-W350", "XM430"), r"did you mean XM430-W\d50"),
    "as printed": (servos("XM430-W350", "XM430-W350-R"), None),
    "hardly a turn": (servos("1 rad/rad", "1e-9 rad/rad"), "reduction: 1e-09 .* limits are 0 steps of the servo"),
    "no servo": (
        {
            "servos.yaml": SERVOS.partition("joints")[0]
            + "joints: {shoulder: {fixed: 0 deg}, elbow: {fixed: 0 deg}}"
        },
        "servos.yaml: joints: .* one joint at least needs a servo",
    ),
    "no joints": ({"servos.yaml": BUS + "joints: {}"}, "write shoulder: {fixed: 0 deg}"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_in_a_file_is_one_line(tmp_path, case):
    files, told = WRONG[case]
    folder = write_arm(tmp_path / "my_arm", files)
    paths = [folder / name for name in ("my_arm.urdf", "servos.yaml", "poses.yaml")]
    if told is None:
        read_robot(*paths)
        return
    with pytest.raises(ConfigError, match=told) as refused:
        read_robot(*paths)
    [line] = str(refused.value).splitlines()
    assert next(iter(files)) in line


NAMES = ["joint-1", "arm.joint1", "1", "gelenk_ä", "arm/elbow", "true", "_", "💪", "floor", "world", "payload"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_joint_or_a_link_serves(tmp_path, name):
    files = {
        "my_arm.urdf": URDF.replace('"elbow"', f'"{name}"').replace('"forearm"', f'"{name}"'),
        "servos.yaml": SERVOS.replace("elbow:", f'"{name}":'),
        "poses.yaml": POSES.replace("elbow:", f'"{name}":'),
    }
    folder = write_arm(tmp_path / "my_arm", files)
    read = read_robot(*(folder / file for file in files))
    assert read.arm.driven[1].name == name
    assert read.poses["park"][name] == pytest.approx(2.3911, abs=1e-4)
