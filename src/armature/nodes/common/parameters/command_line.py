"""The parameters that a process's command line gives, by itself and in files.

rclpy would keep the first type that a parameter is given, and take an integer for a number that comes later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

from rclpy.node import Node

from armature.core.model.parameter_file import (
    ROBOT_FILE,
    GivenParameter,
    in_any_namespace,
    read_parameters,
    read_value,
    value_for,
)
from armature.description.files import read_text
from armature.errors import ConfigError

_BEGIN, _END = "--ros-args", "--"
_FILE, _VALUE = "--params-file", ("-p", "--param")
# By the context that was initialised with the command line, or the node that is to be.
_given: WeakKeyDictionary[Any, tuple[GivenParameter, ...]] = WeakKeyDictionary()


def read_command_line(words: Sequence[str]) -> tuple[GivenParameter, ...]:
    """What a command line gives to parameters, in its order.

    Raises:
        ConfigError: a file that cannot be read or used, or a value that ROS has no type for.
    """
    own = [file for flag, file in pairwise(words) if flag == ROBOT_FILE]
    return tuple(
        given
        for flag, text in _options(words)
        for given in (in_any_namespace(_read(flag, text)) if text in own else _read(flag, text))
    )


def note_given(context: Any, given: tuple[GivenParameter, ...]) -> None:
    """Let the nodes of a context have what its command line gives."""
    _given[context] = given


def given_to(node: Node, name: str) -> GivenParameter | None:
    """What the command line gives to a parameter of a node, the last of several."""
    return value_for(_given.get(node.context, ()), node.get_fully_qualified_name(), name)


def all_given_to(node: Node) -> dict[str, GivenParameter]:
    """What the command line gives to a node, by the names of the parameters."""
    name = node.get_fully_qualified_name()
    return {each.name: each for each in _given.get(node.context, ()) if each.is_for(name)}


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Flags for ROS that give parameters, with their words."""
    is_for_ros = False
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in (_BEGIN, _END):
            is_for_ros = word == _BEGIN
        elif is_for_ros and word in (_FILE, *_VALUE):
            yield word, following


def _read(flag: str, text: str) -> tuple[GivenParameter, ...]:
    if flag == _FILE:
        return read_parameters(read_text(flag, text, "a readable text file is needed"), text)
    name, mark, value = text.partition(":=")
    if not mark:
        raise ConfigError(flag, text, "write it as name:=value")
    node, _, own = name.rpartition(":")
    where = f"{flag} {own}"
    return (GivenParameter(f"/**/{node.strip('/')}" if node else "/**", own, read_value(value, where), where),)
