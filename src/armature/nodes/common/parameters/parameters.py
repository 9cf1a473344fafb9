"""ROS parameters as frozen dataclasses, one field a parameter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import ParameterUninitializedException
from rclpy.node import Node

from armature.core.model.parameter_file import GivenParameter
from armature.core.refusals import Refusals
from armature.errors import ConfigError, ConfigErrors, format_value, nearest
from armature.nodes.common.parameters.changes import (
    TIME_SOURCE,
    Reading,
    explain_changes,
    names_read,
    note_reading,
)
from armature.nodes.common.parameters.command_line import all_given_to, given_to, note_given
from armature.nodes.common.parameters.wanted import Wanted, wanted

T = TypeVar("T")

ROS_OWN = (TIME_SOURCE, "qos_overrides.", "start_type_description_service")
# Given to all nodes of an arm, whether they need them or not; `joint_limits` checks the names of limits.
_SHARED, _LIMITS = ("jog.lease", "park_pose", "payload_file"), "limits."
_PARAMETER = "parameter "
_RESTART = "read at the start; restart the process to change it"
_AT_ONCE = "a change counts from then on"


def is_shared(name: str) -> bool:
    """Whether a parameter may be given to nodes that do not need it, as where it stands under /**."""
    return name in _SHARED or name.startswith(_LIMITS)


class NodeToBe:
    """Stands in for a node that does not run yet, for all that reads its parameters.

    Args:
        name: of the node, absolute.
        given: to all nodes, by files and a command line.
    """

    def __init__(self, name: str, given: Iterable[GivenParameter]) -> None:
        self._name = name
        self.context = self
        given = tuple(given)
        note_given(self, given)
        self._parameter_overrides = all_given_to(self)

    def get_fully_qualified_name(self) -> str:
        """See rclpy."""
        return self._name

    def has_parameter(self, _name: str) -> bool:
        """See rclpy."""
        return False

    def declare_parameter(self, *_words: object, **_options: object) -> None:
        """See rclpy."""


def read(node: Node, kind: type[T], prefix: str = "", **defaults: Any) -> T:
    """Declare and read the parameters that a dataclass names; those that may change are what they are now.

    A field without a default must be given. What is said of a field, and its bounds, describe its parameter.

    Args:
        node: the node whose parameters they are.
        kind: a dataclass; see `wanted`.
        prefix: put before every name, for example "elbow.".
        defaults: by field, in place of the dataclass's.

    Raises:
        ConfigError: all parameters that are missing, of the wrong type or out of their bounds; else what the
            dataclass itself refuses; with the file and the line that give each.
    """
    found, values, refusals = wanted(kind, prefix, defaults), {}, Refusals()
    for field, each in found.items():
        with refusals.noted():
            values[field] = _read_one(node, each)
    refusals.raise_all()
    note_reading(node, prefix, Reading(kind, found))
    with located(node):
        return kind(**values)


def take_given(node: Node, kind: type, prefix: str = "", **defaults: Any) -> list[str]:
    """Declare those parameters of a dataclass that are given; none of them has an effect, or another value.

    Args:
        node: the node whose parameters they are.
        kind: a dataclass; see `wanted`.
        prefix: put before every name, for example "gains.elbow.".
        defaults: by field, in place of the dataclass's.

    Returns:
        What there is to be said of those that count for nothing.

    Raises:
        ConfigError: all that cannot be had, with the file and the line that give each.
    """
    refusals, notes = Refusals(), []
    found = wanted(kind, prefix, defaults)
    note_reading(node, prefix, Reading(kind, found))
    for each in found.values():
        if (value := _override(node, each.name)) is None:
            continue
        with refusals.noted():
            _read_one(node, each)
            notes += [_idle_note(node, each, value)] if each.idle else []
    refusals.raise_all()
    return notes


@contextmanager
def located(node: Node) -> Iterator[None]:
    """Let an error that concerns a parameter of a node tell the file and the line that give it."""
    try:
        yield
    except ConfigError as error:
        placed = tuple(_placed(node, part) for part in error.parts)
        if placed == error.parts:
            raise
        raise placed[0] if len(placed) == 1 else ConfigErrors(placed) from error


def _placed(node: Node, error: ConfigError) -> ConfigError:
    prefix, _, name = error.where.partition(_PARAMETER)
    place = place_of(node, name) if not prefix else ""
    return ConfigError(f"{place}{error.where}", error.value, error.allowed) if place else error


def refuse_unknown(node: Node) -> None:
    """Refuse parameters that were given and nothing reads, such as a misspelt name; from then on explain changes.

    Call it once all have been read.

    Raises:
        ConfigError: naming all of them, and what was meant.
    """
    Refusals(find_unknown(node)).raise_all()
    explain_changes(node)


def find_unknown(node: Node) -> Iterator[ConfigError]:
    """The parameters that were given and nothing has read, and what was meant."""
    known = names_read(node)
    for name in _all_given(node):
        if name in known or name.startswith(ROS_OWN) or is_shared(name):
            continue
        if (value := _override(node, name)) is not None:  # as an empty mapping
            where = f"{place_of(node, name)}parameter {name}"
            yield ConfigError(where, value, nearest(name, known))


def given_values(node: Node, prefix: str) -> dict[str, Any]:
    """Values of the given parameters with a prefix, by their names without it."""
    given = _all_given(node).items()
    return {
        n.removeprefix(prefix): each.value for n, each in given if n.startswith(prefix) and each.value is not None
    }


def _all_given(node: Node) -> dict[str, Any]:
    """All that is given to a node, by name; ROS does not know what a robot's own file gives in any namespace."""
    return {**node._parameter_overrides, **all_given_to(node)}  # no public accessor


def _read_one(node: Node, each: Wanted) -> Any:
    given = _override(node, each.name)
    with located(node):
        value = each.required(each.default if given is None else each.checked(given))
    if node.has_parameter(each.name):
        return each.checked(_present(node, each.name))
    # Declared with the coerced value, so that an integer in a file may stand for a double.
    declared = list(value) if isinstance(value, tuple) else value
    node.declare_parameter(each.name, declared, _descriptor(each), ignore_override=True)
    return value


def _idle_note(node: Node, each: Wanted, value: Any) -> str:
    where = f"{place_of(node, each.name)}parameter {each.name}"
    return f"{where}: {format_value(value)} counts for nothing; {each.idle}"


def _descriptor(each: Wanted) -> ParameterDescriptor:
    """Read-only unless the node heeds a change: values are used at construction, and shown as they are used."""
    described = "; ".join(filter(None, (each.said, _AT_ONCE if each.changes else _RESTART)))
    made = ParameterDescriptor(read_only=not each.changes, description=described)
    low, high = each.bounds or (0.0, math.inf)
    if high == math.inf:
        return made
    if each.kind is int:
        made.integer_range = [IntegerRange(from_value=int(low), to_value=int(high))]
    else:
        made.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high))]
    return made


def _override(node: Node, name: str) -> Any:
    given = given_to(node, name)
    if given is not None:
        return given.value
    parameter = node._parameter_overrides.get(name)  # no public accessor before declaration
    return None if parameter is None else parameter.value


def place_of(node: Node, name: str) -> str:
    """The file and line that give a parameter, to stand before it in an error; empty where none does."""
    given = given_to(node, name)
    return f"{given.where}: " if given and not given.is_of_command_line else ""


def _present(node: Node, name: str) -> Any:
    try:
        return node.get_parameter(name).value
    except ParameterUninitializedException:
        return None
