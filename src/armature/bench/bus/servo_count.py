"""What a bus cycle costs against the number of servos; docs/measured.md says of it that it is linear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from armature.bench.bus.cycle import BAUD_RATES, Cost, compare, wire_time
from armature.bench.figure import Figure

NUMBERS = (1, 7, 16, 32, 48, 64)
_OURS, _BARE = "Armature", "bare write, poll and read"
_LEGEND = 9  # [pt]


def measure(plot: Path | None = None) -> Iterator[Figure]:
    """Cycle time and processor time by the number of servos, with the straight lines that fit them best.

    Args:
        plot: image to draw, in the format of its name's ending; none if None.
    """
    found = {
        baud_rate: [compare(number, baud_rate, (_BARE, _OURS)) for number in NUMBERS] for baud_rate in BAUD_RATES
    }
    for baud_rate, costs in found.items():
        yield from _figures(baud_rate, [cost[_OURS] for cost in costs])
    if plot is not None:
        _draw(found, plot)


def fit(numbers: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Straight line through points by least squares.

    Returns:
        Offset, slope, and the share of the variance that the line explains (R²).
    """
    slope, offset = np.polyfit(numbers, values, 1)
    residual = values - (offset + slope * numbers)
    return float(offset), float(slope), float(1.0 - np.var(residual) / np.var(values))


def _figures(baud_rate: int, costs: list[Cost]) -> list[Figure]:
    numbers = np.array(NUMBERS, dtype=np.float64)
    bus = f"at {baud_rate / 1e6:g} Mbps"
    figures = [
        Figure(
            f"bus cycle of {number} servos {bus}, p50",
            1e3 * cost.median,
            "ms",
            1e3 * wire_time(number, baud_rate),
            "the wire's time",
        )
        for number, cost in zip(NUMBERS, costs, strict=True)
    ]
    for what, values in (("bus cycle", [c.median for c in costs]), ("CPU of a cycle", [c.cpu for c in costs])):
        _, slope, share = fit(numbers, np.array(values))
        figures.append(Figure(f"{what} for each servo more {bus}", 1e3 * slope, "ms"))
        figures.append(Figure(f"{what} {bus}: R² of a straight line", share, ""))
    return figures


def _draw(found: dict[int, list[dict[str, Cost]]], path: Path) -> None:
    from matplotlib.figure import Figure as Canvas  # slow to import, and only needed here

    canvas = Canvas(figsize=(10, 4), layout="constrained")
    for axes, (baud_rate, costs) in zip(canvas.subplots(1, 2), found.items(), strict=True):
        axes.plot(NUMBERS, [1e3 * wire_time(n, baud_rate) for n in NUMBERS], "k:", label="the wire's own time")
        for name in (_BARE, _OURS):
            axes.plot(NUMBERS, [1e3 * cost[name].median for cost in costs], "o-", label=f"{name}, p50")
            axes.plot(NUMBERS, [1e3 * cost[name].cpu for cost in costs], "s--", label=f"CPU of {name}")
        axes.set(title=f"{baud_rate / 1e6:g} Mbps", xlabel="servos", ylabel="one bus cycle [ms]", xlim=0, ylim=0)
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize=_LEGEND)
    canvas.savefig(path)
