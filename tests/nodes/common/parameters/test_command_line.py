"""What a command line gives reaches the nodes as it stands, where rclpy alone would take another value."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import rclpy
from rclpy.parameter import Parameter

from armature.errors import ConfigError
from armature.nodes.common.parameters.command_line import note_given, read_command_line
from armature.nodes.common.parameters.parameters import read, refuse_unknown


@dataclass(frozen=True)
class Settings:
    """Of a node of this test."""

    payload: float = 0.0  # at the tool [kg]
    rate: float = 100.0  # of the loop [Hz]
    count: int = 1  # of servos


@pytest.fixture
def node_of():
    """A node as a process of this command line makes it."""
    made = []

    def make(*words, name="servo_interface", namespace="/left"):
        context = rclpy.Context()
        given = read_command_line(["program", *words])
        rclpy.init(args=["program", *words], context=context)
        note_given(context, given)
        made.append((context, rclpy.create_node(name, namespace=namespace, context=context)))
        return made[-1][1]

    yield make
    for context, node in made:
        node.destroy_node()
        context.shutdown()


@pytest.fixture
def file(tmp_path):
    """Writes a parameter file and returns its path."""

    def write(text, name="own.yaml"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return str(path)

    return write


def servos(text):
    return f"/**/servo_interface:\n  ros__parameters:\n    {text}\n"


def test_the_last_value_counts_whatever_the_types_of_those_before_it(node_of, file):
    first, last = file(servos("payload: 0"), "first.yaml"), file(servos("payload: 0.5"), "last.yaml")
    node = node_of("--ros-args", "--params-file", first, "--params-file", last)
    assert read(node, Settings).payload == 0.5
    assert node.get_parameter("payload").value == 0.5


def test_a_command_line_counts_over_the_files_before_it(node_of, file):
    own = file(servos("rate: 100.0"))
    assert read(node_of("--ros-args", "--params-file", own, "-p", "rate:=50"), Settings).rate == 50.0


def test_a_parameter_may_be_given_to_one_node_of_a_process(node_of):
    node = node_of("--ros-args", "-p", "servo_interface:rate:=50.0", "-p", "other:count:=7")
    assert read(node, Settings) == Settings(rate=50.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('rate: "50"', r"own.yaml, line 3: parameter rate: '50' .*DOUBLE .*without quotes"),
        ("rate: fast", r"own.yaml, line 3: parameter rate: 'fast'"),
        ("count: 4.0", r"own.yaml, line 3: parameter count: 4.0 .*INTEGER .*without quotes and decimal point"),
        ("count: true", r"own.yaml, line 3: parameter count: true .*INTEGER"),
    ],
)
def test_a_value_of_another_type_is_refused_though_a_file_before_it_has_the_right_one(node_of, file, text, told):
    first = file(servos("{rate: 100.0, count: 5}"), "first.yaml")
    node = node_of("--ros-args", "--params-file", first, "--params-file", file(servos(text)))
    with pytest.raises(ConfigError, match=told):
        read(node, Settings)


def test_a_misspelt_name_is_told_with_its_line_and_the_nearest_one(node_of, file):
    node = node_of("--ros-args", "--params-file", file(servos("paylod: 0.5")))
    read(node, Settings)
    with pytest.raises(ConfigError, match=r"own.yaml, line 3: parameter paylod: 0.5 .*did you mean payload\?"):
        refuse_unknown(node)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--params-file", "nowhere.yaml"), r"--params-file: 'nowhere.yaml' .*No such file"),
        (("--params-file",), r"--params-file: '' .*readable text file"),
        (("-p", "rate"), r"-p: 'rate' .*name:=value"),
        (("-p", "rate:="), r"-p rate: '' .*a value is needed"),
        (("-p", "rate:=010"), r"-p rate.*'010' .*octal"),
    ],
)
def test_what_cannot_be_read_is_refused_before_a_node_is_made(words, told):
    with pytest.raises(ConfigError, match=told) as refused:
        read_command_line(["program", "--ros-args", *words])
    assert "Errno" not in str(refused.value)


def test_words_that_are_not_for_ros_are_left_alone():
    assert read_command_line(["program", "-p", "x", "--ros-args", "-p", "a:=1", "--", "-p", "y"])[0].name == "a"


def test_an_empty_mapping_gives_nothing_and_an_empty_list_is_one(node_of, file):
    node = node_of("--ros-args", "--params-file", file(servos("gains: {}")))
    read(node, Settings)
    refuse_unknown(node)
    misspelt = file(servos("ratse: []").replace("servo_interface", "other"))
    other = node_of("--ros-args", "--params-file", misspelt, name="other")
    read(other, Settings)
    with pytest.raises(ConfigError, match=r"parameter ratse: \[\] .*did you mean rate\?"):
        refuse_unknown(other)


def test_what_a_command_line_gives_cannot_be_changed_by_a_file(node_of):
    node = node_of("--ros-args", "-p", "rate:=50")
    read(node, Settings)
    refuse_unknown(node)
    told = [node.set_parameters([Parameter(name, value=1.0)])[0].reason for name in ("rate", "payload")]
    assert "its command line gives it: start the graph with another" in told[0]
    assert told[1].endswith("then: armature restart --namespace left servo_interface")
