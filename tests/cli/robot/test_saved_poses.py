"""`armature pose`: the arm's place as a pose in its user's file, checked as that is when it is read."""

from __future__ import annotations

import json
import os
import stat
from contextlib import contextmanager
from pathlib import Path

import pytest
from rcl_interfaces.srv import GetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState

from armature.cli.main import main
from armature.cli.robot import saved_poses
from armature.cli.robot.pose_text import with_pose
from armature.client import connection
from armature.nodes.common.robot_files import NamedPoses, read_given_arm

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "config" / "poses.yaml"
URDF, WIRING = ROOT / "urdf" / "armature6.urdf", ROOT / "config" / "servos.yaml"
ARM, _ = read_given_arm(URDF, WIRING)
LOOK = {"waist": 0.1, "shoulder": -0.3, "elbow": 0.6, "forearm_roll": 0.0, "wrist_pitch": -0.2, "wrist_roll": 0.5}
LOOK |= {"gripper": 0.02}


class Graph:
    """Stands in for the arm controller and the joint states of a graph."""

    def __init__(self, poses):
        self.parameters = {"urdf": str(URDF), "wiring": str(WIRING), "poses": str(poses), "park_pose": "park"}
        self.parameters["checks.allowed_pairs"] = [""]
        self.places = dict(LOOK)
        self.speeds = dict.fromkeys(LOOK, 0.0)

    @contextmanager
    def connect(self, _command, _namespace):
        yield self

    def call(self, service, request):
        assert service.kind is GetParameters
        values = [Parameter(name, value=self.parameters[name]).get_parameter_value() for name in request.names]
        return GetParameters.Response(values=values)

    def wait_until(self, condition, _seconds):
        return condition()

    def subscribe(self, _topic, callback):
        names = list(self.places)
        speeds = [self.speeds[name] for name in names]
        callback(JointState(name=names, position=list(self.places.values()), velocity=speeds))


@pytest.fixture
def make_graph(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def make(poses):
        graph = Graph(poses)
        monkeypatch.setattr(connection, "connect", graph.connect)
        return graph

    return make


@pytest.fixture
def file(tmp_path):
    """A user's own file."""
    file = tmp_path / "poses.yaml"
    file.write_text(SHIPPED.read_text("utf-8"), "utf-8")
    file.chmod(0o640)
    return file


@pytest.fixture
def graph(make_graph, file):
    return make_graph(file)


def test_the_place_of_the_arm_is_saved_behind_what_stands_there_and_can_be_used_at_once(graph, file, capsys):
    before, live = file.read_text(), NamedPoses(file, ARM)
    assert main(["pose", "save", "look"]) == 0
    said = capsys.readouterr()
    assert said.out == f"saved pose look in {file}; go there with: armature move look\n"
    assert file.read_text().startswith(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert live.refresh()
    assert live["look"] == pytest.approx(LOOK, abs=2e-5)
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_a_name_that_is_taken_is_replaced_on_demand_alone(graph, file, capsys):
    before = file.read_text()
    assert main(["pose", "save", "home"]) == 1
    assert "pose home refused: there is one of this name; --force replaces it" in capsys.readouterr().err
    assert file.read_text() == before
    assert main(["pose", "save", "home", "--force"]) == 0
    assert NamedPoses(file, ARM)["home"] == pytest.approx(LOOK, abs=2e-5)
    assert "# Ready to work, tool forward." in file.read_text()


def test_the_pose_in_which_it_parks_counts_for_parking_from_the_next_start_on_and_that_is_told(graph, capsys):
    assert main(["pose", "save", "park", "--force"]) == 0
    assert (
        "the arm parks there from the next start on: armature restart servo_interface" in capsys.readouterr().out
    )


@pytest.mark.parametrize("name", ["2nd", "a b", "-x", "up/down", "", "x" * 41, "a:b", "né\n"])
def test_what_is_no_name_is_refused(graph, file, capsys, name):
    before = file.read_text()
    assert main(["pose", "save", "--", name]) == 1
    assert "write a letter, then up to 39 letters, digits, _ and -" in capsys.readouterr().err
    assert file.read_text() == before


def test_joints_that_are_not_read_are_named(graph, capsys):
    del graph.places["elbow"], graph.places["gripper"]
    assert main(["pose", "save", "look"]) == 1
    assert "pose look refused: no reading of elbow, gripper; see why: armature status" in capsys.readouterr().err


def test_an_arm_that_moves_has_no_place(graph, capsys):
    graph.speeds["waist"] = -0.3
    assert main(["pose", "save", "look"]) == 1
    assert "waist moves at 0.30 rad/s; save it once the arm rests" in capsys.readouterr().err


def test_a_joint_that_rests_on_its_stop_is_at_its_limit_and_one_beyond_is_refused(graph, file, capsys):
    limit = ARM.limit("waist")
    graph.places["waist"] = limit.upper + 0.01 * limit.span
    assert main(["pose", "save", "stop"]) == 0
    assert NamedPoses(file, ARM)["stop"]["waist"] == pytest.approx(limit.upper, abs=2e-5)
    graph.places["waist"] = limit.upper + 0.03 * limit.span
    assert main(["pose", "save", "beyond"]) == 1
    assert "waist is at" in (told := capsys.readouterr().err)
    assert "bring it into its range first" in told


def test_a_pose_whose_parts_overlap_is_refused_with_the_parts(graph, file, capsys):
    graph.places |= {"shoulder": 1.7, "elbow": 1.0, "wrist_pitch": 1.5}
    before = file.read_text()
    assert main(["pose", "save", "folded"]) == 1
    assert "overlap there by" in capsys.readouterr().err
    assert file.read_text() == before


def test_a_program_reads_what_was_done_and_what_not(graph, file, capsys):
    assert main(["pose", "save", "look", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["done"], told["file"]) == (True, str(file))
    assert main(["pose", "save", "look", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["done"]
    assert told["message"].startswith("pose look refused: there is one")
    assert main(["pose", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["poses"]["look"] == pytest.approx(LOOK, abs=2e-5)


def test_poses_are_listed_and_removed(graph, file, capsys):
    before = file.read_text()
    assert main(["pose", "save", "look"]) == main(["pose", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "look"
    assert main(["pose", "remove", "look"]) == 0
    assert capsys.readouterr().out == f"removed pose look from {file}\n"
    assert file.read_text() == before
    assert main(["pose", "remove", "look"]) == 1
    assert "there is no such pose; poses are park, home" in capsys.readouterr().err
    assert main(["pose", "remove", "park"]) == 1
    assert "the arm parks in it" in capsys.readouterr().err


def test_of_an_arm_that_ships_the_pose_goes_into_the_users_own_file_and_over_those_that_ship(
    make_graph, tmp_path, capsys
):
    make_graph(SHIPPED)
    shipped, own = SHIPPED.read_text(), tmp_path / "config" / "armature" / "poses" / "armature6.yaml"
    live = NamedPoses(SHIPPED, ARM)
    assert main(["pose", "save", "look"]) == 0
    assert f"saved pose look in {own}; " in capsys.readouterr().out
    assert main(["pose", "save", "home", "--force"]) == 0
    assert live.refresh()
    assert live["look"] == live["home"] == pytest.approx(LOOK, abs=2e-5)
    assert "up" in live
    assert SHIPPED.read_text() == shipped
    capsys.readouterr()
    assert main(["pose", "remove", "up"]) == 1
    assert "it ships with the arm" in capsys.readouterr().err
    assert main(["pose", "remove", "home"]) == main(["pose", "remove", "look"]) == 0
    assert "the one that ships counts again" in capsys.readouterr().out
    assert not own.exists()
    assert live.refresh()
    assert "look" not in live


def test_what_somebody_has_written_meanwhile_is_not_lost(graph, file, capsys, monkeypatch):
    def edited(text, *given):
        file.write_text(text + "# mine\n")
        return with_pose(text, *given)

    monkeypatch.setattr(saved_poses, "with_pose", edited)
    assert main(["pose", "save", "look"]) == 1
    assert "a file that has changed meanwhile" in capsys.readouterr().err
    assert file.read_text().endswith("# mine\n")
    assert "look" not in NamedPoses(file, ARM)


def test_a_folder_that_cannot_be_written_is_told(graph, file, capsys):
    file.parent.chmod(0o500)
    try:
        code = main(["pose", "save", "look"])
    finally:
        file.parent.chmod(0o700)
    if os.getuid():  # to root nothing is forbidden
        assert code == 1
        assert "nothing was saved; the file and its folder must be writable" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["save"], ["remove"], ["list", "home"], ["move", "home"], []])
def test_wrong_use_ends_with_2(graph, capsys, words):
    try:
        code = main(["pose", *words])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert "error" in capsys.readouterr().err
