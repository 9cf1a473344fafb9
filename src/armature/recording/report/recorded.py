"""A bag as the report needs it: joint series, the timeline, and what is missing."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from mcap.records import Schema
from mcap_ros2.decoder import DecoderFactory

from armature.core.model.urdf import read_urdf
from armature.errors import ArmatureError, RecordingError
from armature.recording.bag.losses import Losses, losses, own_notes
from armature.recording.bag.scan import Scan, bag_file
from armature.recording.bag.topic import Message, Topic
from armature.recording.report.analysis import Array, Series, series
from armature.recording.report.timeline import Entry, Phase, Timeline

JOINT_STATES = "/joint_states"
COMMANDED = "/servo_interface/commanded"
CONTROLLER_STATE = "/arm_controller/controller_state"
_DESCRIPTION = "/robot_description"
_STATE = "/servo_interface/state"
_DIAGNOSTICS = "/diagnostics"
_PROTECTIVE_STOP = "/protective_stop"
_GOALS = "/arm_controller/follow_joint_trajectory/_action/status"
_EVENTS = "/events"
# Without these the report says less; it says so.
_EXPECTED_TOPICS = (JOINT_STATES, COMMANDED, CONTROLLER_STATE, _DESCRIPTION, _STATE, _DIAGNOSTICS)
_READ_TOPICS = (*_EXPECTED_TOPICS, _PROTECTIVE_STOP, _GOALS, _EVENTS)
# A latched message of these that was repeated at the start of a recording speaks of an earlier time.
_MOMENTARY = (COMMANDED, CONTROLLER_STATE, _GOALS, _EVENTS)

_SECOND = 1_000_000_000
_Columns = tuple[list[float], list[float], list[float]]  # times, positions, velocities


@dataclass(frozen=True)
class Recorded:
    """What a bag holds.

    Attributes:
        bag: its path.
        losses: what is missing of it.
        left_out: why some of its messages are not used.
        start: log time of its first message [ns since 1970].
        duration: [s].
        counts: messages of each topic.
        dropped: messages of each topic that the recorder counted as lost.
        measured: position of each joint from /joint_states [rad] or [m].
        commanded: positions of each joint by the topic that commands them [rad] or [m].
        stamps: of all /joint_states [s].
        linear: joints whose positions are in metres.
        entries: what happened.
        phases: states one after the other.
        missing: topics whose absence makes the report say less.
        continues: name of the bag that an interruption parts it from.
    """

    bag: Path
    losses: Losses
    left_out: tuple[str, ...]
    start: int
    duration: float
    counts: Mapping[str, int]
    dropped: Mapping[str, int]
    measured: Mapping[str, Series]
    commanded: Mapping[str, Mapping[str, Series]]
    stamps: Array
    linear: frozenset[str]
    entries: tuple[Entry, ...]
    phases: tuple[Phase, ...]
    missing: tuple[str, ...]
    continues: str = ""

    @property
    def axis_end(self) -> float:
        """Where an axis of time ends [s]; it needs a length even if all came at once."""
        return max(self.duration, 0.001)


def read_bag(bag: Path) -> Recorded:
    """Read a bag, finished or not.

    Args:
        bag: its folder, or its MCAP file.

    Raises:
        RecordingError: it is no bag, holds no message, or several arms.
    """
    scan = Scan(bag_file(bag))
    counts: Counter[str] = Counter()
    first, last, messages = sys.maxsize, 0, []
    for message in scan.messages():
        counts[message.topic] += 1
        first, last = min(first, message.log_time), max(last, message.log_time)
        if message.topic.endswith(_READ_TOPICS):
            messages.append(message)
    if not counts:
        raise RecordingError(str(bag), _why_nothing(scan))
    notes = own_notes(scan)
    reader = _Reader(first, _namespace(bag, scan.topics))
    for message in sorted(messages, key=lambda message: message.log_time):
        reader.read(scan.topics[message.topic], message)
    duration = (last - first) / _SECOND
    return Recorded(
        bag=bag,
        losses=losses(scan, counts, first, last),
        left_out=(*_notes_on_foreign(scan), *reader.notes_on_unread()),
        start=first,
        duration=duration,
        counts=counts,
        dropped=notes.dropped if notes else {},
        continues=notes.custom.get("continues", "") if notes else "",
        measured=reader.series(JOINT_STATES),
        commanded={name: reader.series(name) for name in (COMMANDED, CONTROLLER_STATE)},
        stamps=np.unique(np.array(reader.stamps, dtype=np.float64)),
        linear=reader.linear,
        entries=tuple(reader.timeline.entries),
        phases=tuple(reader.timeline.phases(duration)),
        missing=tuple(name for name in _EXPECTED_TOPICS if name not in reader.seen),
    )


class _Reader:
    """Sorts decoded messages into series and the timeline, on one axis of time since the first message."""

    def __init__(self, start: int, namespace: str) -> None:
        self.timeline = Timeline()
        self.linear: frozenset[str] = frozenset()
        self.stamps: list[float] = []
        self.seen: set[str] = set()
        self._start, self._namespace = start, namespace
        self._offset: float | None = None
        self._unread: Counter[str] = Counter()
        self._decoders: dict[str, Callable[[bytes], Any] | None] = {}
        self._samples: dict[str, dict[str, _Columns]] = defaultdict(lambda: defaultdict(lambda: ([], [], [])))
        self._deeds: dict[str, Callable[[float, Any], None]] = {
            JOINT_STATES: self._joint_states,
            COMMANDED: self._commanded,
            CONTROLLER_STATE: self._controller_state,
            _DESCRIPTION: self._description,
            _STATE: self.timeline.state,
            _DIAGNOSTICS: self.timeline.diagnostics,
            _PROTECTIVE_STOP: self.timeline.protective_stop,
            _GOALS: self.timeline.goals,
            _EVENTS: self.timeline.events,
        }

    def read(self, topic: Topic, message: Message) -> None:
        name = topic.name.removeprefix(self._namespace)
        decode = self._decoder(topic) if name in self._deeds else None
        if decode is None:
            return
        self.seen.add(name)
        if name in _MOMENTARY and message.log_time - message.publish_time > _SECOND:
            return
        try:
            self._deeds[name]((message.log_time - self._start) / _SECOND, decode(message.data))
        except Exception:  # noqa: BLE001  # whatever somebody else's bytes make of it
            self._unread[topic.name] += 1

    def notes_on_unread(self) -> list[str]:
        return [f"{count} messages of {name} could not be decoded." for name, count in self._unread.items()]

    def series(self, name: str) -> dict[str, Series]:
        return {joint: series(*columns) for joint, columns in self._samples[name].items()}

    def _decoder(self, topic: Topic) -> Callable[[bytes], Any] | None:
        if topic.type not in self._decoders:
            schema = Schema(id=1, name=topic.type, encoding="ros2msg", data=topic.schema.encode())
            try:
                with redirect_stderr(StringIO()):  # it prints what it cannot read
                    self._decoders[topic.type] = DecoderFactory().decoder_for("cdr", schema)
            except Exception:  # noqa: BLE001  # a definition that is none
                self._decoders[topic.type] = _undecodable
        return self._decoders[topic.type]

    def _joint_states(self, time: float, message: Any) -> None:
        stamp = self._stamp(time, message)
        self.stamps.append(stamp)
        self._sample(JOINT_STATES, stamp, message.name, message.position, message.velocity)

    def _commanded(self, time: float, message: Any) -> None:
        self._sample(COMMANDED, self._stamp(time, message), message.name, message.position, message.velocity)

    def _controller_state(self, time: float, message: Any) -> None:
        stamp, reference = self._stamp(time, message), message.reference
        self._sample(CONTROLLER_STATE, stamp, message.joint_names, reference.positions, reference.velocities)

    def _description(self, _time: float, message: Any) -> None:
        try:
            joints = read_urdf(message.data, _DESCRIPTION).driven
        except ArmatureError:
            return
        self.linear = frozenset(joint.name for joint in joints if joint.kind == "prismatic")

    def _sample(self, topic: str, time: float, names: Any, positions: Any, velocities: Any) -> None:
        for joint, position, velocity in zip_longest(names, positions, velocities):
            if joint is not None and position is not None:
                times, values, slopes = self._samples[topic][joint]
                times.append(time)
                values.append(float(position))
                slopes += [] if velocity is None else [float(velocity)]

    def _stamp(self, time: float, message: Any) -> float:
        """A header's stamp on the axis of log times; under simulated time the two differ by a constant."""
        stamp = message.header.stamp
        if not (stamp.sec or stamp.nanosec):
            return time
        exact = ((int(stamp.sec) * _SECOND + int(stamp.nanosec)) - self._start) / _SECOND
        if self._offset is None:
            self._offset = 0.0 if abs(exact - time) < 1.0 else exact - time
        return exact - self._offset


def _namespace(bag: Path, topics: Mapping[str, Topic]) -> str:
    found = sorted(name.removesuffix(JOINT_STATES) for name in topics if name.endswith(JOINT_STATES))
    if len(found) > 1:
        arms = ", ".join(name or "/" for name in found)
        raise RecordingError(str(bag), f"holds several arms: {arms}; record each into its own bag")
    return found[0] if found else ""


def _undecodable(_data: bytes) -> Any:
    raise ValueError("its type has no definition")


def _why_nothing(scan: Scan) -> str:
    if scan.foreign:
        encodings = ", ".join(sorted({encoding for _, encoding in scan.foreign}))
        return f"holds no message of ROS 2 (cdr by ros2msg) but {encodings}; give a bag that ROS 2 recorded"
    notes = own_notes(scan)
    promised = sum(notes.counts.values()) if notes else 0
    where = "" if scan.damaged_at is None else f"; its file is damaged at {scan.damaged_at} bytes"
    return "holds no message" + (f", {promised} by its metadata.yaml{where}" if promised else where)


def _notes_on_foreign(scan: Scan) -> list[str]:
    foreign = scan.foreign.items()
    return [
        f"{count} messages of {topic} are {kind}, not ROS 2's cdr: left out." for (topic, kind), count in foreign
    ]
