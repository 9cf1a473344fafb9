"""A parameter file says what it sets, or is refused with the line."""

from __future__ import annotations

import math
from typing import Any

import pytest

from armature.core.model.parameter_file import misspelt_nodes, read_parameters, read_value, value_for
from armature.errors import ConfigError, nearest

NODES = ("servo_interface", "arm_controller", "gripper_controller")
SERVOS = "/servo_interface"


def given(text: str, node: str = SERVOS) -> dict[str, Any]:
    """What counts for a node, by name."""
    found = read_parameters(text, "own.yaml", NODES)
    return {each.name: each.value for each in found if each.is_for(node)}


@pytest.mark.parametrize(
    ("pattern", "node", "is_for"),
    [
        ("/**", SERVOS, True),
        ("/**/servo_interface", SERVOS, True),
        ("/**/servo_interface", "/cell/left/servo_interface", True),
        ("servo_interface", SERVOS, True),
        ("/servo_interface", "/left/servo_interface", False),
        ("/left/servo_interface", "/left/servo_interface", True),
        ("/*/servo_interface", "/left/servo_interface", True),
        ("/*/servo_interface", SERVOS, False),
        ("/*", SERVOS, True),
        ("/*", "/left/servo_interface", False),
        ("/left/*", "/left/servo_interface", True),
        ("/left/**", "/left/inner/servo_interface", True),
        ("/**/arm_controller", SERVOS, False),
    ],
)
def test_names_of_nodes_match_as_in_ros(pattern: str, node: str, is_for: bool):
    assert bool(given(f"{pattern}: {{ros__parameters: {{rate: 50.0}}}}", node)) is is_for


def test_namespaces_and_parameters_may_be_nested():
    text = "left: {servo_interface: {ros__parameters: {faults: {load: {time: 2.0}}, faults.park_time: 9}}}"
    assert given(text, "/left/servo_interface") == {"faults.load.time": 2.0, "faults.park_time": 9}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("5.0", 5.0),
        ("1e3", 1000.0),
        ("1.0e-05", 1e-5),
        (".5", 0.5),
        (".inf", math.inf),
        ("true", True),
        ("on", True),
        ("No", False),
        ('"on"', "on"),
        ("'5'", "5"),
        ("park", "park"),
        ('""', ""),
        ("[1, 2]", (1, 2)),
        ('["a b", ""]', ("a b", "")),
        ("[]", ()),
    ],
)
def test_values_have_the_types_of_ros(text: str, value: object):
    found = given(f"{SERVOS}: {{ros__parameters: {{x: {text}}}}}")["x"]
    assert found == value
    assert type(found) is type(value)
    assert read_value(text, "-p x") == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rate: 5", r"line 1: /rate: 5 .*ros__parameters is missing; write it as NODE"),
        (
            "/**/servo_interface: {rate: 5.0}",
            r"line 1: /\*\*/servo_interface/rate: 5.0 .*ros__parameters is missing",
        ),
        ("ros__parameters: {rate: 5.0}", r"line 1: 'ros__parameters' .*no node is named above it"),
        ("- 5", r"line 1: \[5\] .*ros__parameters is missing"),
        ("5", r"line 1: 5 .*ros__parameters is missing"),
        ("/servo_interface: {}", r"line 1: /servo_interface: {} .*ros__parameters is missing"),
        ("/servo_interface:", r"line 1: /servo_interface: '' .*ros__parameters is missing"),
        ("/servo_interface: {ros__parameters: }", r"ros__parameters: '' .*names with values"),
        ("/servo_interface: {ros__parameters: [1]}", r"ros__parameters: \[1\] .*names with values"),
        ("/servo_interface: {ros__parameters: {x: }}", r"line 1: parameter x: '' .*a value is needed"),
        ("/servo_interface: {ros__parameters: {x: ~}}", r"parameter x: '~' .*a value is needed"),
        ("/servo_interface: {ros__parameters: {x: [1, 2.0]}}", r"parameter x: \[1, 2.0\] .*of one type"),
        ("/servo_interface: {ros__parameters: {x: [[1]]}}", r"parameter x: .*a value, or a list"),
        ("/servo_interface: {ros__parameters: {x: 9223372036854775808}}", r"parameter x: .*64 bits"),
        ("/servo_interface: {ros__parameters: {x: 1, x: 2}}", "line 1: 'x stands twice'"),
        ("/servo_interface: {ros__parameters: {a: {b: 1}, a.b: 2}}", r"parameter a.b: 2 .*nested and with dots"),
        ("/servo_interface:\n  ros__parameters:\n    x: 010", r"line 3: '010' .*octal: write 10, or \"010\""),
        ("/servo_interface: {ros__parameters: {x: 12:30:00}}", r"'12:30:00' .*base 60"),
        ("/servo_interface: {ros__parameters: {x: 1_000}}", r"'1_000' .*write 1000"),
        ("/servo_interface: {ros__parameters: {x: 0x10}}", r"'0x10' .*decimal"),
        ("/servo_interface: {ros__parameters: {x: 2026-11-30}}", r"'2026-11-30' .*in quotes|\"2026-11-30\""),
        ("a: &b {ros__parameters: {x: 1}}\nc: *b", "line 2: .*aliases are not read"),
        ("/servo_interface: {ros__parameters: {use_sim_time: 'true'}}", "use_sim_time: 'true' .*without quotes"),
        ("/**/servo_interfce: {ros__parameters: {x: 1}}", r"line 1: node: .*did you mean servo_interface\?"),
        ("/**/camera: {ros__parameters: {x: 1}}", r"node: '/\*\*/camera' .*nodes are arm_controller, grip"),
        ("/servo interface: {ros__parameters: {x: 1}}", r"node: '/servo interface' .*letters, digits and _"),
        (
            "/servo_interface: {ros__parameters: {? [a, b] : 1}}",
            r"line 1: name of a parameter: \[a, b\] .*a text is needed",
        ),
        ("/servo_interface: {ros__parameters: {'': 1}}", r"line 1: name of a parameter: '' .*a text is needed"),
        ("[", "line 1: .*well-formed"),
    ],
)
def test_a_file_that_ros_takes_without_a_word_or_not_at_all_is_refused_with_its_line(text: str, told: str):
    with pytest.raises(ConfigError, match=told) as refused:
        read_parameters(text, "own.yaml", NODES)
    assert str(refused.value).startswith("own.yaml")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_sets_nothing(text: str):
    assert read_parameters(text, "own.yaml") == ()


def test_the_last_of_several_values_counts_whatever_their_types():
    first = read_parameters("/**/servo_interface: {ros__parameters: {x: 5}}", "first.yaml")
    last = read_parameters("/**:\n  ros__parameters: {x: 4.5}", "last.yaml")
    found = value_for([*first, *last], SERVOS, "x")
    assert found is not None
    assert (found.value, found.where) == (4.5, "last.yaml, line 2")
    assert value_for(first, SERVOS, "y") is None


def test_what_ros2_param_dump_writes_is_read():
    text = """/servo_interface:
  ros__parameters:
    elbow:
      contact: 0.0
      following_error: -1.0
    faults:
      overload:
        policy: stop
    port: /dev/ttyUSB0
    start_type_description_service: true
    state_folder: ''
    use_sim_time: false
"""
    found = given(text)
    assert found["faults.overload.policy"] == "stop"
    assert found["state_folder"] == ""
    assert found["use_sim_time"] is False


def test_of_many_known_names_only_some_are_told():
    many = [f"limits.joint{number}.velocity" for number in range(100)]
    assert len(nearest("something_else_altogether", many)) < 400
    assert nearest("rait", ["rate", "latency", *many]) == "did you mean rate?"


def test_the_nearest_name_alone_is_told_or_two_that_are_equally_near():
    joints = [f"constraints.{joint}.goal" for joint in ("elbow", "shoulder", "waist", "wrist_pitch")]
    others = [f"faults.{number}" for number in range(9)]
    assert nearest("constraints.elbo.goal", [*joints, *others]) == "did you mean constraints.elbow.goal?"
    assert nearest("joint_3", ["joint_1", "joint_2", "joint_4", *others]).count("joint_") == 2


def test_no_names_are_told_where_none_is_near():
    told = nearest("xyzzy", ["rate", "latency", *(f"faults.{number}" for number in range(9))])
    assert told == "no name is near it: leave it out (all parameters: docs/reference/robot_files.md)"


def test_a_node_that_is_unknown_is_told_with_the_line_of_its_block():
    text = (
        "/**/camera:\n  # a comment\n  ros__parameters:\n    deep:\n      width: 2\n"
        "left:\n  camera:\n    ros__parameters: {x: 1}\n"
    )
    with pytest.raises(ConfigError) as refused:
        read_parameters(text, "own.yaml", NODES)
    assert [part.where for part in refused.value.parts] == ["own.yaml, line 1: node", "own.yaml, line 7: node"]


def test_all_that_is_wrong_in_a_file_is_told_at_once():
    text = """/**/servo_interface:
  ros__parameters:
    x: ~
    x: 1
    y: 010
    z: [1, a]
    faults: {a: 1, a: 2, b: [[1]]}
/**/camera: {ros__parameters: {rate: 1, width: 2}}
/a b: {ros__parameters: {x: 1}}
"""
    with pytest.raises(ConfigError) as refused:
        read_parameters(text, "own.yaml", NODES)
    assert sorted(part.where for part in refused.value.parts) == [
        "own.yaml, line 3: parameter x",
        "own.yaml, line 4",
        "own.yaml, line 5",
        "own.yaml, line 6: parameter z",
        "own.yaml, line 7",
        "own.yaml, line 7: parameter faults.b",
        "own.yaml, line 8: node",
        "own.yaml, line 9: node",
    ]


@pytest.mark.parametrize("name", ["ros_parameters", "ros__parameter", "ros__params", "ros__Parameters"])
def test_a_misspelt_ros_parameters_is_told_as_that(name: str):
    with pytest.raises(ConfigError, match=r"line 1: /a: '.*did you mean ros__parameters\?") as refused:
        read_parameters(f"/a: {{{name}: {{x: 1, y: 2}}}}", "own.yaml")
    assert len(refused.value.parts) == 1


def test_a_block_without_ros_parameters_is_told_once_and_the_others_are_read():
    text = "/a: {x: 1, y: {z: 2}}\n/b: {ros__parameters: {x: }}"
    with pytest.raises(ConfigError) as refused:
        read_parameters(text, "own.yaml")
    assert [part.where for part in refused.value.parts] == [
        "own.yaml, line 1: /a/x",
        "own.yaml, line 2: parameter x",
    ]


def test_a_block_may_stand_in_pieces_as_in_ros_but_no_parameter_twice():
    text = "/**:\n  a: {ros__parameters: {x: 1}}\n/**:\n  a: {ros__parameters: {y: 2}}\n"
    assert given(text.replace("a:", "servo_interface:")) == {"x": 1, "y": 2}
    with pytest.raises(ConfigError, match=r"line 4: parameter x: 2 .*in two blocks"):
        read_parameters(text.replace("y:", "x:"), "own.yaml")


@pytest.mark.parametrize(
    ("name", "is_misspelt"),
    [
        ("servo_interfce", True),
        ("ARM_CONTROLLER", True),
        ("arm_controllers", True),
        ("gripper_controler", True),
        ("robot_state_publisher", False),
        ("left_arm_controller", False),
        ("move_group", False),
        ("joint_trajectory_controller", False),
        ("camera", False),
    ],
)
def test_another_programs_node_is_not_taken_for_one_that_is_misspelt(name: str, is_misspelt: bool):
    found = read_parameters(f"/**/{name}: {{ros__parameters: {{x: 1, y: 2}}}}", "own.yaml")
    assert len(misspelt_nodes(found, (*NODES, "state_publisher"))) == is_misspelt


@pytest.mark.parametrize(
    "text",
    ["//a: {x}", "a/: {x}", "/left: {/a: {x}}", "/**: {/a: {x}}", "/1a: {x}", "a//b: {x}", "/: {x}", "a b: {x}"],
)
def test_a_name_of_a_node_that_ros_cannot_parse_is_refused(text: str):
    with pytest.raises(
        ConfigError, match=r"node: '.*letters, digits and _, with one / behind each namespace"
    ) as told:
        read_parameters(text.replace("{x}", "{ros__parameters: {x: 1}}"), "own.yaml")
    assert len(told.value.parts) == 1
