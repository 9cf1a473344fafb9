"""One measured figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Figure:
    """A figure with what it is held against, measured in the same run."""

    HEADER: ClassVar[str] = ""
    failures: ClassVar[list[str]] = []  # it has no bound of its own

    name: str
    value: float
    unit: str
    reference: float | None = None
    reference_name: str = ""

    @property
    def ratio(self) -> float | None:
        """The value in units of the reference."""
        return None if not self.reference else self.value / self.reference

    def __str__(self) -> str:
        text = f"{self.name:<58}{self.value:>10.3f} {self.unit}"
        if self.ratio is None:
            return text
        return f"{text:<78} {self.ratio:.2f} x {self.reference_name} ({self.reference:.3f} {self.unit})"


def quantiles(name: str, values: Sequence[float] | NDArray[np.float64], unit: str, *at: float) -> list[Figure]:
    """Figures of some quantiles, 0 to 1."""
    return [Figure(f"{name}, p{100 * q:g}", float(np.quantile(values, q)), unit) for q in at]
