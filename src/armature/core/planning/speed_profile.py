"""A speed along a way over time, as cubics between the steps of its jerk."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import ruckig

from armature.core.arrays import Array

_BETWEEN = 16  # places sampled between two steps, where a passing is sought first
_ROUNDS = 4  # of Newton's method from there
_SLOWEST = 1e-6  # speed that it divides by


@dataclass(frozen=True, eq=False)
class SpeedProfile:
    """How far along a way one is, at what speed; it goes forward only."""

    times: Array  # at which the jerk steps [s], Shape (m,)
    states: Array  # then: place, speed and acceleration, Shape (m, 3)

    @staticmethod
    def of(found: ruckig.Trajectory) -> SpeedProfile:
        """A profile of one degree of freedom as ruckig gives it."""
        own = found.profiles[0][0]
        steps = [time for time in accumulate((*own.brake.t, *own.t)) if 0.0 < time < found.duration]
        times = np.unique([0.0, *steps, found.duration])
        return SpeedProfile(times, np.array([found.at_time(time) for time in times])[:, :, 0])

    @property
    def duration(self) -> float:
        """Of the whole [s]."""
        return float(self.times[-1])

    @property
    def places(self) -> Array:
        """Where the jerk steps, Shape (m,)."""
        return self.states[:, 0]

    def at(self, times: Array) -> Array:
        """Place, speed and acceleration at times [s], Shape (k, 3)."""
        index = np.clip(self.times.searchsorted(times, side="right") - 1, 0, len(self.times) - 2)
        since = times - self.times[index]
        jerk = np.diff(self.states[:, 2]) / np.diff(self.times)
        place, speed, acceleration = self.states[index].T
        jerks = jerk[index]
        return np.column_stack(
            (
                place + since * (speed + since * (acceleration / 2.0 + since * jerks / 6.0)),
                speed + since * (acceleration + since * jerks / 2.0),
                acceleration + since * jerks,
            )
        )

    def passing(self, places: Array) -> Array:
        """When it passes places between its ends [s], Shape (k,)."""
        shares = np.linspace(0.0, 1.0, _BETWEEN, endpoint=False)
        times = np.append((self.times[:-1, None] + np.diff(self.times)[:, None] * shares).ravel(), self.duration)
        found: Array = np.interp(places, np.maximum.accumulate(self.at(times)[:, 0]), times)
        for _ in range(_ROUNDS):
            place, speed, _ = self.at(found).T
            found = np.clip(found - (place - places) / np.maximum(speed, _SLOWEST), 0.0, self.duration)
        return found
