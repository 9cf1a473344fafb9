"""The variables of the graph's processes: ours where the user has none, the user's where there are."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path

import pytest

from armature import environment
from armature.environment import graph_environment

PROFILE = Path("/share/loopback.xml")
PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")


@pytest.mark.parametrize("base", [{}, {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}])
def test_dds_stays_on_this_machine_and_out_of_shared_memory(base):
    given = graph_environment(base, PROFILE)
    # Jazzy's rmw_fastrtps adds shared memory to LOCALHOST; the profile alone keeps to the loopback interface.
    assert given["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SYSTEM_DEFAULT"
    assert given[environment.profile_variable(base)] == str(PROFILE)


@pytest.mark.parametrize(("distro", "variable"), [("jazzy", 0), ("kilted", 1), ("lyrical", 1)])
def test_a_ros_installation_gets_the_name_that_its_fast_dds_knows(monkeypatch, distro, variable):
    def missing(_name):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "version", missing)
    assert environment.profile_variable({"ROS_DISTRO": distro}) == PROFILE_VARIABLES[variable]


@pytest.mark.parametrize("variable", PROFILE_VARIABLES)
def test_a_users_own_profile_is_kept(variable):
    given = graph_environment({variable: "mine.xml"}, PROFILE)
    assert given[variable] == "mine.xml"
    assert "ROS_AUTOMATIC_DISCOVERY_RANGE" not in given


def test_who_asks_for_the_network_gets_it():
    given = graph_environment({"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}, PROFILE)
    assert given["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SUBNET"
    assert not set(PROFILE_VARIABLES) & set(given)


def test_the_wheels_libraries_come_first_and_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(environment, "wheel_libraries", lambda: ["/venv/lib"])
    given = graph_environment({"LD_LIBRARY_PATH": "/opt/own/lib"}, PROFILE)
    assert given["LD_LIBRARY_PATH"].split(os.pathsep) == ["/venv/lib", "/opt/own/lib"]
    assert given["_ROS_WHEELS_BOOTSTRAP_COMPLETE"] == "1"


def test_a_ros_installations_library_path_is_left_alone(monkeypatch):
    monkeypatch.setattr(environment, "wheel_libraries", list)
    given = graph_environment({"LD_LIBRARY_PATH": "/opt/ros/jazzy/lib"}, PROFILE)
    assert given["LD_LIBRARY_PATH"] == "/opt/ros/jazzy/lib"
    assert "_ROS_WHEELS_BOOTSTRAP_COMPLETE" not in given


def test_the_base_is_not_changed():
    base = {"HOME": "/home/me"}
    graph_environment(base, PROFILE)
    assert base == {"HOME": "/home/me"}


def test_its_processes_import_nothing_from_the_folder_in_which_it_is_started(tmp_path):
    assert graph_environment({}, tmp_path)["PYTHONSAFEPATH"] == "1"


def test_no_process_has_threads_for_algebra_or_looks_for_a_window_system_unless_asked_to(tmp_path):
    given = graph_environment({"MUJOCO_GL": "egl"}, tmp_path)
    assert (given["OPENBLAS_NUM_THREADS"], given["MUJOCO_GL"]) == ("1", "egl")
