"""The numbers of a report, and their lines of text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from armature.recording.report.analysis import Rate


@dataclass(frozen=True)
class JointSummary:
    """How one joint followed.

    Attributes:
        name: of the joint.
        linear: whether its lengths are [m]; else [rad].
        readings: positions received.
        travel: from its smallest to its largest position.
        largest_error: greatest distance between commanded and measured, None without a command.
        at: when that was, since the start [s].
        rms_error: root mean square of the same.
        lag: time by which measured follows commanded [s], None where the joint moved too little.
    """

    name: str
    linear: bool
    readings: int
    travel: float
    largest_error: float | None
    at: float | None
    rms_error: float | None
    lag: float | None

    def format(self, value: float) -> str:
        """A length as an operator reads it."""
        return f"{1000 * value:.2f} mm" if self.linear else f"{math.degrees(value):.2f}°"

    def exact(self, value: float) -> str:
        """The same in the unit of the messages."""
        return f"{value:.5f} m" if self.linear else f"{value:.4f} rad"

    @property
    def lag_text(self) -> str:
        """The lag as text, also if there is none."""
        return "unknown" if self.lag is None else f"{round(1000 * self.lag)} ms"


@dataclass(frozen=True)
class ReportSummary:
    """What a report found.

    Attributes:
        bag: the bag.
        out: the HTML file.
        start: of the recording [ns since 1970].
        duration: [s].
        messages: in the bag.
        commands: the topic that the measured positions were compared with, "" if there is none.
        joints: in the order of the bag.
        rate: of /joint_states, None for fewer than three.
        faults: how many appeared.
        dropped: messages that the recorder lost.
        notes: what the reader must know to trust the rest.
        lost: what is missing beyond the last second of a recorder that died, or "".
    """

    bag: Path
    out: Path
    start: int
    duration: float
    messages: int
    commands: str
    joints: tuple[JointSummary, ...]
    rate: Rate | None
    faults: int
    dropped: int
    notes: tuple[str, ...]
    lost: str = ""

    @property
    def worst(self) -> JointSummary | None:
        """The joint with the largest following error; angles go before lengths, which do not compare."""
        known = [joint for joint in self.joints if joint.largest_error is not None]
        return max(known, key=lambda joint: (not joint.linear, joint.largest_error), default=None)

    @property
    def slowest(self) -> JointSummary | None:
        """The joint with the longest lag."""
        known = [joint for joint in self.joints if joint.lag is not None]
        return max(known, key=lambda joint: joint.lag or 0.0, default=None)

    def lines(self) -> list[str]:
        """The report in a few lines of text."""
        lines = [f"{self.bag}: {self.duration:.1f} s, {self.messages} messages, {self.dropped} dropped"]
        lines += [_joint_line(joint) for joint in self.joints]
        if self.rate is not None:
            lines.append(
                f"joint states {self.rate.mean:.1f} Hz, jitter {1000 * self.rate.jitter:.1f} ms (99 %), "
                f"longest period {1000 * self.rate.longest:.1f} ms, {len(self.rate.gaps)} gaps"
            )
        lines.append(f"{self.faults} faults")
        return [*lines, *(f"note: {note}" for note in self.notes), f"report: {self.out}"]


def _joint_line(joint: JointSummary) -> str:
    if joint.largest_error is None or joint.at is None:
        return f"{joint.name}: no command to compare with"
    error = f"{joint.format(joint.largest_error)} ({joint.exact(joint.largest_error)}) at {joint.at:.2f} s"
    return f"{joint.name}: largest following error {error}, lag {joint.lag_text}"
