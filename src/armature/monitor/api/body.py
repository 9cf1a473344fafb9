"""Reads the JSON bodies of commands; an error names the field, the value and the bound."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any

from armature.errors import GoalRefused, bounds


def parse(data: bytes, fields: Collection[str]) -> dict[str, Any]:
    """Read a JSON object that has exactly these fields.

    Raises:
        GoalRefused: not JSON, not an object, a field too many or missing, NaN or an infinity.
    """
    try:
        body = json.loads(data or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, GoalRefused):
            raise
        raise GoalRefused("body", _shorten(data), "it must be a JSON object") from error
    if not isinstance(body, dict):
        raise GoalRefused("body", type(body).__name__, "it must be a JSON object")
    require_fields(body, fields)
    return body


def require_fields(body: dict[str, Any], fields: Collection[str]) -> None:
    """Refuse an object that has not exactly these fields.

    Raises:
        GoalRefused: a field too many or missing.
    """
    for name in sorted(set(body) ^ set(fields)):
        expected = f"the fields are {', '.join(sorted(fields)) or 'none'}"
        raise GoalRefused(name, "unknown field" if name in body else "missing", expected)


def number(body: dict[str, Any], name: str, lower: float, upper: float, unit: str) -> float:
    """A finite number within bounds.

    Raises:
        GoalRefused: not a number, or outside the bounds.
    """
    value = body[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise GoalRefused(name, _shorten(value), f"it must be a number from {lower:g} to {upper:g} {unit}")
    # An integer too large for a float would raise OverflowError; comparing is exact for any size.
    if not lower <= value <= upper or not math.isfinite(value):
        told = bounds(lower, upper, value, "g")
        raise GoalRefused(name, _shorten(value), f"it must be a number from {told} {unit}")
    return float(value)


def whole_number(body: dict[str, Any], name: str) -> int:
    """A whole number from 0 to 2^53 - 1, the largest that JavaScript holds exactly.

    Raises:
        GoalRefused: not a whole number, or outside the bounds.
    """
    value = body[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise GoalRefused(name, _shorten(value), "it must be a whole number from 0 to 2^53 - 1")
    return value


def choice(body: dict[str, Any], name: str, known: Collection[str]) -> str:
    """One of the known names.

    Raises:
        GoalRefused: none of them.
    """
    value = body[name]
    if not isinstance(value, str) or value not in known:
        raise GoalRefused(name, _shorten(value), f"it must be one of {', '.join(known) or '(there is none)'}")
    return value


def flag(body: dict[str, Any], name: str) -> bool:
    """True or false.

    Raises:
        GoalRefused: neither.
    """
    value = body[name]
    if not isinstance(value, bool):
        raise GoalRefused(name, _shorten(value), "it must be true or false")
    return value


def text(body: dict[str, Any], name: str, longest: int) -> str:
    """A text of bounded length.

    Raises:
        GoalRefused: not a text, or too long.
    """
    value = body[name]
    if not isinstance(value, str) or len(value) > longest:
        raise GoalRefused(name, "…", f"it must be a text of at most {longest} characters")
    return value


def _refuse_constant(name: str) -> float:
    raise GoalRefused("body", name, "numbers must be finite")


def _shorten(value: object) -> str:
    shown = value.decode(errors="replace") if isinstance(value, bytes) else str(value)[:200]
    return shown if len(shown) <= 60 else shown[:59] + "…"
