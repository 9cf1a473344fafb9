"""ROS packages by name: the robot's own, those of the environment, and its neighbours."""

from __future__ import annotations

import os

import pytest

from armature.description.packages import find_package
from armature.errors import ConfigError


def package(folder, name=None):
    folder.mkdir(parents=True)
    (folder / "package.xml").write_text(f"<package><name> {name or folder.name} </name></package>")
    return folder


def test_the_package_that_a_robot_lies_in_is_found_from_within(tmp_path):
    own = package(tmp_path / "checkout", "arm_description")
    (own / "urdf" / "small").mkdir(parents=True)
    assert find_package("arm_description", own / "urdf" / "small", {}) == own


def test_a_folder_without_a_manifest_is_the_package_of_its_name(tmp_path):
    own = tmp_path / "arm_description"
    (own / "urdf").mkdir(parents=True)
    assert find_package("arm_description", own / "urdf", {}) == own


def test_a_folder_whose_manifest_says_another_name_is_not_that_package(tmp_path):
    package(tmp_path / "arm_description", "other")
    with pytest.raises(ConfigError, match="package: 'arm_description' cannot be used"):
        find_package("arm_description", tmp_path, {})


def test_a_neighbour_is_found_by_the_name_in_its_manifest(tmp_path):
    own, other = package(tmp_path / "arm"), package(tmp_path / "checkout-2", "gripper_description")
    assert find_package("gripper_description", own / "urdf", {}) == other


def test_installed_packages_are_found(tmp_path):
    installed = package(tmp_path / "install" / "share" / "arm_description")
    environment = {"AMENT_PREFIX_PATH": f"{tmp_path / 'nowhere'}:{tmp_path / 'install'}"}
    assert find_package("arm_description", tmp_path / "robot", environment) == installed


def test_packages_of_a_folder_of_sources_are_found_at_any_depth(tmp_path):
    source = package(tmp_path / "src" / "repository" / "group" / "checkout", "arm_description")
    assert (
        find_package("arm_description", tmp_path / "robot", {"ROS_PACKAGE_PATH": str(tmp_path / "src")}) == source
    )


def test_the_robots_own_package_goes_before_an_installed_one_and_that_before_a_neighbour(tmp_path):
    own, neighbour = package(tmp_path / "ws" / "arm"), package(tmp_path / "ws" / "hand")
    installed = [package(tmp_path / "install" / "share" / name) for name in ("arm", "hand")]
    environment = {"AMENT_PREFIX_PATH": str(tmp_path / "install")}
    assert find_package("arm", own, environment) == own
    assert find_package("hand", own, environment) == installed[1]
    assert find_package("hand", own, {}) == neighbour


@pytest.mark.timeout(10)
def test_links_that_lead_back_do_not_hold_the_search_up(tmp_path):
    (tmp_path / "src" / "deep").mkdir(parents=True)
    for name in ("back", "again"):  # two of them double the ways at each level
        (tmp_path / "src" / "deep" / name).symlink_to(tmp_path / "src")
    with pytest.raises(ConfigError, match="nor in ROS_PACKAGE_PATH or AMENT_PREFIX_PATH; source its workspace"):
        find_package("nowhere", tmp_path / "robot", {"ROS_PACKAGE_PATH": str(tmp_path / "src")})


def test_a_linked_folder_is_found_around_its_true_place(tmp_path):
    own = package(tmp_path / "ws" / "arm_description")
    (own / "urdf").mkdir()
    (tmp_path / "mine").symlink_to(own / "urdf")
    assert find_package("arm_description", tmp_path / "mine", {}) == own


def test_folders_and_manifests_that_cannot_be_read_are_passed_by(tmp_path):
    (tmp_path / "ws" / "broken").mkdir(parents=True)
    (tmp_path / "ws" / "broken" / "package.xml").write_text("<package>")
    arm = package(tmp_path / "ws" / "checkout", "arm")
    assert find_package("arm", tmp_path / "ws" / "robot", dict(os.environ)) == arm


@pytest.mark.parametrize("encoding", ["shift_jis", "utf-32", "no-such"])
def test_manifests_in_an_encoding_that_cannot_be_read_are_passed_by(tmp_path, encoding):
    other = package(tmp_path / "ws" / "another")
    (other / "package.xml").write_text(f'<?xml version="1.0" encoding="{encoding}"?><package/>')
    arm = package(tmp_path / "ws" / "checkout", "arm")
    assert find_package("arm", tmp_path / "ws" / "robot", {}) == arm


@pytest.mark.parametrize("name", ["", ".", "..", "arm\0", "arm" * 2000])
def test_a_path_is_no_name(tmp_path, name):
    with pytest.raises(ConfigError, match="package: "):
        find_package(name, tmp_path, {"AMENT_PREFIX_PATH": str(tmp_path)})


def test_a_manifest_that_is_a_pipe_is_passed_by(tmp_path):
    (tmp_path / "robot").mkdir()
    os.mkfifo(tmp_path / "robot" / "package.xml")
    with pytest.raises(ConfigError, match="it is not around"):
        find_package("arm", tmp_path / "robot", {})
