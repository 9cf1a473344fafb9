"""The files of a robot: its own, those of a user in their place, and what is refused."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from armature import robots
from armature.errors import ConfigError


def test_an_unknown_robot_is_refused_with_those_known():
    with pytest.raises(ConfigError, match="armature6, armature7, koch_follower, koch_leader, open_manipulator_x"):
        robots.find_robot("r2d2")


def test_a_wiring_file_of_ones_own_takes_the_place_of_the_robots(tmp_path, monkeypatch):
    (tmp_path / "own.yaml").touch()
    monkeypatch.chdir(tmp_path)
    robot = robots.find_robot("armature6", "own.yaml")
    assert robot.wiring == tmp_path / "own.yaml"  # whatever folder the processes start in
    assert replace(robot, wiring=robots.find_robot("armature6").wiring) == robots.find_robot("armature6")


def test_a_wiring_file_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match=r"'nowhere.yaml' cannot be used; name a file that can be read"):
        robots.find_robot("armature6", "nowhere.yaml")


def test_files_that_are_no_text_are_refused():
    with pytest.raises(ConfigError, match=r"wiring file: .* cannot be used; name a file that can be read as text"):
        robots.find_robot("armature6", sys.executable)
    with pytest.raises(
        ConfigError, match=r"parameter file: .* cannot be used; name a file that can be read as text"
    ):
        robots.find_robot("armature6", parameters=sys.executable)


def test_parameters_of_ones_own_are_laid_over_the_robots(tmp_path, monkeypatch):
    (tmp_path / "left.yaml").touch()
    monkeypatch.chdir(tmp_path)
    robot = robots.find_robot("armature6", parameters="left.yaml")
    assert robot.parameters == (*robots.find_robot("armature6").parameters, tmp_path / "left.yaml")


def test_a_parameter_file_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match=r"parameter file: 'nowhere.yaml' cannot be used; name a file"):
        robots.find_robot("armature6", parameters="nowhere.yaml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rate: 50.0", "own.yaml, line 1: /rate: 50.0 .*ros__parameters is missing"),
        (
            "/**/servo_interfce: {ros__parameters: {rate: 50.0}}",
            r"own.yaml, line 1: node: .*mean servo_interface\?",
        ),
        ("- 1", "own.yaml, line 1"),
        ("[", "own.yaml, line 1: .*well-formed"),
        ("/**: {ros__parameters: {x: 010}}", "own.yaml, line 1: '010' .*octal"),
    ],
)
def test_a_parameter_file_that_ros_would_take_without_a_word_is_refused_before_anything_starts(
    tmp_path, monkeypatch, text, told
):
    (tmp_path / "own.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=told):
        robots.find_robot("armature6", parameters="own.yaml")


@pytest.mark.parametrize("name", robots.robot_names())
def test_every_robot_has_all_its_files(name):
    robot = robots.find_robot(name)
    assert all(file.is_file() for file in (robot.urdf, robot.wiring, robot.poses, *robot.parameters))


@pytest.mark.parametrize("name", robots.robot_names())
def test_a_robot_carries_the_text_of_its_wiring_file_with_its_line_ends(name, tmp_path):
    robot = robots.find_robot(name)
    assert robot.wiring_text == robot.wiring.read_text("utf-8")
    (tmp_path / "own.yaml").write_bytes(b"a: 1\r\n")
    assert robots.find_robot(name, str(tmp_path / "own.yaml")).wiring_text == "a: 1\r\n"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A robot in a folder of its owner's, whose path has a space and an umlaut."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mein größter arm"
    folder.mkdir()
    shipped = robots.find_robot("open_manipulator_x")
    for file, name in ((shipped.urdf, "omx.urdf"), (shipped.wiring, "servos.yaml"), (shipped.poses, "poses.yaml")):
        (folder / name).write_bytes(file.read_bytes())
    return folder


@pytest.mark.parametrize(
    "name", ["{}", "{}/", "{}/omx.urdf", "./{0.name}", "{0.name}/omx.urdf", "~/{0.name}", "link/"]
)
def test_a_robot_is_named_by_its_folder_or_its_urdf(own, monkeypatch, name):
    monkeypatch.setenv("HOME", str(own.parent))
    (own.parent / "link").symlink_to(own)
    robot = robots.find_robot(name.format(own))
    assert robot.name == "omx"
    assert robot.urdf.samefile(own / "omx.urdf")
    assert robot.wiring.samefile(own / "servos.yaml")
    assert robot.poses.samefile(own / "poses.yaml")
    assert all(path.is_absolute() for path in (robot.urdf, robot.wiring, robot.poses))
    assert robot.parameters == robots.find_robot("armature6").parameters[:1]


def test_a_folder_named_like_an_arm_that_ships_is_meant_by_its_path_alone(own):
    own.rename(own.parent / "open_manipulator_x")
    own = own.parent / "open_manipulator_x"
    assert robots.find_robot("open_manipulator_x").wiring.parent != own
    assert robots.find_robot("./open_manipulator_x").wiring.parent == own
    with pytest.raises(ConfigError, match=r"a folder or file of your own is written as a path, such as \./mine"):
        robots.find_robot("mine")


def test_a_robot_may_be_laid_out_as_a_ros_package(own):
    (own / "package.xml").write_text("<package><name>omx</name></package>")
    for name, file in (("urdf", "omx.urdf"), ("config", "servos.yaml"), ("config", "poses.yaml")):
        (own / name).mkdir(exist_ok=True)
        (own / file).rename(own / name / file)
    (own / "config" / "arm.yaml").write_text("/**:\n  ros__parameters: {}\n")
    robot = robots.find_robot(str(own))
    assert robot.urdf == own / "urdf" / "omx.urdf"
    assert (robot.wiring, robot.poses) == (own / "config" / "servos.yaml", own / "config" / "poses.yaml")
    assert robot.parameters[1:] == (own / "config" / "arm.yaml",)
    assert replace(robots.find_robot(str(robot.urdf)), name=robot.name) == robot


@pytest.mark.parametrize(
    ("title", "said"),
    [("servos.yaml", "write which servo turns which joint"), ("poses.yaml", "write its named poses, one of them")],
)
def test_no_robot_falls_back_to_files_of_another(own, title, said):
    (own / title).unlink()
    with pytest.raises(ConfigError, match=f"it has no {title}: {said}.* into {own / title}"):
        robots.find_robot(str(own))


def test_the_files_of_the_default_arm_are_not_those_of_a_urdf_beside_it():
    urdf = robots.find_robot("open_manipulator_x").urdf
    with pytest.raises(ConfigError, match=r"it has no servos.yaml"):
        robots.find_robot(str(urdf))


def test_each_file_may_stand_elsewhere(own):
    for name in ("omx.urdf", "servos.yaml", "poses.yaml"):
        (own / name).rename(own.parent / name)
    robot = robots.find_robot("", "servos.yaml", urdf="omx.urdf", poses="poses.yaml")
    assert (robot.urdf, robot.wiring, robot.poses) == tuple(
        own.parent / name for name in ("omx.urdf", "servos.yaml", "poses.yaml")
    )
    assert robots.find_robot(urdf="./omx.urdf") == robot
    with pytest.raises(ConfigError, match=r"poses file: 'nowhere.yaml' cannot be used"):
        robots.find_robot(urdf="./omx.urdf", poses="nowhere.yaml")


def test_a_xacro_file_is_expanded_with_the_arguments_given(own, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(own.parent / "cache"))
    head = '<robot name="omx" xmlns:xacro="http://www.ros.org/wiki/xacro"><xacro:arg name="hand" default="no"/>'
    (own / "omx.urdf").unlink()
    (own / "omx.urdf.xacro").write_text(f'{head}<link name="$(arg hand)_hand"/></robot>')
    robot = robots.find_robot(str(own), xacro_arguments=["hand:=left"])
    assert robot.name == "omx"
    assert '"left_hand"' in robot.urdf.read_text("utf-8")
    (own / "omx.urdf.xacro").rename(own / "omx.urdf")  # macros in a file that is called otherwise
    assert '"no_hand"' in robots.find_robot(str(own)).urdf.read_text("utf-8")


def test_arguments_for_a_plain_urdf_are_refused(own):
    with pytest.raises(ConfigError, match=r"xacro argument: 'hand:=left' .*omx.urdf is no xacro file"):
        robots.find_robot(str(own), xacro_arguments=["hand:=left"])
