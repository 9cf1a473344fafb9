"""How well a servo is: stages of a value that must not rise, and how long its motor can go on like this."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

from armature.errors import ConfigError


class Stage(IntEnum):
    """How far a value has come; each stage includes what the ones before it ask for."""

    WELL = 0
    WARN = 1  # say so
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
            return Stage.WELL
        if math.isnan(value):
            return present
        for stage, begin in ((Stage.STOP, self.stop), (Stage.SLOW, self.slow), (Stage.WARN, self.warn)):
            if value >= begin - (self.hysteresis if present >= stage else 0.0):
                return stage
        return Stage.WELL

    def release(self, stage: Stage) -> float:
        """Below which value a stage ends; the lowest stage never does."""
        begins = {Stage.WELL: -math.inf, Stage.WARN: self.warn, Stage.SLOW: self.slow, Stage.STOP: self.stop}
        return begins[stage] - self.hysteresis


class Lasting:
    """How long something has been so without a break."""

    def __init__(self) -> None:
        self._since = math.nan

    def forget(self) -> None:
        """Begin anew."""
        self._since = math.nan

    def look(self, is_so: bool, now: float) -> float:
        """See whether it is so now [s]; returns for how long [s], NaN where it is not."""
        if not is_so:
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

    def settled(self, load: float) -> float:
        """Temperature at which a lasting load, as a share of the stall torque, ends [°C]."""
        return self.room + self.rise_at_stall * load * load

    def after(self, temperature: float, load: float, seconds: float) -> float:
        """Temperature some seconds from now under this load [°C]."""
        end = self.settled(load)
        return end + (temperature - end) * math.exp(-seconds / self.time)

    def time_to(self, limit: float, temperature: float, load: float) -> float:
        """How long the servo can go on like this before it reaches a limit.

        Args:
            limit: [°C]; NaN where it is not known.
            temperature: now [°C]; NaN where it is not known.
            load: root mean square, as a share of the stall torque.

        Returns:
            Seconds; 0 where it is there already, infinity where it never gets there, NaN where nobody knows.
        """
        if math.isnan(limit + temperature + load):
            return math.nan
        if temperature >= limit:
            return 0.0
        end = self.settled(load)
        if end <= limit:
            return math.inf
        return self.time * math.log((end - temperature) / (end - limit))
