"""What a bag should hold and does not, by what its summary and its metadata promise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from armature.errors import RecordingError
from armature.recording.bag.metadata import BagNotes, read_notes
from armature.recording.bag.scan import Scan

# A recorder that dies loses what it had not flushed: at most so much [s].
UNFLUSHED = 1.0
_SECOND = 1_000_000_000
_SHOWN = 5  # topics and holes, at most


@dataclass(frozen=True)
class Losses:
    """What is missing of a bag.

    Attributes:
        promised: messages that it should hold; None where neither summary nor metadata can be read.
        missing: of each topic, as far as is known.
        holes: from when to when in its midst, since its first message [s].
        tail: how much is missing at its end, as far as is known [s].
        damaged_at: where the file cannot be read first [byte].
        is_cut: whether the file has no proper end.
    """

    promised: int | None = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    holes: tuple[tuple[float, float], ...] = ()
    tail: float = 0.0
    damaged_at: int | None = None
    is_cut: bool = False

    @property
    def messages(self) -> int:
        """How many are missing, as far as is known."""
        return sum(self.missing.values())

    @property
    def is_grave(self) -> bool:
        """Whether more is missing than a recorder that died leaves out, or nobody knows how much."""
        is_unknown = self.is_cut and self.promised is None
        is_tail_alone = not self.holes and 0.0 < self.tail <= UNFLUSHED
        return is_unknown or bool(self.holes) or (self.messages > 0 and not is_tail_alone)

    def __str__(self) -> str:
        """In one sentence; empty where nothing is missing."""
        if self.is_cut and self.promised is None:
            why = "how much is missing is unknown without its metadata.yaml"
            return f"the file is cut off at {self.damaged_at} bytes; {why}"
        if not self.messages and not self.holes:
            return "the recording was cut off: its last second may be missing" if self.is_cut else ""
        return "; ".join([self._count_words(), *self._time_words()])

    def _count_words(self) -> str:
        if not self.promised:
            return f"a part that cannot be read, at {self.damaged_at} bytes"
        share = 100.0 * self.messages / self.promised
        most = sorted(self.missing.items(), key=lambda item: -item[1])
        by_topic = ", ".join(f"{topic} {count}" for topic, count in most[:_SHOWN])
        rest = f" and {len(most) - _SHOWN} topics more" if len(most) > _SHOWN else ""
        return f"{self.messages} of {self.promised} messages are missing ({share:.2g} %): {by_topic}{rest}"

    def _time_words(self) -> list[str]:
        parts = []
        if self.holes:
            spans = ", ".join(f"{start:.2f} to {end:.2f} s" for start, end in self.holes[:_SHOWN])
            more = f" and {len(self.holes) - _SHOWN} more" if len(self.holes) > _SHOWN else ""
            parts.append(f"holes from {spans}{more}")
        if self.tail > 0.0:
            parts.append(f"its last {self.tail:.1f} s")
        if self.damaged_at is not None:
            parts.append(f"damaged at {self.damaged_at} bytes")
        return parts


def losses(scan: Scan, counts: Mapping[str, int], first: int, last: int) -> Losses:
    """What is missing after a pass over the file.

    Args:
        scan: the pass.
        counts: messages of each topic that were found.
        first: log time of the first one [ns since 1970].
        last: of the last one [ns since 1970].
    """
    notes = own_notes(scan)
    promised = scan.promised if scan.promised is not None else (notes.counts if notes else None)
    found = {**counts, **{topic: count for (topic, _), count in scan.foreign.items()}}
    missing = {topic: count - found.get(topic, 0) for topic, count in (promised or {}).items()}
    return Losses(
        promised=None if promised is None else sum(promised.values()),
        missing={topic: count for topic, count in missing.items() if count > 0},
        holes=_join_holes([((start - first) / _SECOND, (end - first) / _SECOND) for start, end in scan.holes]),
        tail=max(0.0, (notes.end - last) / _SECOND) if notes and not scan.complete else 0.0,
        damaged_at=scan.damaged_at,
        is_cut=not scan.complete,
    )


def own_notes(scan: Scan) -> BagNotes | None:
    """The metadata beside a file, if there is any and it is of this file."""
    try:
        notes = read_notes(scan.path.parent)
    except RecordingError:
        return None
    return notes if scan.path.name in notes.files else None


def _join_holes(holes: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Neighbouring chunks that are damaged are one hole."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(holes):
        if joined and start - joined[-1][1] < 0.1:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
