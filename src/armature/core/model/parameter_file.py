"""Parameter files in ROS 2's form, read strictly.

ROS takes a file that sets nothing without a word, and of two values of different types the wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from armature.core.model.document import StrictLoader, pairs_of, read_with
from armature.errors import ConfigError, nearest

Value = bool | int | float | str | tuple[bool, ...] | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]

_PARAMETERS = "ros__parameters"
_EXAMPLE = f"write it as NODE, then {_PARAMETERS}, then name: value"
_TOKEN = re.compile(r"\*\*?|[A-Za-z_][A-Za-z0-9_]*")
_GREATEST = 2**63  # an integer of ROS has 64 bits
_TIME_SOURCE = "use_sim_time"
# That ROS takes for booleans where they stand without quotes.
_WORDS = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
}


@dataclass(frozen=True)
class GivenParameter:
    """A value that a file or a command line gives to a parameter.

    Attributes:
        nodes: whose parameter it is: an absolute name, in which * stands for a name and ** for any number of them.
        name: of the parameter, with dots.
        value: as ROS types it.
        where: file and line.
    """

    nodes: str
    name: str
    value: Value
    where: str

    def is_for(self, node: str) -> bool:
        """Whether it is for a node, given by its full name."""
        parts = {"**": r"(/\w+)*", "*": r"/\w+"}
        tokens = (parts.get(token, f"/{token}") for token in self.nodes.strip("/").split("/"))
        return re.fullmatch("".join(tokens), node) is not None


def read_parameters(text: str, source: str, nodes: Sequence[str] = ()) -> tuple[GivenParameter, ...]:
    """All that a parameter file gives, in its order.

    Args:
        text: the file's content.
        source: the file's name, for errors.
        nodes: names of the nodes that it may be for; none for any.

    Raises:
        ConfigError: not YAML, not in ROS 2's form, a value that ROS has no type for, a node of another name.
    """
    given = tuple(read_with(lambda: list(_File(text, source).parameters()), source))
    for each in given:
        name = each.nodes.rpartition("/")[2]
        if nodes and name not in ("*", "**", *nodes):
            raise ConfigError(f"{each.where}: node", each.nodes, nearest(name, nodes, "nodes"))
    return given


def read_value(text: str, where: str) -> Value:
    """The value of a parameter as a command line gives it.

    Raises:
        ConfigError: ROS has no type for it.
    """
    value: Value = read_with(lambda: _File(text, where).value(), where)
    return value


def value_for(given: Iterable[GivenParameter], node: str, name: str) -> GivenParameter | None:
    """What counts for a node's parameter: the last one that is given."""
    found = [each for each in given if each.name == name and each.is_for(node)]
    return found[-1] if found else None


class _File:
    """One file, as far as it is read."""

    def __init__(self, text: str, source: str) -> None:
        self._loader = StrictLoader(text)
        self._loader.takes_aliases = False  # nor does ROS
        self._source = source

    def parameters(self) -> Iterator[GivenParameter]:
        """What it gives to all nodes."""
        root = self._root()
        if root is not None and root.value != "":  # an empty file gives nothing, as in ROS
            yield from self._of_nodes(root, "")

    def value(self) -> Value:
        """Its content as one value."""
        root = self._root()
        if root is None:
            raise ConfigError(self._source, "", 'a value is needed; write "" for an empty text')
        return self._value(root, self._source)

    def _root(self) -> yaml.Node | None:
        try:
            return self._loader.get_single_node()
        finally:
            self._loader.dispose()

    def _where(self, node: yaml.Node) -> str:
        return f"{self._source}, line {node.start_mark.line + 1}"

    def _of_nodes(self, node: yaml.Node, path: str) -> Iterator[GivenParameter]:
        if not isinstance(node, yaml.MappingNode) or not node.value:
            where = f"{self._where(node)}: {path}" if path else self._where(node)
            raise ConfigError(where, self._content(node), f"{_PARAMETERS} is missing; {_EXAMPLE}")
        for key, content in pairs_of(node):
            name = str(key.value)
            if name == _PARAMETERS and path:
                yield from self._of_mapping(content, path, "")
            elif name == _PARAMETERS:
                raise ConfigError(self._where(key), name, f"no node is named above it; {_EXAMPLE}")
            else:
                yield from self._of_nodes(content, f"{path}/{self._checked(key)}")

    def _checked(self, key: yaml.Node) -> str:
        name = str(key.value).strip("/")
        if not isinstance(key, yaml.ScalarNode) or not all(map(_TOKEN.fullmatch, name.split("/"))):
            allowed = "a node's name has letters, digits and _, with / for its namespace, * or ** for any"
            raise ConfigError(f"{self._where(key)}: node", self._content(key), allowed)
        return name

    def _of_mapping(self, node: yaml.Node, nodes: str, prefix: str) -> Iterator[GivenParameter]:
        if not isinstance(node, yaml.MappingNode):
            where = f"{self._where(node)}: {prefix.rstrip('.') or _PARAMETERS}"
            raise ConfigError(where, self._content(node), "names with values are needed here")
        names: set[str] = set()
        for key, content in pairs_of(node):
            name = prefix + str(key.value)
            if isinstance(content, yaml.MappingNode):
                found = tuple(self._of_mapping(content, nodes, f"{name}."))
            else:
                where = self._where(key)
                found = (GivenParameter(nodes, name, self._value(content, f"{where}: parameter {name}"), where),)
            for each in found:
                self._check(each, names)
                names.add(each.name)
            yield from found

    def _check(self, given: GivenParameter, names: set[str]) -> None:
        where = f"{given.where}: parameter {given.name}"
        if given.name in names:
            raise ConfigError(
                where, given.value, "it stands twice for the same node, nested and with dots; leave one"
            )
        if given.name == _TIME_SOURCE and not isinstance(given.value, bool):
            raise ConfigError(where, given.value, "write true or false, without quotes")

    def _value(self, node: yaml.Node, where: str) -> Value:
        if isinstance(node, yaml.SequenceNode):
            values = [self._scalar(item, where) for item in node.value]
            if len({type(value) for value in values}) > 1:
                raise ConfigError(where, values, "the values of a list must be of one type")
            return tuple(values)  # type: ignore[return-value]  # of one type
        return self._scalar(node, where)

    def _scalar(self, node: yaml.Node, where: str) -> bool | int | float | str:
        if not isinstance(node, yaml.ScalarNode):
            raise ConfigError(where, self._content(node), "a value, or a list of them, is needed")
        value = self._loader.construct_object(node)
        if node.style is None and value in _WORDS:
            return _WORDS[value]
        if value is None:
            raise ConfigError(where, node.value, 'a value is needed; write "" for an empty text')
        if isinstance(value, int) and not -_GREATEST <= value < _GREATEST:
            raise ConfigError(where, value, "an integer has at most 64 bits; write a decimal point for a number")
        if not isinstance(value, (bool, int, float, str)):
            raise ConfigError(where, node.value, "ROS has no type for it; write a number, true, false or text")
        return value

    def _content(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return node.value
        return {} if isinstance(node, yaml.MappingNode) else []
