"""ROS parameters as frozen dataclasses, one field a parameter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.exceptions import ParameterUninitializedException
from rclpy.node import Node
from rclpy.parameter import Parameter

from armature.core.model.parameter_file import GivenParameter
from armature.errors import ConfigError, nearest
from armature.nodes.common.parameters.command_line import given_to, note_given
from armature.nodes.common.parameters.wanted import Wanted, wanted

T = TypeVar("T")

_TIME_SOURCE = "use_sim_time"
ROS_OWN = (_TIME_SOURCE, "qos_overrides.", "start_type_description_service")
# Given to all nodes of an arm, whether they need them or not; `joint_limits` checks the names of limits.
_SHARED, _LIMITS = ("jog.lease", "park_pose"), "limits."
_PARAMETER = "parameter "
_RESTART = "read at the start; restart the process to change it"
_AT_ONCE = "a change takes effect at once"


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
        self._parameter_overrides = {each.name: each for each in given if each.is_for(name)}

    def get_fully_qualified_name(self) -> str:
        """See rclpy."""
        return self._name

    def has_parameter(self, _name: str) -> bool:
        """See rclpy."""
        return False

    def declare_parameter(self, *_words: object, **_options: object) -> None:
        """See rclpy."""


def read(node: Node, kind: type[T], prefix: str = "", **defaults: Any) -> T:
    """Declare and read the parameters that a dataclass names; ROS refuses to change them afterwards.

    A field without a default must be given. What is said of a field, and its bounds, describe its parameter.

    Args:
        node: the node whose parameters they are.
        kind: a dataclass; see `wanted`.
        prefix: put before every name, for example "elbow.".
        defaults: by field, in place of the dataclass's.

    Raises:
        ConfigError: a parameter is missing, of the wrong type or out of its bounds; also what the dataclass itself
            refuses; with the file and the line that give it.
    """
    values = {field: _read_one(node, each) for field, each in wanted(kind, prefix, defaults).items()}
    with located(node):
        return kind(**values)


@contextmanager
def located(node: Node) -> Iterator[None]:
    """Let an error that concerns a parameter of a node tell the file and the line that give it."""
    try:
        yield
    except ConfigError as error:
        prefix, _, name = error.where.partition(_PARAMETER)
        place = _place(node, name) if not prefix else ""
        if not place:
            raise
        raise ConfigError(f"{place}{error.where}", error.value, error.allowed) from error


def refuse_unknown(node: Node) -> None:
    """Refuse parameters that were given and not declared, such as a misspelt name, and another source of time.

    Call it once all have been read.

    Raises:
        ConfigError: naming the first of them, and what was meant.
    """
    # ROS declares its own, some of them only when they are needed.
    known = {name for name in node._parameters if not name.startswith(ROS_OWN)}
    for name, given in node._parameter_overrides.items():  # no public accessor
        if not node.has_parameter(name) and not name.startswith(ROS_OWN) and not is_shared(name):
            raise ConfigError(f"{_place(node, name)}parameter {name}", given.value, nearest(name, known))
    node.add_on_set_parameters_callback(_keep_time_source)


def given_values(node: Node, prefix: str) -> dict[str, Any]:
    """Values of the given parameters with a prefix, by their names without it."""
    given = node._parameter_overrides.items()  # no public accessor
    return {name.removeprefix(prefix): each.value for name, each in given if name.startswith(prefix)}


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


def _descriptor(each: Wanted) -> ParameterDescriptor:
    """Read-only unless the node heeds a change: values are used at construction, and shown as they are used."""
    described = "; ".join(filter(None, (each.about, _AT_ONCE if each.changes else _RESTART)))
    made = ParameterDescriptor(read_only=not each.changes, description=described)
    low, high = each.bounds or (0.0, 0.0)
    if each.bounds and each.kind is int:
        made.integer_range = [IntegerRange(from_value=int(low), to_value=int(high))]
    elif each.bounds:
        made.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high))]
    return made


def _override(node: Node, name: str) -> Any:
    given = given_to(node, name)
    if given is not None:
        return given.value
    parameter = node._parameter_overrides.get(name)  # no public accessor before declaration
    return None if parameter is None else parameter.value


def _place(node: Node, name: str) -> str:
    """The file and line that give a parameter, to stand before it in an error; empty where none does."""
    given = given_to(node, name)
    return f"{given.where}: " if given and not given.where.startswith("-") else ""


def _present(node: Node, name: str) -> Any:
    try:
        return node.get_parameter(name).value
    except ParameterUninitializedException:
        return None


def _keep_time_source(changes: list[Parameter]) -> SetParametersResult:
    """A node that runs has stamps, deadlines and motions of one clock."""
    if any(change.name == _TIME_SOURCE for change in changes):
        reason = f"{_TIME_SOURCE} is read at the start: give it in the parameter file, then restart the process"
        return SetParametersResult(successful=False, reason=reason)
    return SetParametersResult(successful=True)
