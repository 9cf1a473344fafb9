"""Numbers in the attributes of a URDF."""

from __future__ import annotations

import math

from armature.errors import ConfigError


def numbers(text: str, count: int, where: str) -> tuple[float, ...]:
    """Finite numbers with spaces between them.

    Raises:
        ConfigError: another count, or something else.
    """
    allowed = "a finite number is needed" if count == 1 else f"{count} finite numbers are needed"
    try:
        values = tuple(float(part) for part in text.split())
    except ValueError as error:
        raise ConfigError(where, text, allowed) from error
    if len(values) != count or not all(map(math.isfinite, values)):
        raise ConfigError(where, text, allowed)
    return values
