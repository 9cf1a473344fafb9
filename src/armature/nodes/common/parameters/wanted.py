"""What a dataclass says of the parameters that are read into it: type, bounds, meaning."""

from __future__ import annotations

import math
import re
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from armature.errors import ConfigError, bounds, format_value
from armature.nodes.common.parameters.field_texts import field_texts

_RANGE, _ABOUT, _CHANGES, _ONLY, _IDLE = "range", "about", "changes", "only", "idle"
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
    only: str = ""  # why it has its default alone; empty where it may have other values
    idle: str = ""  # why it counts for nothing, whatever its value; empty where it counts

    @property
    def said(self) -> str:
        """What is said of it where it is shown."""
        alone = f"its default alone: {self.only}" if self.only else ""
        nothing = f"counts for nothing: {self.idle}" if self.idle else ""
        return "; ".join(filter(None, (self.about, alone, nothing)))

    def checked(self, value: Any) -> Any:
        """A value in the parameter's type, and within its bounds.

        Raises:
            ConfigError: it is of another type, beyond them, or not the only one that can be had.
        """
        value = self._coerced(value)
        if self.bounds and not (self.bounds[0] <= value <= self.bounds[1] and math.isfinite(value)):
            raise ConfigError(f"parameter {self.name}", value, self._within(value))
        if self.only and not self._is_default(value):
            allowed = f"{self.only}; leave it {_written(self.default)} or out"
            raise ConfigError(f"parameter {self.name}", value, allowed)
        return value

    def required(self, value: Any) -> Any:
        """The value itself.

        Raises:
            ConfigError: there is none.
        """
        if value is None or value is MISSING:
            raise self._refusal(None)
        return value

    def _within(self, value: Any) -> str:
        low, high = self.bounds or (0.0, 0.0)
        if high == math.inf:
            return f"it must be finite and at least {low:g}"
        unit = "".join(re.findall(r" \[([^\]]+)\]$", self.about))
        return f"it must be within {bounds(low, high, value, 'g', 'and')} {unit}".rstrip()

    def _is_default(self, value: Any) -> bool:
        """Whether a value is the default, which an empty list stands for too; the node alone may know it."""
        if self.default is MISSING:
            return True
        if isinstance(self.default, tuple):  # of names, in any order
            return not value or sorted(value) == sorted(self.default)
        return bool(value == self.default)

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
        each.name: Wanted(
            name=prefix + each.name.replace("__", "."),
            kind=hints[each.name],
            default=others.get(each.name, each.default),
            about=each.metadata.get(_ABOUT) or texts.get(each.name, ""),
            bounds=each.metadata.get(_RANGE),
            changes=each.metadata.get(_CHANGES, False),
            only=each.metadata.get(_ONLY, ""),
            idle=each.metadata.get(_IDLE, ""),
        )
        for each in fields(kind)
    }


def within(low: float, high: float, *, changes: bool = False) -> dict[str, Any]:
    """Metadata of a field whose value has bounds.

    Args:
        low: the least.
        high: the greatest.
        changes: whether it may change while the node runs.
    """
    return {_RANGE: (low, high), _CHANGES: changes}


def at_least(low: float, *, changes: bool = False) -> dict[str, Any]:
    """Metadata of a field whose value has a least one, and is finite. Arguments as `within`."""
    return within(low, math.inf, changes=changes)


def changing() -> dict[str, Any]:
    """Metadata of a field whose value may change while the node runs."""
    return {_CHANGES: True}


def _written(value: Any) -> str:
    """A value as a file would have it, its texts in quotes."""
    return f"[{', '.join(map(repr, value))}]" if isinstance(value, tuple) else format_value(value)


def fixed(default: Any, why: str) -> Any:
    """A field that has its default alone, and why; MISSING for one that the node alone knows."""
    return field(default=default, metadata={_ONLY: why})


def idle(default: Any, why: str) -> Any:
    """A field whose value counts for nothing, and why."""
    return field(default=default, metadata={_IDLE: why})


def described(about: str, bounds: tuple[float, float] | None) -> dict[str, Any]:
    """Metadata of a field that is made at run time: what it means, and its bounds where it has any."""
    return {_ABOUT: about, _RANGE: bounds}
