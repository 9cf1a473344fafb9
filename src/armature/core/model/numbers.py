"""Numbers as text: in the attributes of a URDF, and in files with units."""

from __future__ import annotations

import re

from armature.errors import ConfigError

# As every reader of a URDF takes it: Python's float() takes 1_000 and digits of other scripts too.
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
PHYSICAL = 1e6
"""The greatest length, mass, moment of inertia, friction or ratio of an arm [m], [kg], …"""
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


def numbers(text: str, count: int, where: str, most: float = _GREATEST) -> tuple[float, ...]:
    """Finite numbers with spaces between them.

    Args:
        text: of a file.
        count: how many there must be.
        where: they stand, for the error.
        most: the greatest that makes sense there, whatever its sign.

    Raises:
        ConfigError: another count, a greater number, or something else.
    """
    allowed = "a finite number is needed" if count == 1 else f"{count} finite numbers are needed"
    try:
        values = tuple(decimal(part) for part in text.split())
    except ValueError as error:
        raise ConfigError(where, text, allowed) from error
    if len(values) != count:
        raise ConfigError(where, text, allowed)
    if max(map(abs, values), default=0.0) > most:
        raise ConfigError(where, text, f"it is beyond any arm: at most {most:,.0f} is read here")
    return values
