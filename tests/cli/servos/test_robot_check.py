"""What `armature check` says of a robot's files: the refusals of a start, before anything is started."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from armature.cli import main
from armature.cli.servos import check
from armature.cli.servos.robot_check import check_way
from armature.core.model.urdf import read_urdf
from armature.dynamixel.commissioning.inspection import Verdict
from armature.robots import find_robot


@pytest.fixture
def robot(tmp_path, monkeypatch):
    """Files of an arm of one's own, and what `armature check` without an adapter says of them."""
    monkeypatch.setattr(check, "stable_names", list)
    shipped = find_robot("armature6")
    files = {}
    for name in ("urdf", "wiring", "poses"):
        files[name] = tmp_path / getattr(shipped, name).name
        files[name].write_text(getattr(shipped, name).read_text("utf-8"))

    def found(*_, **__):
        return replace(shipped, **files, wiring_text=files["wiring"].read_text("utf-8"))

    monkeypatch.setattr(check, "chosen_robot", found)
    return SimpleNamespace(**files)


def findings(capsys, code):
    assert main.main(["check", "--json"]) == code
    return {item["subject"]: item for item in json.loads(capsys.readouterr().out)["findings"]}


def test_without_a_device_the_files_alone_are_checked_and_that_is_told(robot, capsys):
    found = findings(capsys, 0)
    assert found["files"]["verdict"] == "OK"
    assert "name a device: --port DEV" in found["servos"]["remedy"]


def test_a_wiring_that_nobody_has_confirmed_is_told_with_the_command(robot, capsys):
    robot.wiring.write_text(robot.wiring.read_text("utf-8").replace("id: 3\n", "id: 33\n"))
    wiring = findings(capsys, 0)["wiring"]
    assert "every motion is a tenth as fast" in wiring["detail"]
    assert "armature calibrate" in wiring["remedy"]


def _without_park(robot):
    robot.poses.write_text(robot.poses.read_text("utf-8").replace("park:\n", "rest:\n", 1))
    return "parameter park_pose: 'park' cannot be used; poses are rest, home"


def _without_unit(robot):
    robot.poses.write_text(robot.poses.read_text("utf-8").replace("elbow: 60 deg", "elbow: 60", 1))
    return "write a number and a unit"


def _without_joint(robot):
    robot.poses.write_text(robot.poses.read_text("utf-8").replace("  elbow: 60 deg\n", "", 1))
    return "elbow"


def _beyond_range(robot):
    text = robot.wiring.read_text("utf-8").replace("id: 2\n", "id: 2\n    range: [-90 deg, 60 deg]\n", 1)
    robot.wiring.write_text(text)
    return "shoulder would be at -1.74533, its limits are -1.5708 to"


def _folded_into_itself(robot):
    text = robot.poses.read_text("utf-8")
    robot.poses.write_text(
        text.replace("shoulder: -100 deg\n  elbow: 60 deg", "shoulder: 95 deg\n  elbow: 60 deg", 1)
    )
    return "overlap there by"


def _beyond_the_urdf(robot):
    robot.poses.write_text(robot.poses.read_text("utf-8").replace("elbow: 60 deg", "elbow: 260 deg", 1))
    return "park.elbow: '260 deg' cannot be used; the URDF allows"


def _missing(robot):
    robot.poses.unlink()
    return "poses file"


@pytest.mark.parametrize(
    "spoil",
    [
        _without_park,
        _without_unit,
        _without_joint,
        _beyond_the_urdf,
        _beyond_range,
        _folded_into_itself,
        _missing,
    ],
)
def test_poses_that_a_start_would_refuse_are_refused_here_too(robot, capsys, spoil):
    told = spoil(robot)
    assert told in findings(capsys, 1)["poses"]["detail"]


def test_a_refused_park_pose_names_what_lets_parts_touch(robot, capsys):
    _folded_into_itself(robot)
    assert "disable_collisions in an SRDF beside the URDF" in findings(capsys, 1)["poses"]["detail"]


def test_a_pose_in_which_parts_overlap_is_warned_of(robot, capsys):
    text = robot.poses.read_text("utf-8")
    folded = text.replace("shoulder: -20 deg\n  elbow: 40 deg", "shoulder: 95 deg\n  elbow: 60 deg", 1)
    robot.poses.write_text(folded)
    found = findings(capsys, 0)["poses"]
    assert found["verdict"] == "WARNING"
    assert found["detail"].startswith("pose home: ")
    assert "no move leads there" in found["remedy"]


def test_a_pose_that_the_servos_do_not_hold_is_warned_of(robot, capsys):
    robot.wiring.write_text(robot.wiring.read_text("utf-8").replace("XM540-W270", "XL430-W250"))
    found = findings(capsys, 0)["poses"]
    assert found["verdict"] == "WARNING"
    assert re.match(r"pose \w+: \w+ carries \d\.\d\d N·m there, its servos give 1\.40 at most", found["detail"])


def test_a_pose_that_leaves_out_the_gripper_is_taken(robot, capsys):
    robot.poses.write_text(re.sub(r"\n *gripper: .*", "", robot.poses.read_text("utf-8")))
    assert "gripper" not in robot.poses.read_text("utf-8")
    assert findings(capsys, 0)["files"]["verdict"] == "OK"


def test_a_mesh_that_is_not_there_is_refused_as_at_the_start(robot, capsys):
    urdf = robot.urdf.read_text("utf-8")
    mesh = '<mesh filename="package://nowhere/arm.stl"/>'
    robot.urdf.write_text(
        re.sub(r"(<collision>.*?<geometry>)\s*<\w+ [^>]*/>", rf"\1{mesh}", urdf, count=1, flags=re.S)
    )
    assert main.main(["check"]) == 1
    assert "package://nowhere/arm.stl" in capsys.readouterr().err


def test_a_continuous_joint_is_checked_like_any_other(robot, capsys):
    urdf = robot.urdf.read_text("utf-8")
    robot.urdf.write_text(urdf.replace('name="waist" type="revolute"', 'name="waist" type="continuous"'))
    assert 'type="continuous"' in robot.urdf.read_text("utf-8")
    assert findings(capsys, 0)["files"]["verdict"] == "OK"


BAR = """<robot name="bar"><link name="base"/><link name="bar">
<inertial><mass value="1"/><inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial>
<collision><origin xyz="0.3 0 0"/><geometry><box size="0.5 0.02 0.02"/></geometry></collision></link>
<joint name="swing" type="revolute"><parent link="base"/><child link="bar"/><origin xyz="0 0 0.2"/>
<axis xyz="0 1 0"/><limit lower="-3" upper="3" velocity="3" effort="20"/></joint></robot>"""


@pytest.mark.parametrize(
    ("stands", "subject", "told"),
    [
        (0.1, "park", "the straight way from here to park is free"),
        (3.0, "park", "bar would meet floor at"),
        (0.6, "collision", "bar and floor overlap by"),
    ],
)
def test_what_keeps_an_arm_from_parking_is_told_before_it_is_enabled(tmp_path, stands, subject, told):
    (tmp_path / "poses.yaml").write_text("park: {swing: 0 rad}")
    robot, given = SimpleNamespace(poses=tmp_path / "poses.yaml"), {"park_pose": "park"}
    found = {each.subject: each for each in check_way(robot, read_urdf(BAR), given, {"swing": stands})}
    assert told in found[subject].detail
    assert found[subject].verdict is (Verdict.OK if stands == 0.1 else Verdict.WARNING)
