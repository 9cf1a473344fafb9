"""The fields of a mapping in the wiring file, read on behind those that cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from armature.core.refusals import Refusals
from armature.errors import ConfigError, listed


class Fields:
    """The fields of one mapping; `refusals` has what in them cannot be used.

    Args:
        content: of the file; see `require_mapping`.
        where: its place, for errors.
        known: all keys that it may have.
    """

    def __init__(self, content: object, where: str, known: tuple[str, ...]) -> None:
        self.content = require_mapping(content, where)
        self.refusals = Refusals()
        self._where = where
        with self.refusals.noted():
            require_known_keys(self.content, known, where)

    def read(self, key: str, reader: Callable[[Any, str], Any]) -> Any:
        """What a reader makes of a field's value, given with its place; None where it refuses that."""
        made: list[Any] = []
        with self.refusals.noted():
            made.append(reader(self.content.get(key), f"{self._where}.{key}"))
        return made[0] if made else None


def require_mapping(value: object, where: str) -> Mapping[str, Any]:
    """A mapping of the file.

    Raises:
        ConfigError: it is something else.
    """
    if not isinstance(value, Mapping):
        raise ConfigError(where, value, "names with values are needed here")
    return value


def require_known_keys(content: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    """Accept known keys alone.

    Raises:
        ConfigError: all others.
    """
    unknown = (ConfigError(where, key, listed("keys", allowed)) for key in content if key not in allowed)
    Refusals(unknown).raise_all()
