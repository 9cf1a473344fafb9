"""Parameter files of ros2_control's users, and mistakes in files: everything at once, before anything starts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from armature.cli.graph import up
from armature.cli.main import main
from armature.cli.servos.start_check import require_startable
from armature.errors import ConfigError
from armature.launch_arguments import require_usable
from armature.robots import find_robot

FILES = Path(__file__).parent / "parameter_files"


def notes(name: str, namespace: str = "", robot: str = "") -> list[str]:
    """What is said of a file that is taken."""
    found = find_robot(robot, parameters=str(FILES / name), keeps_refused=True)
    return [note.removeprefix(f"{FILES / name}, ") for note in require_startable(found, namespace)]


def refused(name: str, robot: str = "") -> list[str]:
    """What is said of a file that is refused, a line each, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        notes(name, robot=robot)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{FILES / name}, line ") for line in lines), lines
    return [line.removeprefix(f"{FILES / name}, ") for line in lines]


def lines_of(name: str, *words: str) -> list[int]:
    """Where these words stand in a file."""
    text = (FILES / name).read_text("utf-8").splitlines()
    return [number for number, line in enumerate(text, 1) if line.strip().startswith(words)]


def test_what_a_file_for_ros2_control_says_and_is_so_here_is_taken():
    assert notes("already_true.yaml") == []


def test_a_file_of_moveits_setup_assistant_is_taken_and_what_replaces_its_manager_is_told():
    (said,) = notes("moveit_setup_assistant.yaml")
    assert "line 2: no node of this graph is called /controller_manager; " in said
    assert "rate of /servo_interface" in said


def test_all_that_cannot_be_had_is_told_at_once_with_what_can():
    told = refused("not_to_be_had.yaml")
    leaves = [
        *("type", "joints", "command_joints", "command_interfaces", "state_interfaces", "state_interface"),
        *("command_interface", "interpolate_from", "open_loop", "set_last", "allow_traj", "action_monitor"),
        *("interpolation", "enable", "decelerate", "goal", "max_deceleration", "joint:", "max_effort", "max_vel"),
    ]
    assert [int(re.match(r"line (\d+)", line)[1]) for line in told] == lines_of("not_to_be_had.yaml", *leaves)
    said = "\n".join(told)
    for words in (
        r"joints: \[waist, shoulder\] cannot be used; the joints are .*leave it \['waist', 'shoulder', 'elbow'",
        r"command_interfaces: \[velocity\] .*; leave it \['position'\] or out",
        r"state_interfaces: \[position\] .* leave it \['position', 'velocity'\] or out",
        r"interpolate_from_desired_state: false .* begins at the set-point, .*; leave it true or out",
        r"interpolation_method: 'none' .*; leave it 'splines' or out",
        r"action_monitor_rate: 50.0 .* 20 times a second; leave it 20.0 or out",
        r"constraints.decelerate_on_cancel: false .*slows down within its limits; leave it true or out",
        r"constraints.goal_time: -1.0 .*finite and at least 0",
        r"max_deceleration_on_cancel: 90.0 .*limits.waist.acceleration is 4",
        r"constraints.gripper.goal: 0.1 .*/arm_controller has no such parameter",
        r"joint: 'left_finger' .*; leave it 'gripper' or out",
    ):
        assert re.search(words, said), words
    assert max(map(len, told)) < 300


def test_of_a_file_for_another_arm_of_ros2_control_only_what_no_controller_has_is_refused():
    (told,) = refused("open_manipulator.yaml", "open_manipulator_x")
    assert (
        "line 10: parameter interface_name: 'position' cannot be used; /arm_controller has no such parameter"
        in told
    )


def test_controllers_of_other_names_are_told_by_their_plugin_their_name_or_their_parameters():
    blocks = [
        re.match(r"line \d+: node: '/(\w+)' .*name the block /\*\*/(\w+);", line)
        for line in refused("controllers.yaml")
    ]
    assert [(block[1], block[2]) for block in blocks if block] == [
        ("left_arm", "arm_controller"),
        ("hand", "gripper_controller"),
        ("scaled_joint_trajectory_controller", "arm_controller"),
        ("robotiq", "gripper_controller"),
        ("tolerances", "arm_controller"),
    ]


def test_of_several_blocks_for_one_controller_only_one_is_told_to_take_its_name():
    told = [line for line in refused("controllers.yaml") if "node: '/left_arm'" in line]
    assert [line.partition("; its")[2] for line in told] == [
        " parameters are those of /arm_controller, as those of /scaled_joint_trajectory_controller, /tolerances "
        "are: only one of them may name the block /**/arm_controller; several arms: docs/howto/two_arms.md"
    ]


@pytest.mark.parametrize("is_so", [True, False])
def test_whether_an_angle_wraps_around_is_not_to_be_chosen(tmp_path, is_so):
    file = tmp_path / "gains.yaml"
    text = "/**/arm_controller: {ros__parameters: {gains: {waist: {angle_wraparound: VALUE}}}}"
    file.write_text(text.replace("VALUE", str(is_so).lower()))
    robot = find_robot(parameters=str(file), keeps_refused=True)
    if not is_so:
        assert require_startable(robot) == ()
        return
    with pytest.raises(ConfigError, match="servos count turns; leave it false or out"):
        require_startable(robot)


def test_what_counts_for_nothing_is_told_as_a_note():
    said = notes("counts_for_nothing.yaml")
    assert len(said) == 10
    for words in (
        r"line 3: parameter cmd_timeout: 3 s counts only for goals that lift the goal time \(-1\): constraints",
        r"line 4: parameter state_publish_rate: 50.0 counts for nothing; controller_state comes 20 times a second",
        r"line 5: parameter positions_upsampling.policy_frequency: 30 counts for nothing",
        r"line 7: parameter gains.waist.p: 100 counts for nothing; servos regulate themselves.*position_p_gain",
        r"line 10: parameter max_effort: 40.0 counts for nothing; without max_effort_interface",
    ):
        assert re.search(words, "\n".join(said)), words


def test_a_finger_whose_force_would_be_limited_for_other_gains_is_told():
    assert notes("gains_apart.yaml") == [
        "parameter gripper.position_p_gain: force is limited for another one "
        "(1280 of /gripper_controller, 900 of /servo_interface); give the same",
        "parameter gripper.position_i_gain: 5 brings back the torque that is taken away "
        "from a finger at an object; give 0",
    ]


def test_what_the_graph_gives_itself_is_told_with_where_it_is_given():
    said = sorted(notes("given_by_the_graph.yaml"), key=lambda note: int(note.split()[1].strip(":")))
    assert [note.partition("counts for nothing; ")[2] for note in said] == [
        "it is given by --http or http_port:=",
        "the graph gives its own",
        "it is given by --port or port:=",
        "it is given by checks.allowed_pairs of /arm_controller",
        "it is given by --wiring or wiring:=",
        "it is given by park_pose of /servo_interface",
    ]


def test_every_kind_of_mistake_is_told_at_once_each_in_its_line_with_what_was_meant():
    told = refused("one_of_each_mistake.yaml")
    expected = [
        r"line 3: parameter rait: 50.0 .*did you mean rate\?",
        r"line 4: parameter rate: '50' .*DOUBLE .*without quotes",
        r"line 5: parameter park_speed: 2.0 .*within 0 and 1",
        r"line 6: '010' .*octal",
        r"line 7: parameter use_sim_time: 'true' .*without quotes",
        r"line 8: node: '/\*\*/arm_controler' .*did you mean arm_controller",
        r"line 12: /\*\*/gripper_controller/goal_tolerance: 0.01 .*ros__parameters is missing",
        r"line 15: /\*\*/monitor: 'ros_parameters' .*did you mean ros__parameters\?",
        r"line 17: node: '/joint_trajectory_controller' .*name the block /\*\*/arm_controller",
        r"line 21: parameter constraints.joint_1.goal: 0.1 .*did you mean",
        r"line 22: parameter paylaod: 1.0 .*did you mean payload\?",
        r"line 28: parameter payload: 0.2 .*/arm_controller has: write it under /\*\*/arm_controller",
        r"line 29: parameter wrong_everywhere: 1 .*the graph has no such parameter",
        r"line 30: parameter limits.ankle.velocity: 1.0 .*joints are waist",
        r"line 33: parameter tool_frame: 'tool0' .*/arm_controller has: write it under",
    ]
    assert len(told) == len(expected), told
    for line, pattern in zip(told, expected, strict=True):
        assert re.search(pattern, line), line


def test_values_are_told_at_once_whichever_part_of_a_node_refuses_them():
    told = [
        re.match(r"line \d+: parameter ([\w.]+): ", line)[1] for line in refused("values_that_cannot_be_used.yaml")
    ]
    assert told == [
        *("max_missed_reads", "park_speed", "faults.temperature.policy", "faults.load.policy"),
        *("elbow.position_p_gain", "waist.position_p_gain", "free_drive.current", "free_drive.speed", "park_pose"),
        *("checks.margin", "checks.turn", "moves.blend", "moves.blend_distance", "tool_frame"),
        *("snapshot_seconds", "queue_bytes"),
    ]


def test_a_file_for_a_whole_robot_is_taken_and_what_others_read_is_told():
    said = notes("whole_robot.yaml")
    assert [note.partition(":")[0] for note in said] == [
        "line 9",
        "line 13",
        "line 16",
        "line 25",
        "line 29",
        "line 19",
    ]
    assert "no node of this graph is called /move_group" in said[0]
    assert "/left/servo_interface is no node of this graph, which has no namespace; /**/servo_interface" in said[5]


def test_in_a_namespace_blocks_without_one_are_told():
    said = notes("whole_robot.yaml", "left")
    assert (
        "/servo_interface is no node of this graph, whose namespace is /left; /**/servo_interface is" in said[-1]
    )
    assert not any("/left/servo_interface is no" in note for note in said)


def test_the_commands_tell_each_in_a_line_of_its_own(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("ARMATURE_RUNTIME", str(tmp_path))
    monkeypatch.setattr("armature.cli.servos.check.stable_names", lambda: ())
    file = str(FILES / "one_of_each_mistake.yaml")
    assert main(["check", "--params-file", file]) == 1
    assert capsys.readouterr().out.count(f"FAILURE  {file}, line ") == 15
    assert main(["up", "--params-file", file, "--http", "127.0.0.1:0"]) == 1
    shown = capsys.readouterr().err.splitlines()
    assert len([line for line in shown if line.startswith(f"error: {file}, line ")]) == 15
    assert main(["check", "--params-file", str(FILES / "counts_for_nothing.yaml")]) == 0
    assert capsys.readouterr().out.count("warning") >= 10


@pytest.mark.parametrize("require", [up._require_usable, require_usable])
def test_whoever_starts_the_graph_says_what_counts_for_nothing_and_goes_on(capsys, require):
    file = str(FILES / "counts_for_nothing.yaml")
    require(find_robot(parameters=file, keeps_refused=True), "left")
    said = capsys.readouterr().err.splitlines()
    assert len([line for line in said if line.startswith(f"note: {file}, line ")]) == 2
    assert "whose namespace is /left; /**/arm_controller" in said[0]
    require(find_robot(parameters=file, keeps_refused=True))
    assert capsys.readouterr().err.count("note: ") == 10


@pytest.mark.parametrize("require", [up._require_usable, require_usable])
def test_what_counts_for_nothing_is_told_beside_what_is_refused(capsys, monkeypatch, require, tmp_path):
    monkeypatch.setattr("armature.cli.servos.check.stable_names", lambda: ())
    file = tmp_path / "both.yaml"
    text = "/**/arm_controller:\n  ros__parameters: {rait: 1, state_publish_rate: 50.0}\n"
    file.write_text(f"{text}camera:\n  ros__parameters: {{x: 1}}\n")
    with pytest.raises(ConfigError, match="line 2: parameter rait"):
        require(find_robot(parameters=str(file), keeps_refused=True))
    said = capsys.readouterr().err
    assert "line 2: parameter state_publish_rate: 50.0 counts for nothing" in said
    assert "line 3: no node of this graph is called /camera" in said
    assert main(["check", "--params-file", str(file)]) == 1
    shown = capsys.readouterr().out
    assert (shown.count("FAILURE"), shown.count("line 3: no node"), shown.count("counts for nothing")) == (1, 1, 1)
