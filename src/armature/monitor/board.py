"""The newest values of each topic, and which of them are fresh enough to be shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from armature.monitor.gateway import (
    Controller,
    DiagnosticProblem,
    MotionStatus,
    Recording,
    ServoInterfaceState,
    Snapshot,
    Source,
)
from armature.monitor.readings import NewestReadings

# Without any message for so long the servo interface counts as silent [s]; promise 4 allows one second.
SILENT = 0.9
# Diagnostics come at 1 Hz; older ones are stale [s] (diagnostic_aggregator's default).
STALE = 5.0
# The recorder reports at 2 Hz; after so long without a report its recording is not shown any more [s].
RECORDER_SILENT = 1.5
# Everybody may publish diagnostics; so many statuses are kept. A frame has all of them: more would delay STOP.
MOST_STATUSES = 300
LEVELS = ("OK", "WARN", "ERROR", "STALE")  # diagnostic_msgs/DiagnosticStatus
# States in which no servo may be readable: a diagnostic message alone is a sign of life.
_WITHOUT_READINGS = ("STARTING", "DISCONNECTED", "FAULT")


@dataclass(frozen=True)
class Diagnostic:
    """One status of /diagnostics."""

    name: str
    level: int  # index in LEVELS
    message: str
    values: Mapping[str, str] = field(default_factory=dict)


class Board:
    """The newest values by topic. Every time is a monotonic time in seconds, given by the caller."""

    def __init__(self, joints: Iterable[str], periods: Mapping[str, float]) -> None:
        """Make an empty board.

        Args:
            joints: names of the driven joints, in the order shown.
            periods: the longest usual silence [s] of each topic that is published regularly.
        """
        self.readings = NewestReadings(joints)
        self.motion: MotionStatus | None = None
        self.protective_stop: bool | None = None
        self._periods = dict(periods)
        self._received_at: dict[str, float] = {}
        self._alive_at: float | None = None
        self._diagnosed_at: float | None = None
        self._state: ServoInterfaceState | None = None
        self._statuses: dict[str, tuple[float, Diagnostic]] = {}
        self._following_error: tuple[float, Mapping[str, float]] | None = None
        self._recording: Recording | None = None
        self._recorder_reported_at = 0.0
        self._recording_since: float | None = None

    def note_message(self, topic: str, now: float, *, servo_interface: bool = False) -> None:
        """Note that a message was received, and whether the servo interface sent it."""
        self._received_at[topic] = now
        if servo_interface:
            self._alive_at = now

    def update_state(self, now: float, name: str, values: Mapping[str, str]) -> None:
        """Store the state of the servo interface."""
        self._alive_at = now
        self._state = ServoInterfaceState(name, values.get("why", ""), values=dict(values))

    def update_diagnostics(self, now: float, statuses: Iterable[Diagnostic], *, servo_interface: bool) -> None:
        """Store diagnostics; of each name the newest counts, and of all names those that were reported last."""
        self._statuses.update({status.name: (now, status) for status in statuses})
        if len(self._statuses) > MOST_STATUSES:
            for name in sorted(self._statuses, key=lambda name: self._statuses[name][0])[:-MOST_STATUSES]:
                del self._statuses[name]
        if servo_interface:
            self._diagnosed_at = now

    def last_outcome(self, controller: str, since: float) -> str:
        """What a controller has reported of its last goal since a time [s]; empty where it has not."""
        reported, status = self._statuses.get(controller, (-math.inf, None))
        return status.values.get("last", "") if status is not None and reported >= since else ""

    def update_following_errors(self, now: float, following_error: Mapping[str, float]) -> None:
        """Store the following errors of the arm controller [rad] by joint."""
        self._following_error = (now, dict(following_error))

    def update_recording(self, now: float, recording: Recording) -> None:
        """Store what the recorder reports."""
        before = self._recording
        self._recording = recording
        self._recorder_reported_at = now
        if not recording.active:
            self._recording_since = None
        elif before is not None and not before.active:
            self._recording_since = now

    def at(self, now: float) -> Snapshot:
        """The values that are fresh enough to be shown at this moment."""
        state = self._state_at(now)
        return Snapshot(
            state=state,
            joints=self.readings.at(now),
            protective_stop=self.protective_stop,
            faults=tuple(self._faults_at(now)),
            controller=self._controller_at(now),
            motion=self.motion,
            recording=self._recording_at(now),
            sources=tuple(self._source(topic, now) for topic in self._periods),
            time=now,
        )

    def _state_at(self, now: float) -> ServoInterfaceState:
        if self._state is None or self._alive_at is None:
            return _silent("no message from the servo interface yet", None)
        age = now - self._alive_at
        diagnosed = self._diagnosed_at is not None and now - self._diagnosed_at < STALE
        if age > SILENT and not (diagnosed and self._state.name in _WITHOUT_READINGS):
            return _silent(f"no message from the servo interface for {age:.1f} s", age)
        return replace(self._state, age=age)

    def _faults_at(self, now: float) -> Iterable[DiagnosticProblem]:
        ranked = sorted(self._statuses.values(), key=lambda item: -item[1].level)
        for reported, status in ranked:
            age = now - reported
            if age > STALE:
                yield DiagnosticProblem(status.name, "STALE", f"no report for {age:.0f} s", age, status.values)
            elif status.level > 0:
                yield DiagnosticProblem(
                    status.name, LEVELS[min(status.level, 3)], status.message, age, status.values
                )

    def _controller_at(self, now: float) -> Controller:
        if self._following_error is None:
            return Controller()
        reported, errors = self._following_error
        age = now - reported
        return Controller(age, errors if age < SILENT else {})

    def _recording_at(self, now: float) -> Recording:
        if self._recording is None or now - self._recorder_reported_at > RECORDER_SILENT:
            return Recording()
        if self._recording_since is None:
            return self._recording
        return replace(self._recording, elapsed=now - self._recording_since)

    def _source(self, topic: str, now: float) -> Source:
        age = now - self._received_at[topic] if topic in self._received_at else None
        return Source(topic, age, age is not None and age <= self._periods[topic])


def _silent(reason: str, age: float | None) -> ServoInterfaceState:
    """Its last report is out of date; and it is the software that is silent, not the servos' cable."""
    return ServoInterfaceState("DISCONNECTED", reason, age, {"cause": "servo_interface"})
