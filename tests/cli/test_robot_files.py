"""Every command that takes --robot refuses files that it cannot use: one line that names the file."""

from __future__ import annotations

import os
import re

import pytest

from armature.cli.main import main
from armature.robots import find_robot

COMMANDS = {
    "up": ("up", "--http", "127.0.0.1:0"),
    "world": ("world",),
    "emulate": ("emulate", "--link", "/nowhere/bus"),
    "check": ("check", "--port", "/nowhere"),
    "setup": ("setup", "joint1", "--dry-run", "--port", "/nowhere"),
    "calibrate": ("calibrate", "--port", "/nowhere"),
}
LATIN = "größe: 1".encode("latin-1")
CONTENTS = {
    "latin-1": LATIN,
    "utf-16": "größe: 1".encode("utf-16"),
    "binary": bytes(range(256)),
}
NAMES = ("omx.urdf", "servos.yaml", "poses.yaml")
USED = [(command, name) for command in COMMANDS for name in NAMES]
USED_WHOLE = [pair for pair in USED if pair[0] in ("up", "world", "emulate") or pair[1] != "poses.yaml"]


@pytest.fixture
def robot(tmp_path, monkeypatch):
    """The folder of a robot whose files are all right."""
    monkeypatch.setenv("ARMATURE_RUNTIME", str(tmp_path / "runtime"))
    folder = tmp_path / "arm"
    folder.mkdir()
    shipped = find_robot("open_manipulator_x")
    for name, file in zip(NAMES, (shipped.urdf, shipped.wiring, shipped.poses), strict=True):
        (folder / name).write_bytes(file.read_bytes())
    return folder


def refusal(capfd, command, folder):
    assert main([*COMMANDS[command], "--robot", str(folder)]) == 1
    out, err = capfd.readouterr()
    [line] = err.splitlines()
    assert not out
    assert "Errno" not in line
    return line


@pytest.mark.parametrize(("command", "name"), USED)
@pytest.mark.parametrize("content", CONTENTS)
def test_a_file_that_is_no_text_is_named(robot, capfd, command, content, name):
    (robot / name).write_bytes(CONTENTS[content])
    assert name in refusal(capfd, command, robot)


@pytest.mark.parametrize(("command", "name"), USED_WHOLE)
def test_an_empty_file_is_named(robot, capfd, command, name):
    (robot / name).write_bytes(b"")
    assert name in refusal(capfd, command, robot)


@pytest.mark.parametrize(("command", "name"), USED)
def test_a_file_that_is_missing_or_a_folder_is_named(robot, capfd, command, name):
    (robot / name).unlink()
    if name == "omx.urdf":
        assert "put the arm's URDF into it" in refusal(capfd, command, robot)
        return
    assert f"into {robot / name}" in refusal(capfd, command, robot)
    (robot / name).mkdir()
    assert "Is a directory" in refusal(capfd, command, robot)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wiring_file_is_told_by_the_path_at_which_it_lies(robot, capfd, command):
    text = (robot / "servos.yaml").read_text("utf-8")
    (robot / "servos.yaml").write_text(text.replace("direction: 1", "direction: 2", 1), "utf-8")
    assert f"{robot / 'servos.yaml'}: joints.joint1.direction: 2 cannot be used" in refusal(capfd, command, robot)


@pytest.mark.parametrize("command", ["up", "world", "emulate"])
def test_a_body_that_cannot_be_is_refused_before_anything_starts(robot, capfd, command):
    urdf = (robot / "omx.urdf").read_text("utf-8")
    assert 'izz="1.93e-05"' in urdf
    (robot / "omx.urdf").write_text(urdf.replace('izz="1.93e-05"', 'izz="9"'), "utf-8")
    line = refusal(capfd, command, robot)
    assert "omx.urdf" in line
    assert "inertia" in line


@pytest.mark.parametrize("command", COMMANDS)
def test_parameters_that_are_no_text_are_named(robot, capfd, command):
    (robot / "arm.yaml").write_bytes(LATIN)
    assert str(robot / "arm.yaml") in refusal(capfd, command, robot)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_may_not_be_read_is_named(robot, capfd, name):
    (robot / name).chmod(0)
    assert "Permission denied" in refusal(capfd, "world", robot)


def test_a_park_pose_in_which_the_arm_touches_itself_is_refused_before_anything_starts(robot, capfd):
    file = robot / "poses.yaml"
    file.write_text(file.read_text("utf-8").replace("joint4: 0 rad", "joint4: 1.7 rad", 1), "utf-8")
    assert re.search(
        r"park_pose: 'park' .* overlap there by .* mm, so the arm could not park", refusal(capfd, "up", robot)
    )
