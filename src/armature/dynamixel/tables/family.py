"""What a family of servos offers to the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from armature.dynamixel.tables.model import ServoModel


@dataclass(frozen=True)
class Family:
    """Models that share a control table, more or less."""

    name: str
    baud_rates: tuple[int, ...]  # that one of them has at least [bit/s]
    numbers: Callable[[], Mapping[str, int]]  # model numbers by product name
    model: Callable[[str], ServoModel]  # by product name; the same object each time
