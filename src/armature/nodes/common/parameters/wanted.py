"""What a dataclass says of the parameters that are read into it: type, bounds, meaning."""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from armature.errors import ConfigError, bounds
from armature.nodes.common.parameters.field_texts import field_texts

_RANGE, _ABOUT, _CHANGES = "range", "about", "changes"
_TYPES: Mapping[Any, tuple[str, str]] = {
    bool: ("BOOL", "write true or false, without quotes"),
    int: ("INTEGER", "write a whole number, without quotes and decimal point"),
    float: ("DOUBLE", "write a number, without quotes"),
    str: ("STRING", "write text, in quotes where it looks like something else"),
    tuple[str, ...]: ("STRING_ARRAY", 'write a list of texts, for example ["a", "b"]'),
}


@dataclass(frozen=True)
class Wanted:
    """A parameter that a node reads."""

    name: str
    kind: Any
    default: Any  # MISSING where it must be given
    about: str
    bounds: tuple[float, float] | None
    changes: bool  # whether it may change while the node runs

    def checked(self, value: Any) -> Any:
        """A value in the parameter's type, and within its bounds.

        Raises:
            ConfigError: it is of another type, or beyond them.
        """
        value = self._coerced(value)
        if self.bounds and not self.bounds[0] <= value <= self.bounds[1]:
            unit = "".join(re.findall(r" \[([^\]]+)\]$", self.about))
            allowed = f"it must be within {bounds(*self.bounds, value, 'g', 'and')} {unit}"
            raise ConfigError(f"parameter {self.name}", value, allowed.rstrip())
        return value

    def required(self, value: Any) -> Any:
        """The value itself.

        Raises:
            ConfigError: there is none.
        """
        if value is None or value is MISSING:
            raise self._refusal(None)
        return value

    def _coerced(self, value: Any) -> Any:
        if self.kind is float and type(value) is int:
            return float(value)
        if self.kind == tuple[str, ...]:
            if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
                return tuple(value)
        elif type(value) is self.kind:
            return value
        raise self._refusal(value)

    def _refusal(self, value: Any) -> ConfigError:
        name, remedy = _TYPES[self.kind]
        return ConfigError(f"parameter {self.name}", value, f"a value of type {name} is needed: {remedy}")


def wanted(kind: type, prefix: str = "", defaults: Mapping[str, Any] | None = None) -> dict[str, Wanted]:
    """The parameters that a dataclass names, by its fields.

    Args:
        kind: a dataclass with fields of type bool, int, float, str or tuple[str, ...]. A double underscore in a
            field's name stands for a dot.
        prefix: put before every name, for example "elbow.".
        defaults: by field, in place of the dataclass's.
    """
    hints, texts, others = typing.get_type_hints(kind), field_texts(kind), defaults or {}
    return {
        field.name: Wanted(
            name=prefix + field.name.replace("__", "."),
            kind=hints[field.name],
            default=others.get(field.name, field.default),
            about=field.metadata.get(_ABOUT) or texts.get(field.name, ""),
            bounds=field.metadata.get(_RANGE),
            changes=field.metadata.get(_CHANGES, False),
        )
        for field in fields(kind)
    }


def within(low: float, high: float, *, changes: bool = False) -> dict[str, Any]:
    """Metadata of a field whose value has bounds.

    Args:
        low: the least.
        high: the greatest.
        changes: whether it may change while the node runs.
    """
    return {_RANGE: (low, high), _CHANGES: changes}


def described(about: str, bounds: tuple[float, float] | None) -> dict[str, Any]:
    """Metadata of a field that is made at run time: what it means, and its bounds where it has any."""
    return {_ABOUT: about, _RANGE: bounds}
