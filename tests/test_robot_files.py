"""The files of a robot: its own, those of a user in their place, and what is refused."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from armature import robots
from armature.errors import ConfigError


def test_an_unknown_robot_is_refused_with_those_known():
    with pytest.raises(ConfigError, match="armature6, open_manipulator_x"):
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
