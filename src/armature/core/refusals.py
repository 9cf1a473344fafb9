"""What is refused of files and parameters, collected so that all of it can be told at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from armature.errors import ConfigError, ConfigErrors


class Refusals:
    """Collects errors of a configuration, each once."""

    def __init__(self, errors: Iterable[ConfigError] = ()) -> None:
        self._found: dict[str, ConfigError] = {}
        self.add(errors)

    @property
    def found(self) -> tuple[ConfigError, ...]:
        """Each, in the order in which they were met."""
        return tuple(self._found.values())

    def add(self, errors: Iterable[ConfigError]) -> None:
        """Take further ones."""
        for error in errors:
            self._found |= {str(part): part for part in error.parts}

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Go on behind this block after what it cannot use."""
        try:
            yield
        except ConfigError as error:
            self.add([error])

    def raise_all(self) -> None:
        """Refuse what was met, if anything was.

        Raises:
            ConfigError: the only one, or all of them as `ConfigErrors`.
        """
        if self._found:
            raise self.found[0] if len(self._found) == 1 else ConfigErrors(self.found)
