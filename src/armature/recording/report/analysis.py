"""Numbers of a recording: following error, command-to-state delay, rate and gaps. Times in [s], ascending."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_GAP = 2.5  # periods beyond this many medians are gaps
_BRIDGE = 0.1  # [s]; nothing is interpolated across a gap that is longer
_LEAST_CONTRAST = 0.05
_SHORTEST_DELAY, _LONGEST_DELAY, _DELAY_STEP = -0.1, 0.6, 0.005  # [s]


@dataclass(frozen=True)
class Series:
    """Values over time, and where known their rates of change, all of shape (n,)."""

    times: Array
    values: Array
    slopes: Array | None = None

    def __len__(self) -> int:
        return len(self.times)

    @property
    def travel(self) -> float:
        """From the smallest to the largest value."""
        return float(np.ptp(self.values)) if len(self) else 0.0


@dataclass(frozen=True)
class Gap:
    """A time without a message, from the last before to the first after."""

    start: float  # [s]
    length: float  # [s]


@dataclass(frozen=True)
class Rate:
    """How regularly messages come.

    Attributes:
        mean: messages a second, gaps included [Hz].
        period: the median [s].
        jitter: of the periods, 99 % deviate less from the median [s].
        longest: the longest period [s].
        gaps: periods longer than 2.5 medians.
    """

    mean: float
    period: float
    jitter: float
    longest: float
    gaps: tuple[Gap, ...]


def series(times: list[float], values: list[float], slopes: list[float]) -> Series:
    """Sort by time; of equal times the last sample counts; values that are not finite are left out.

    Args:
        times: [s].
        values: as many.
        slopes: as many, or of another length where some are not known: then none are used.
    """
    known = len(slopes) == len(times) and bool(np.isfinite(slopes).all())
    samples = zip(times, values, slopes if known else values, strict=True)
    last = {time: (value, slope) for time, value, slope in samples if np.isfinite(value)}
    order = sorted(last)
    columns = np.array([last[time] for time in order], dtype=np.float64).reshape(-1, 2)
    return Series(np.array(order, dtype=np.float64), columns[:, 0], columns[:, 1] if known else None)


def following_error(commanded: Series, measured: Series) -> Series:
    """Commanded minus measured at each reading that has a command near on both sides."""
    near = _near(commanded, measured.times)
    at = measured.times[near]
    return Series(at, _at(commanded, at) - measured.values[near])


def delay(commanded: Series, measured: Series, least_travel: float) -> float | None:
    """Time by which measured follows commanded: the shift that leaves the smallest variance between them.

    The variance takes no notice of a constant offset, so a sagging joint is not taken for a late one.

    Args:
        commanded: what was asked for.
        measured: what was reached.
        least_travel: movement below which no delay can be measured.

    Returns:
        The delay [s], or None where the joint moved too little or no shift up to 0.6 s fits best.
    """
    shifts = np.arange(_SHORTEST_DELAY, _LONGEST_DELAY + _DELAY_STEP / 2, _DELAY_STEP)
    usable = _near(measured, commanded.times + shifts[0]) & _near(measured, commanded.times + shifts[-1])
    times, values = commanded.times[usable], commanded.values[usable]
    if len(times) < 10 or np.ptp(values) < least_travel:
        return None
    costs = np.array([np.var(values - np.interp(times + s, measured.times, measured.values)) for s in shifts])
    best = int(np.argmin(costs))
    told_apart = np.ptp(costs) > (_LEAST_CONTRAST * least_travel) ** 2  # on a steady ramp all shifts fit alike
    if best in (0, len(shifts) - 1) or not told_apart:
        return None
    return float(shifts[best] + _vertex(costs[best - 1 : best + 2]) * _DELAY_STEP)


def rate(times: Array) -> Rate | None:
    """Rate of messages at ascending times; None for fewer than three."""
    if len(times) < 3:
        return None
    periods = np.diff(times)
    median = float(np.median(periods))
    return Rate(
        mean=float((len(times) - 1) / (times[-1] - times[0])),
        period=median,
        jitter=float(np.percentile(np.abs(periods - median), 99)),
        longest=float(periods.max()),
        gaps=tuple(Gap(float(times[i]), float(periods[i])) for i in np.flatnonzero(periods > _GAP * median)),
    )


def within(times: Array, intervals: list[tuple[float, float]]) -> NDArray[np.bool_]:
    """Which times lie in one of the intervals."""
    inside = np.zeros(len(times), dtype=np.bool_)
    for start, end in intervals:
        inside |= (times >= start) & (times < end)
    return inside


def _near(line: Series, times: Array) -> NDArray[np.bool_]:
    """Which times lie between two samples of a line that no gap parts."""
    if len(line) < 3:
        return np.zeros(len(times), dtype=np.bool_)
    periods = np.diff(line.times)
    after = np.searchsorted(line.times, times, side="right")
    inside = (after > 0) & (after < len(line))
    index = np.clip(after - 1, 0, len(periods) - 1)
    return inside & (periods[index] <= max(_GAP * float(np.median(periods)), _BRIDGE))


def _at(line: Series, times: Array) -> Array:
    """Interpolate: by cubic Hermite segments where slopes are known, else linearly."""
    if not len(times):
        return np.empty(0)
    if line.slopes is None:
        return np.asarray(np.interp(times, line.times, line.values))
    i = np.clip(np.searchsorted(line.times, times, side="right") - 1, 0, len(line) - 2)
    length = line.times[i + 1] - line.times[i]
    s = (times - line.times[i]) / length
    rise = line.values[i + 1] - line.values[i]
    bend0, bend1 = length * line.slopes[i] - rise, rise - length * line.slopes[i + 1]
    return np.asarray(line.values[i] + s * rise + s * (1.0 - s) * (bend0 * (1.0 - s) + bend1 * s))


def _vertex(costs: Array) -> float:
    """Where a parabola through three equidistant costs is lowest, in steps from the middle one."""
    left, middle, right = costs
    curvature = left - 2.0 * middle + right
    return float(0.5 * (left - right) / curvature) if curvature > 0.0 else 0.0
