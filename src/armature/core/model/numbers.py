"""Numbers as text: in the attributes of a URDF, and in files with units."""

from __future__ import annotations

import re

from armature.errors import ConfigError

# As every reader of a URDF takes it: Python's float() takes 1_000 and digits of other scripts too.
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_GREATEST = 1e60  # of any unit; what follows from greater ones is no number any more


def decimal(text: str) -> float:
    """A number in decimal digits.

    Raises:
        ValueError: it is something else, or beyond all that can be computed with.
    """
    value = float(text)
    if not _DECIMAL.fullmatch(text) or not abs(value) <= _GREATEST:
        raise ValueError(text)
    return value


def numbers(text: str, count: int, where: str) -> tuple[float, ...]:
    """Finite numbers with spaces between them.

    Raises:
        ConfigError: another count, or something else.
    """
    allowed = "a finite number is needed" if count == 1 else f"{count} finite numbers are needed"
    try:
        values = tuple(decimal(part) for part in text.split())
    except ValueError as error:
        raise ConfigError(where, text, allowed) from error
    if len(values) != count:
        raise ConfigError(where, text, allowed)
    return values
