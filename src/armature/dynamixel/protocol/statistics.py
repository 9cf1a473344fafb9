"""How well the bus works, in numbers: per servo, per bus, and the time that cycles take.

For whoever reports it: `ServoBus.statistics()` makes a frozen snapshot; whoever runs the loop feeds `CycleTimes`.
All counts run from the making of their object and never fall.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields

# Upper edges of the histogram's bins; a last one takes what is longer [s].
BINS = (0.0005, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.05, 0.1)


@dataclass(frozen=True)
class ServoStatistics:
    """How one servo answered."""

    asked: int = 0  # requests that awaited its answer
    timeouts: int = 0  # of them without an answer in time
    corrupt: int = 0  # of them with a damaged answer
    refused: int = 0  # of them with an error number for an answer
    stale: int = 0  # answers that came after they were given up

    @property
    def error_rate(self) -> float:
        """Share of requests without a usable answer, 0 to 1."""
        return (self.timeouts + self.corrupt + self.refused) / self.asked if self.asked else 0.0


@dataclass(frozen=True)
class BusStatistics:
    """How all servos of one bus answered, and what else was on its wire."""

    servos: Mapping[int, ServoStatistics]  # by id
    retries: int = 0  # requests that were made again after they had failed
    timeouts: int = 0  # waits that ended without all answers
    corrupt: int = 0  # packets with a wrong CRC, or broken off
    stale: int = 0  # whole answers that came after their request was given up
    foreign: int = 0  # whole packets that answer no request to any servo, an echo for example
    noise: int = 0  # bytes outside of packets

    @property
    def asked(self) -> int:
        """Answers that were awaited."""
        return sum(servo.asked for servo in self.servos.values())

    @property
    def error_rate(self) -> float:
        """Share of them that did not come, or were not usable, 0 to 1."""
        failed = sum(servo.timeouts + servo.corrupt + servo.refused for servo in self.servos.values())
        return failed / self.asked if self.asked else 0.0


def merge_statistics(buses: Iterable[BusStatistics]) -> BusStatistics:
    """The statistics of several buses, whose servos have ids of their own, in one."""
    several = tuple(buses)
    counts = (item.name for item in fields(BusStatistics) if item.name != "servos")
    servos = {servo_id: servo for one in several for servo_id, servo in one.servos.items()}
    return BusStatistics(servos, **{name: sum(getattr(one, name) for one in several) for name in counts})


@dataclass(eq=False)
class Tally:
    """Counts of one servo while they grow; the fields are those of ServoStatistics."""

    asked: int = 0
    timeouts: int = 0
    corrupt: int = 0
    refused: int = 0
    stale: int = 0

    def snapshot(self) -> ServoStatistics:
        """The counts as they are now."""
        return ServoStatistics(*(getattr(self, item.name) for item in fields(ServoStatistics)))


@dataclass(frozen=True)
class CycleStatistics:
    """How long cycles took, and how many began late."""

    cycles: int
    late: int  # began later than allowed, or not at all
    longest: float  # [s]
    mean: float  # [s]
    histogram: tuple[int, ...]  # cycles by duration, one count for each of BINS and one for what is longer

    def quantile(self, share: float) -> float:
        """Upper edge of the bin in which a quantile lies [s]; the longest cycle if it is in the last.

        Args:
            share: 0 to 1.
        """
        wanted, seen = share * self.cycles, 0
        for edge, count in zip((*BINS, self.longest), self.histogram, strict=True):
            seen += count
            if seen and seen >= wanted:
                return min(edge, self.longest)
        return self.longest


@dataclass(eq=False)
class CycleTimes:
    """Durations of cycles while they come in."""

    late_after: float  # a cycle that begins later than this is late [s]
    _counts: list[int] = field(default_factory=lambda: [0] * (len(BINS) + 1))
    _late: int = 0
    _longest: float = 0.0
    _total: float = 0.0

    def note(self, duration: float, lateness: float = 0.0, skipped: int = 0) -> None:
        """One more cycle.

        Args:
            duration: from its begin to its end [s].
            lateness: of its begin [s].
            skipped: cycles before it that did not take place.
        """
        self._counts[bisect_left(BINS, duration)] += 1
        self._late += skipped + (lateness > self.late_after)
        self._total += duration
        self._longest = max(self._longest, duration)

    def snapshot(self) -> CycleStatistics:
        """The times as they are now."""
        cycles = sum(self._counts)
        mean = self._total / cycles if cycles else 0.0
        return CycleStatistics(cycles, self._late, self._longest, mean, tuple(self._counts))


def describe_histogram(histogram: Sequence[int]) -> str:
    """A histogram in one line, for example "≤1 ms: 12, ≤2 ms: 880, >100 ms: 1"; empty bins are left out."""
    names = [f"≤{1000.0 * edge:g} ms" for edge in BINS] + [f">{1000.0 * BINS[-1]:g} ms"]
    return ", ".join(f"{name}: {count}" for name, count in zip(names, histogram, strict=True) if count)
