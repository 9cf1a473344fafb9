"""While a node runs, a parameter is refused in the words of its start, or says how it is changed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import rclpy
from rclpy.parameter import Parameter

from armature.errors import ConfigError
from armature.nodes.common.parameters.parameters import read, refuse_unknown, take_given
from armature.nodes.common.parameters.wanted import at_least, changing, fixed, idle, within


@dataclass(frozen=True)
class Settings:
    """Of a node of this test."""

    low: float = field(default=1.0, metadata=at_least(0.0, changes=True))  # bound of it [rad]
    high: float = field(default=2.0, metadata=within(0.0, 9.0, changes=True))  # bound of it [rad]
    is_open: bool = field(default=False, metadata=changing())  # for whoever comes
    names: tuple[str, ...] = field(default=("a",), metadata=changing())  # of those who came
    rate: float = 100.0  # of the loop [Hz]

    def __post_init__(self):
        if self.low > self.high:
            raise ConfigError("parameter low", self.low, f"high is {self.high:g}")

    @property
    def note(self):
        return "nobody comes" if self.is_open and not self.low else ""


@dataclass(frozen=True)
class Taken:
    """What is so already."""

    method: str = fixed("splines", "there is one way")  # between points
    joints: tuple[str, ...] = fixed(("a", "b"), "there are no others")  # names
    gain: float = idle(0.0, "nobody asks")  # of nothing


@pytest.fixture
def make():
    """A node with parameters that were given."""
    made = []

    def build(**given):
        context = rclpy.Context()
        rclpy.init(context=context)
        overrides = [Parameter(name, value=value) for name, value in given.items()]
        made.append(
            (context, rclpy.create_node("gripper_controller", context=context, parameter_overrides=overrides))
        )
        return made[-1][1]

    yield build
    for context, node in made:
        node.destroy_node()
        context.shutdown()


@pytest.fixture
def node(make):
    made = make()
    read(made, Settings)
    take_given(made, Taken)
    refuse_unknown(made)
    return made


def change(node, **values):
    return node.set_parameters_atomically([Parameter(name, value=value) for name, value in values.items()])


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("low", -1.0, "parameter low: -1.0 cannot be used; it must be finite and at least 0"),
        ("low", float("nan"), "parameter low: nan cannot be used; it must be finite and at least 0"),
        ("low", float("inf"), "parameter low: inf cannot be used; it must be finite and at least 0"),
        ("high", 10.0, "parameter high: 10.0 cannot be used; it must be within 0 and 9 rad"),
        (
            "high",
            "2",
            "parameter high: '2' cannot be used; a value of type DOUBLE is needed: write a number, without",
        ),
        ("is_open", 1, "parameter is_open: 1 cannot be used; a value of type BOOL is needed"),
        ("low", 3.0, "parameter low: 3.0 cannot be used; high is 2"),
        ("low", None, "parameter low: nothing is given; a value of type DOUBLE"),
        (
            "lows",
            1.0,
            "parameter lows: 1.0 cannot be used; /gripper_controller has no such parameter; did you mean low?",
        ),
        ("rate", 50.0, "or the file of --params-file, then: armature restart arm_controller"),
        ("rate", "fast", "parameter rate: 'fast' cannot be used; a value of type DOUBLE"),
        ("method", "none", "parameter method: 'none' cannot be used; there is one way; leave it 'splines' or out"),
        ("use_sim_time", True, "it is read at the start"),
    ],
)
def test_a_change_that_cannot_be_is_refused_in_the_words_of_the_start(node, name, value, told):
    before = read(node, Settings)
    result = change(node, **{name: value})
    assert not result.successful
    assert told in result.reason
    assert read(node, Settings) == before


def test_what_cannot_change_says_so(node):
    assert "it is read-only while the process runs" in change(node, rate=50.0).reason


def test_a_change_counts_and_an_integer_stands_for_a_number(node):
    result = change(node, high=5, low=4, is_open=True, names=["b", "c"])
    assert (result.successful, result.reason) == (True, "")
    assert read(node, Settings) == Settings(4.0, 5.0, True, ("b", "c"))
    assert node.get_parameter("low").value == 4.0
    assert type(node.get_parameter("low").value) is float


def test_all_that_is_wrong_with_a_change_is_told_at_once_and_nothing_of_it_counts(node):
    result = change(node, high=-1.0, is_open=True, lows=1.0)
    assert [line.partition(":")[0] for line in result.reason.splitlines()] == ["parameter high", "parameter lows"]
    assert not read(node, Settings).is_open


def test_a_change_without_effect_is_told(node):
    assert change(node, low=0.0, is_open=True).reason == "nobody comes"


def test_each_way_to_set_is_explained(node):
    assert "did you mean low?" in node.set_parameters([Parameter("lows", value=1.0)])[0].reason


def test_only_what_is_given_is_declared_of_what_has_one_value(make):
    node = make(joints=["b", "a"], gain=3)
    assert take_given(node, Taken) == ["parameter gain: 3 counts for nothing; nobody asks"]
    refuse_unknown(node)
    assert node.get_parameter("joints").value == ["b", "a"]
    assert node.get_parameter("gain").value == 3.0
    assert not node.has_parameter("method")


def test_all_that_a_node_is_given_and_cannot_have_is_told_at_once(make):
    node = make(joints=["c"], method="none", gain="x", low="y", high=-1.0)
    with pytest.raises(ConfigError) as refused:
        take_given(node, Taken)
    assert [part.where for part in refused.value.parts] == [f"parameter {n}" for n in ("method", "joints", "gain")]
    with pytest.raises(ConfigError) as refused:
        read(node, Settings)
    assert [part.where for part in refused.value.parts] == ["parameter low", "parameter high"]


def test_all_unknown_names_are_told_at_once(make):
    node = make(lows=1.0, hihg=2.0)
    read(node, Settings)
    with pytest.raises(ConfigError) as refused:
        refuse_unknown(node)
    assert str(refused.value).count("did you mean") == 2
