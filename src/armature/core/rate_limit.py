"""Lets through some of what comes more often than it is needed."""

from __future__ import annotations

import math

_EARLY = 0.05  # what comes early by so much of a period is let through: times have rounding and jitter


class RateLimit:
    """Lets through one a period, on a fixed grid: what comes late does not put off what follows."""

    def __init__(self, period: float) -> None:
        """Args: how far apart what is let through shall be [s]."""
        self._period = period
        self.reset()

    def reset(self) -> None:
        """Let the next one through."""
        self._due = -math.inf

    def is_due(self, now: float) -> bool:
        """Whether it is time; asked once for each that comes.

        Args:
            now: its time [s]; one that goes back is that of a clock begun anew.
        """
        wait = self._due - now
        if _EARLY * self._period < wait < 2.0 * self._period:
            return False
        is_on_grid = abs(wait) < self._period
        self._due = (self._due if is_on_grid else now) + self._period
        return True
