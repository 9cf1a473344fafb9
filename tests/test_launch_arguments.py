"""Arguments of the launch files: unknown ones are refused, a robot's files are read first."""

from __future__ import annotations

import pytest

from armature.errors import ConfigError
from armature.launch_arguments import (
    is_true,
    log_arguments,
    named_processes,
    refuse_unknown,
    require_usable,
    robot_arguments,
    whole_namespace,
)
from armature.robots import find_robot
from armature.share import share_folder

OURS = ("ros2", "launch", "armature", "arm.launch.py")
KNOWN = ("port", "robot")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("prot:=/dev/ttyUSB0", "launch argument prot: '/dev/ttyUSB0' cannot be used; arguments are port, robot"),
        ("use_sim_time:=true", "use_sim_time: 'true' cannot be used; time is simulated with port:=gazebo alone"),
    ],
)
@pytest.mark.parametrize("command", [OURS, ("ros2", "launch", str(share_folder() / "launch" / "arm.launch.py"))])
def test_an_argument_that_the_file_does_not_have_is_refused(command, word, said):
    with pytest.raises(ConfigError) as caught:
        refuse_unknown("arm.launch.py", (*command, "robot:=armature6", word), KNOWN)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "command",
    [
        (*OURS, "port:=a:=b", "--noninteractive"),
        ("ros2", "launch", "cell", "arm.launch.py", "rviz:=true"),
        ("ros2", "launch", "cell", "cell.launch.py", "rviz:=true"),
        ("pytest",),
    ],
)
def test_arguments_of_a_file_that_includes_ours_are_its_own(command):
    refuse_unknown("arm.launch.py", command, KNOWN)


def test_a_robot_is_named_with_the_same_words_as_on_the_command_line():
    given = {
        "robot": "open_manipulator_x",
        "wiring": "",
        "urdf": "",
        "poses": "",
        "params_file": "",
        "xacro_args": "",
    }
    assert find_robot(**robot_arguments(given.__getitem__)) == find_robot("open_manipulator_x")
    given["xacro_args"] = "side:=left name:='arm one'"
    assert robot_arguments(given.__getitem__)["xacro_arguments"] == ["side:=left", "name:=arm one"]
    given["xacro_args"] = "name:='arm"
    with pytest.raises(ConfigError, match=r"xacro_args: .* cannot be used; close what you have opened"):
        robot_arguments(given.__getitem__)


@pytest.mark.parametrize("name", ["urdf", "wiring", "poses"])
def test_files_that_cannot_be_used_are_refused_before_anything_starts(tmp_path, name):
    (tmp_path / "bad.urdf").write_text("- nonsense")
    with pytest.raises(ConfigError, match=r"bad\.urdf"):
        require_usable(find_robot("armature6", **{name: str(tmp_path / "bad.urdf")}))


@pytest.mark.parametrize(
    ("pushed", "own", "whole"),
    [
        ("", "", ""),
        ("", "left", "left"),
        ("/cell", "", "cell"),
        ("/cell", "left", "cell/left"),
        ("/cell", "/left", "left"),
    ],
)
def test_the_namespace_is_that_of_the_nodes(pushed, own, whole):
    assert whole_namespace({"ros_namespace": pushed} if pushed else {}, own) == whole


def test_a_log_level_is_one_that_ros_knows():
    assert log_arguments("") == []
    assert log_arguments("debug") == ["--log-level", "debug"]
    with pytest.raises(ConfigError, match="log_level: 'loud' cannot be used; levels are debug, info"):
        log_arguments("loud")


def test_only_processes_of_the_graph_can_be_named():
    names = ["emulator", "monitor", "recorder"]
    assert named_processes("", names) == names
    assert named_processes("monitor, recorder", names) == ["monitor", "recorder"]
    with pytest.raises(
        ConfigError, match="only: 'montior' cannot be used; processes are emulator, monitor, recorder"
    ):
        named_processes("montior", names)


def test_yes_and_no_are_written_as_true_and_false():
    assert [is_true("gui", word) for word in ("true", "True", "false")] == [True, True, False]
    with pytest.raises(ConfigError, match="gui: 'yes' cannot be used; write true or false"):
        is_true("gui", "yes")


def test_a_namespace_that_ros_refuses_is_refused_before_anything_starts():
    with pytest.raises(ConfigError, match="namespace: 'my-arm' cannot be used; write letters, digits and _"):
        whole_namespace({}, "my-arm")
