"""ROS parameters as frozen dataclasses, one field a parameter."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, TypeVar

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.exceptions import ParameterUninitializedException
from rclpy.node import Node
from rclpy.parameter import Parameter

from armature.description.files import read_file
from armature.errors import ConfigError

__all__ = ["given_names", "read", "read_file", "refuse_unknown"]

T = TypeVar("T")

_ROS_OWN = ("use_sim_time", "qos_overrides.", "start_type_description_service")
# Given to all nodes of an arm, whether they need them or not; `joint_limits` checks the names of limits.
_SHARED = ("jog.lease", "limits.")
_KINDS: dict[Any, Parameter.Type] = {
    bool: Parameter.Type.BOOL,
    int: Parameter.Type.INTEGER,
    float: Parameter.Type.DOUBLE,
    str: Parameter.Type.STRING,
    tuple[str, ...]: Parameter.Type.STRING_ARRAY,
}


def read(node: Node, kind: type[T], prefix: str = "", **defaults: Any) -> T:
    """Declare and read the parameters that a dataclass names; ROS refuses to change them afterwards.

    A field without a default must be given. A double underscore in a field's name stands for a dot.

    Args:
        node: the node whose parameters they are.
        kind: a dataclass with fields of type bool, int, float, str or tuple[str, ...].
        prefix: put before every name, for example "elbow.".
        defaults: by field, in place of the dataclass's.

    Raises:
        ConfigError: a parameter is missing or of the wrong type; also what the dataclass itself refuses.
    """
    hints = typing.get_type_hints(kind)
    values = {
        field.name: _read_one(
            node,
            prefix + field.name.replace("__", "."),
            hints[field.name],
            defaults.get(field.name, field.default),
        )
        for field in dataclasses.fields(typing.cast(Any, kind))
    }
    return kind(**values)


def refuse_unknown(node: Node) -> None:
    """Refuse parameters that were given and not declared, such as a misspelt name.

    Call it once all have been read.

    Raises:
        ConfigError: naming the first of them, and the known ones.
    """
    # ROS declares its own, some of them only when they are needed.
    known = {name for name in node._parameters if not name.startswith(_ROS_OWN)}
    for name, given in node._parameter_overrides.items():  # no public accessor
        if not node.has_parameter(name) and not name.startswith((*_ROS_OWN, *_SHARED)):
            raise ConfigError(f"parameter {name}", given.value, f"parameters are {', '.join(sorted(known))}")


def given_names(node: Node, prefix: str) -> list[str]:
    """Names of the given parameters with a prefix, without it."""
    names = node._parameter_overrides  # no public accessor
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def _read_one(node: Node, name: str, kind: Any, otherwise: Any) -> Any:
    has_default = otherwise is not dataclasses.MISSING
    given = _override(node, name)
    default = _coerce(name, given, kind) if given is not None else (otherwise if has_default else None)
    if default is None:
        raise ConfigError(f"parameter {name}", None, f"a value of type {_KINDS[kind].name} is needed")
    if node.has_parameter(name):
        return _coerce(name, _present(node, name), kind)
    value = list(default) if isinstance(default, tuple) else default
    # Declared with the coerced value, so that an integer in a file may stand for a double.
    node.declare_parameter(name, value, _descriptor(), ignore_override=True)
    return default


def _descriptor() -> ParameterDescriptor:
    """Read-only: values are used at construction, so a later change would be shown and not be in force."""
    return ParameterDescriptor(read_only=True, description="read at the start; restart the process to change it")


def _override(node: Node, name: str) -> Any:
    parameter = node._parameter_overrides.get(name)  # no public accessor before declaration
    return None if parameter is None else parameter.value


def _present(node: Node, name: str) -> Any:
    try:
        return node.get_parameter(name).value
    except ParameterUninitializedException:
        return None


def _coerce(name: str, value: Any, kind: Any) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind == tuple[str, ...] and isinstance(value, (list, tuple)):
        return tuple(str(item) for item in value)
    expected = {bool: bool, int: int, float: float, str: str}.get(kind)
    if expected is None or not isinstance(value, expected) or (kind is int and isinstance(value, bool)):
        raise ConfigError(f"parameter {name}", value, f"a value of type {_KINDS[kind].name} is needed")
    return value
