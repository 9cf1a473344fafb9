"""Parameter files in ROS 2's form, read strictly.

ROS takes a file that sets nothing without a word, and of two values of different types the wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeVar

import yaml

from armature.core.model.document import StrictLoader, pairs_of, read_with
from armature.core.refusals import Refusals
from armature.errors import ConfigError, nearest

T = TypeVar("T")

Value = bool | int | float | str | tuple[bool, ...] | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]

ROBOT_FILE = "--robot-params-file"
"""Names to a node that one of its parameter files which is the robot's own; ROS passes over it."""
_PARAMETERS = "ros__parameters"
_EXAMPLE = f"write it as NODE, then {_PARAMETERS}, then name: value"
_TOKEN = re.compile(r"\*\*?|[A-Za-z_][A-Za-z0-9_]*")
_GREATEST = 2**63  # an integer of ROS has 64 bits
_PLAIN = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float"))
_FEW = 8  # values of a list that are told
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
        in_any_namespace: whether a name without a namespace stands for the node in any.
        block: file and line of the name of its node.
    """

    nodes: str
    name: str
    value: Value
    where: str
    in_any_namespace: bool = False
    block: str = ""

    @property
    def node(self) -> str:
        """The name of its node without a namespace; * or ** for any."""
        return self.nodes.rpartition("/")[2]

    @property
    def is_for_any(self) -> bool:
        """Whether it is for nodes of any name."""
        return self.node.startswith("*")

    @property
    def is_of_command_line(self) -> bool:
        """Whether a command line gives it, beside its files."""
        return self.where.startswith("-")

    def is_for(self, node: str) -> bool:
        """Whether it is for a node, given by its full name."""
        parts = {"**": r"(/\w+)*", "*": r"/\w+"}
        tokens = [parts.get(token, f"/{token}") for token in self.nodes.strip("/").split("/")]
        if self.in_any_namespace and len(tokens) == 1:
            tokens.insert(0, parts["**"])
        return re.fullmatch("".join(tokens), node) is not None


@dataclass(frozen=True)
class ParameterFile:
    """What a parameter file gives, in its order, and what in it cannot be read as one."""

    given: tuple[GivenParameter, ...]
    refused: tuple[ConfigError, ...]


def read_file(text: str, source: str) -> ParameterFile:
    """All of a parameter file that can be read.

    Args:
        text: the file's content.
        source: the file's name, for errors.
    """
    file = _File(text, source)
    given: list[GivenParameter] = []
    with file.refusals.noted():
        given = read_with(lambda: list(file.parameters()), source)
    return ParameterFile(tuple(given), file.refusals.found)


def read_parameters(text: str, source: str, nodes: Sequence[str] = ()) -> tuple[GivenParameter, ...]:
    """All that a parameter file gives, in its order.

    Args:
        text: the file's content.
        source: the file's name, for errors.
        nodes: names of the nodes that it may be for; none for any.

    Raises:
        ConfigError: not YAML, not in ROS 2's form, a value that ROS has no type for, a node of another name.
    """
    file = read_file(text, source)
    refusals = Refusals(file.refused)
    if nodes:
        refusals.add(_unknown_node(each, nodes) for each in of_other_nodes(file.given, nodes))
    refusals.raise_all()
    return file.given


def in_any_namespace(given: Iterable[GivenParameter]) -> tuple[GivenParameter, ...]:
    """What a robot's own file gives: a name without a namespace stands there for the node in any."""
    return tuple(replace(each, in_any_namespace=True) for each in given)


def of_other_nodes(given: Iterable[GivenParameter], nodes: Sequence[str]) -> tuple[GivenParameter, ...]:
    """The first parameter of each node that has none of these names."""
    others = (each for each in given if not each.is_for_any and each.node not in nodes)
    return tuple({each.nodes: each for each in reversed(tuple(others))}.values())[::-1]


def misspelt_nodes(given: Iterable[GivenParameter], nodes: Sequence[str]) -> tuple[ConfigError, ...]:
    """Nodes whose names are nearly one of these, and are not another name that ends as one of them does."""
    return tuple(
        _unknown_node(each, nodes)
        for each in of_other_nodes(given, nodes)
        if get_close_matches(each.node.lower(), nodes, cutoff=0.8)
        and not each.node.endswith(tuple(f"_{node}" for node in nodes))
    )


def _unknown_node(given: GivenParameter, nodes: Sequence[str]) -> ConfigError:
    return ConfigError(f"{given.block}: node", given.nodes, nearest(given.node.lower(), nodes, "nodes"))


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
        self._names: set[tuple[str, str]] = set()  # nodes and parameters that were read
        self._blocks: dict[str, str] = {}  # where nodes are named, the last time
        self.refusals = Refusals()

    def parameters(self) -> Iterator[GivenParameter]:
        """What it gives to all nodes; `refusals` has what cannot be read."""
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

    def _refuse(self, where: str, value: object, allowed: str) -> None:
        self.refusals.add([ConfigError(where, value, allowed)])

    def _read(self, work: Callable[[], T]) -> T | None:
        """What can be read; None where that is refused."""
        found: list[T] = []
        with self.refusals.noted():
            found.append(read_with(work, self._source))
        return found[0] if found else None

    def _of_nodes(self, node: yaml.Node, path: str) -> Iterator[GivenParameter]:
        # A block may stand several times, as in ROS; the parameters in it may not.
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        loose = next((pair for pair in pairs if not isinstance(pair[1], yaml.MappingNode)), None)
        if not pairs:
            where = f"{self._where(node)}: {path}" if path else self._where(node)
            self._refuse(where, self._content(node), f"{_PARAMETERS} is missing; {_EXAMPLE}")
        elif path and loose and _PARAMETERS not in [key.value for key, _ in pairs]:  # then nothing here is a node
            yield from self._of_key(loose[0], loose[1], path)
        else:
            for key, content in pairs:
                yield from self._of_key(key, content, path)

    def _of_key(self, key: yaml.Node, content: yaml.Node, path: str) -> Iterator[GivenParameter]:
        name = str(key.value)
        if name == _PARAMETERS and path:
            yield from self._of_mapping(content, path, "")
        elif name == _PARAMETERS:
            self._refuse(self._where(key), name, f"no node is named above it; {_EXAMPLE}")
        elif path and get_close_matches(name, [_PARAMETERS], cutoff=0.8):
            self._refuse(f"{self._where(key)}: {path}", name, f"did you mean {_PARAMETERS}? {_EXAMPLE}")
        elif checked := self._read(lambda: self._checked(key, path)):
            self._blocks[f"{path}/{checked}"] = self._where(key)
            yield from self._of_nodes(content, f"{path}/{checked}")

    def _checked(self, key: yaml.Node, path: str) -> str:
        name = str(key.value) if path else str(key.value).removeprefix("/")
        if not isinstance(key, yaml.ScalarNode) or not all(map(_TOKEN.fullmatch, name.split("/"))):
            allowed = "a node's name has letters, digits and _, with one / behind each namespace, * or ** for any"
            raise ConfigError(f"{self._where(key)}: node", self._content(key), allowed)
        return name

    def _of_mapping(self, node: yaml.Node, nodes: str, prefix: str) -> Iterator[GivenParameter]:
        if not isinstance(node, yaml.MappingNode):
            where = f"{self._where(node)}: {prefix.rstrip('.') or _PARAMETERS}"
            self._refuse(where, self._content(node), "names with values are needed here")
            return
        self._read(lambda: pairs_of(node))  # which refuses keys that stand twice
        once = {str(key.value): (key, content) for key, content in node.value[::-1]}
        for key, content in [*once.values()][::-1]:
            name = prefix + str(key.value)
            if not isinstance(key, yaml.ScalarNode) or not key.value:
                self._refuse(f"{self._where(key)}: name of a parameter", self._content(key), "a text is needed")
            elif isinstance(content, yaml.MappingNode):
                yield from self._of_mapping(content, nodes, f"{name}.")
            elif given := self._read(lambda: self._parameter(key, content, nodes, name)):  # noqa: B023  # at once
                yield given

    def _parameter(self, key: yaml.Node, content: yaml.Node, nodes: str, name: str) -> GivenParameter:
        at = self._where(key)
        where = f"{at}: parameter {name}"
        value = self._value(content, where)
        if (nodes, name) in self._names:
            twice = "it stands twice for the same node, in two blocks or nested and with dots; leave one"
            raise ConfigError(where, value, twice)
        self._names.add((nodes, name))
        if name == _TIME_SOURCE and not isinstance(value, bool):
            raise ConfigError(where, value, "write true or false, without quotes")
        return GivenParameter(nodes, name, value, at, block=self._blocks[nodes])

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
        """As it stands in the file, of a long one the beginning."""
        if isinstance(node, yaml.ScalarNode):
            is_plain = node.style is None and node.tag in _PLAIN
            return self._loader.construct_object(node) if is_plain else node.value
        if isinstance(node, yaml.MappingNode):
            return {str(self._content(key)): self._content(value) for key, value in node.value[:_FEW]}
        more = ["…"] if len(node.value) > _FEW else []
        return [*map(self._content, node.value[:_FEW]), *more]
