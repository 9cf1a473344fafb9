"""YAML files of the configuration, read strictly."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from armature.errors import ConfigError


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML would let the last one win without a word."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, AttributeError) as error:  # as of 2026-13-45, which looks like a date
            kind = str(node.tag).rpartition(":")[2]
            raise yaml.constructor.ConstructorError(None, None, f"no valid {kind}", node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []  # !!map before a list
        keys = [self.construct_object(key, deep=True) for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_document(text: str, source: str) -> object:
    """Content of a YAML file.

    Raises:
        ConfigError: not well-formed, or a key that stands twice.
    """
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        allowed = "it must be well-formed YAML with each key once"
        raise ConfigError(f"{source}{line}", error.problem, allowed) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(source, str(error), "it must be well-formed YAML") from error
