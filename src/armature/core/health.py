"""The health of a servo: stages of a value that must not rise, and how long its motor can bear its load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

from armature.errors import ConfigError


class Stage(IntEnum):
    """How far a value has risen; each stage includes what the ones before it ask for."""

    NORMAL = 0
    WARN = 1  # report it
    SLOW = 2  # ask for less speed
    STOP = 3  # react as the policy of the cause says


@dataclass(frozen=True)
class Thresholds:
    """Where each stage begins; it ends `hysteresis` below, so that a value on the edge does not flicker.

    Raises:
        ConfigError: the stages are not in order, or the hysteresis is negative.
    """

    warn: float
    slow: float
    stop: float
    hysteresis: float

    def __post_init__(self) -> None:
        if not self.warn <= self.slow <= self.stop < math.inf:
            stages = f"{self.warn:g}, {self.slow:g}, {self.stop:g}"
            raise ConfigError("thresholds warn, slow, stop", stages, "each must be at least the one before it")
        if not 0.0 <= self.hysteresis < math.inf:
            raise ConfigError("threshold hysteresis", self.hysteresis, "it must be at least 0")

    def stage(self, value: float, present: Stage) -> Stage:
        """The stage of a value, coming from the present one; what was not read (NaN) changes nothing."""
        if value < self.warn - self.hysteresis:  # as nearly always
            return Stage.NORMAL
        if math.isnan(value):
            return present
        for stage, begin in ((Stage.STOP, self.stop), (Stage.SLOW, self.slow), (Stage.WARN, self.warn)):
            if value >= begin - (self.hysteresis if present >= stage else 0.0):
                return stage
        return Stage.NORMAL

    def release(self, stage: Stage) -> float:
        """Below which value a stage ends; the lowest stage never does."""
        begins = {Stage.NORMAL: -math.inf, Stage.WARN: self.warn, Stage.SLOW: self.slow, Stage.STOP: self.stop}
        return begins[stage] - self.hysteresis


class ConditionTimer:
    """For how long a condition has held without a break."""

    def __init__(self) -> None:
        self._since = math.nan

    def reset(self) -> None:
        """Start over."""
        self._since = math.nan

    def update(self, holds: bool, now: float) -> float:
        """Take whether the condition holds now [s]; returns for how long it has [s], NaN where it does not."""
        if not holds:
            self._since = math.nan
        elif math.isnan(self._since):
            self._since = now
        return now - self._since


class MeanSquare:
    """A load's mean square over about the last `time` seconds, as a motor's winding feels it.

    First-order low-pass of the square: heat in a winding is proportional to the square of its current.
    """

    def __init__(self, time: float) -> None:
        """Args: the time constant [s]."""
        self._time = time
        self._square = 0.0
        self._at: float | None = None

    def add(self, load: float, now: float) -> None:
        """Take a load, as a share of the stall torque; what was not read (NaN) is left out."""
        if math.isnan(load):
            return
        gap = 0.0 if self._at is None else max(0.0, now - self._at)
        self._square += (load * load - self._square) * -math.expm1(-gap / self._time)
        self._at = now

    @property
    def root(self) -> float:
        """Root of the mean square, as a share of the stall torque."""
        return math.sqrt(self._square)


@dataclass(frozen=True)
class ThermalModel:
    """The housing's temperature under a load that lasts: one mass, one way for the heat to leave.

    T(t) = T∞ + (T0 − T∞) · exp(−t / time), T∞ = room + rise_at_stall · load². No maker publishes these figures;
    the defaults make a servo at 40 % of its stall torque end 55 K above the room.
    """

    room: float = 25.0  # [°C]
    rise_at_stall: float = 340.0  # [K]
    time: float = 300.0  # [s]

    def steady_temperature(self, load: float) -> float:
        """Temperature at which a lasting load, as a share of the stall torque, ends [°C]."""
        return self.room + self.rise_at_stall * load * load

    def temperature_after(self, temperature: float, load: float, seconds: float) -> float:
        """Temperature some seconds from now under this load [°C]."""
        end = self.steady_temperature(load)
        return end + (temperature - end) * math.exp(-seconds / self.time)

    def time_to(self, limit: float, temperature: float, load: float) -> float:
        """How long the servo can bear this load before it reaches a temperature limit.

        Args:
            limit: [°C]; NaN where it is not known.
            temperature: now [°C]; NaN where it is not known.
            load: root mean square, as a share of the stall torque.

        Returns:
            Seconds; 0 where it is there already, infinity where it never gets there, NaN where it is not known.
        """
        if math.isnan(limit + temperature + load):
            return math.nan
        if temperature >= limit:
            return 0.0
        end = self.steady_temperature(load)
        if end <= limit:
            return math.inf
        return self.time * math.log((end - temperature) / (end - limit))
