"""YAML files of the configuration, read strictly as YAML 1.2; what older readers take otherwise is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import Any

import yaml

from armature.errors import ConfigError

_MOST_VALUES = 100_000
_WELL_FORMED = "it must be well-formed YAML with each key once"
_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
_INT = r"[-+]?(?:0|[1-9][0-9]*)"


class _Ambiguous(yaml.MarkedYAMLError):
    """What readers of YAML 1.1 and 1.2 take for different things."""

    def __init__(self, node: yaml.Node, remedy: str) -> None:
        super().__init__(problem=node.value, problem_mark=node.start_mark)
        self.remedy = remedy


class StrictLoader(yaml.SafeLoader):
    """Keys are text as it stands, and stand once; yes, no, on and off are text; numbers are decimal."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012  # PyYAML's own, anew
    takes_aliases = True

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """See PyYAML."""
        if not self.takes_aliases and self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases are not read here", self.get_mark())
        return super().compose_node(parent, index)

    def get_single_node(self) -> yaml.Node | None:
        """See PyYAML; aliases of aliases can make more values than any machine holds."""
        document = super().get_single_node()
        if document is not None and (count := _count(document, {})) > _MOST_VALUES:
            problem = f"{count:,} values, with those that aliases repeat; at most {_MOST_VALUES:,} are read"
            raise yaml.composer.ComposerError(None, None, problem, document.start_mark)
        return document

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """See PyYAML."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, AttributeError) as error:  # as of a number with thousands of digits
            kind = str(node.tag).rpartition(":")[2]
            raise yaml.constructor.ConstructorError(None, None, f"no valid {kind}", node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """See PyYAML."""
        for key, _ in pairs_of(node):
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)


def _count(node: yaml.Node, counted: dict[int, int]) -> int:
    """Nodes of a document, those that aliases repeat each time; one that holds itself counts as too many."""
    if id(node) not in counted:
        counted[id(node)] = _MOST_VALUES + 1
        inner = node.value if isinstance(node, yaml.CollectionNode) else ()
        parts = (part for each in inner for part in (each if isinstance(each, tuple) else (each,)))
        counted[id(node)] = 1 + sum(_count(part, counted) for part in parts)
    return counted[id(node)]


def pairs_of(node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
    """Keys and values of a mapping; of anything else none.

    Raises:
        yaml.MarkedYAMLError: a key that stands twice.
    """
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    keys: list[str] = []
    for key, _ in pairs:
        if isinstance(key, yaml.ScalarNode):
            if key.value in keys:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
            keys.append(key.value)
    return pairs


def _refuse(remedy: Callable[[str], str]) -> Callable[[yaml.SafeLoader, yaml.Node], object]:
    def construct(_loader: yaml.SafeLoader, node: yaml.Node) -> object:
        raise _Ambiguous(node, remedy(node.value))

    return construct


def _without_zeros(text: str) -> str:
    if "o" in text:
        return str(int(text, 8))
    sign = text[0] if text[0] in "+-" else ""
    return sign + (text.lstrip("+-0_") or "0")


def _quoted(text: str) -> str:
    return f'"{text}"'


# A tag, what it matches, how such a scalar may begin.
_SCALARS = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", _INT, list("-+0123456789")),
    ("octal", r"[-+]?0[0-9_]+|0o[0-7]+", list("-+0")),
    ("base", r"[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[bB][01_]+", list("-+0")),
    ("underscored", r"[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?", list("-+0123456789")),
    ("sexagesimal", r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", list("-+0123456789")),
    ("date", r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?", list("0123456789")),
    ("float", _FLOAT, list("-+0123456789.")),
    ("merge", r"<<", ["<"]),
)
_OURS = {
    "octal": lambda text: (
        f"some readers take it for octal: write {_without_zeros(text)}, or {_quoted(text)} for text"
    ),
    "base": lambda text: f"write a decimal number, or {_quoted(text)} for text",
    "underscored": lambda text: f"write {text.replace('_', '')}, or {_quoted(text)} for text",
    "sexagesimal": lambda text: (
        f"some readers take it for a number to the base 60: write {_quoted(text)} for text"
    ),
    "date": lambda text: f"no valid timestamp is wanted here: write {_quoted(text)} for text",
}
for _name, _pattern, _begins in _SCALARS:
    _tag = f"!{_name}" if _name in _OURS else f"tag:yaml.org,2002:{_name}"
    StrictLoader.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$", re.DOTALL), _begins)
for _name, _remedy in _OURS.items():
    StrictLoader.add_constructor(f"!{_name}", _refuse(_remedy))


def read_document(text: str, source: str) -> object:
    """Content of a YAML file.

    Raises:
        ConfigError: not well-formed, a key that stands twice, or a value that readers of YAML take differently.
    """
    return read_with(lambda: yaml.load(text, Loader=StrictLoader), source)


def read_with(read: Callable[[], Any], source: str) -> Any:
    """What a reader of YAML makes, its errors in one line with the file's.

    Raises:
        ConfigError: as `read_document`.
    """
    try:
        return read()
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        remedy = error.remedy if isinstance(error, _Ambiguous) else _WELL_FORMED
        raise ConfigError(f"{source}{line}", error.problem, remedy) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(source, str(error).partition("\n")[0], "it must be well-formed YAML") from error
