"""What happened during a recording, from the messages that report it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# action_msgs/GoalStatus, from its definition.
_GOALS = {2: "executing", 3: "canceling", 4: "succeeded", 5: "canceled", 6: "aborted"}
_EXECUTING = 2
_ERROR = 2  # diagnostic_msgs/DiagnosticStatus.ERROR


@dataclass(frozen=True)
class Entry:
    """Something that happened.

    Attributes:
        time: since the beginning of the recording [s].
        kind: "state", "fault", "cleared", "stop", "goal" or "event".
        text: what.
        bad: whether it needs attention.
    """

    time: float
    kind: str
    text: str
    bad: bool = False


@dataclass(frozen=True)
class Phase:
    """A time in one state."""

    state: str
    torque: str
    start: float  # [s]
    end: float  # [s]


class Timeline:
    """Collects entries and phases from messages in the order of time."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self.entries: list[Entry] = []
        self._states: list[tuple[float, str, str]] = []
        self._faults: dict[str, str] = {}
        self._goals: dict[bytes, int] = {}
        self._stopped: bool | None = None

    def phases(self, end: float) -> list[Phase]:
        """The states one after the other, the last one until `end` [s]."""
        starts = [*(time for time, _, _ in self._states), end]
        return [Phase(s, torque, t, starts[i + 1]) for i, (t, s, torque) in enumerate(self._states)]

    def state(self, time: float, message: Any) -> None:
        """Take a message of /servo_interface/state."""
        values = {pair.key: pair.value for pair in message.values}
        now = (message.message, values.get("torque", ""))
        if self._states and self._states[-1][1:] == now:
            return
        self._states.append((time, *now))
        why = f": {values['why']}" if values.get("why") else ""
        self._add(time, "state", f"{now[0]}, torque {now[1] or 'unknown'}{why}", _level(message) >= _ERROR)

    def diagnostics(self, time: float, message: Any) -> None:
        """Take a message of /diagnostics: an error that appears, changes or goes is an entry."""
        for status in message.status:
            cause = status.message if _level(status) >= _ERROR else ""
            before = self._faults.get(status.name, "")
            self._faults[status.name] = cause
            if cause and cause != before:
                self._add(time, "fault", f"{status.name}: {cause}", True)
            elif before and not cause:
                self._add(time, "cleared", f"{status.name}: {before}")

    def protective_stop(self, time: float, message: Any) -> None:
        """Take a message of /protective_stop."""
        stopped = bool(message.data)
        if stopped != self._stopped and (stopped or self._stopped is not None):
            self._add(time, "stop", "protective stop" if stopped else "protective stop released", stopped)
        self._stopped = stopped

    def goals(self, time: float, message: Any) -> None:
        """Take a message of an action's status topic."""
        for goal in message.status_list:
            name, status = bytes(goal.goal_info.goal_id.uuid), int(goal.status)
            before = self._goals.get(name)
            self._goals[name] = status
            # A goal that had ended when it was first seen belongs to the time before the recording.
            if status in _GOALS and status != before and (before is not None or status == _EXECUTING):
                self._add(time, "goal", f"goal {name.hex()[:8]} {_GOALS[status]}", status == 6)

    def events(self, time: float, message: Any) -> None:
        """Take a message of /events."""
        for status in message.status:
            values = ", ".join(f"{pair.key} {pair.value}" for pair in status.values)
            text = f"{status.name}: {status.message}" + (f" ({values})" if values else "")
            self._add(time, "event", text, _level(status) >= _ERROR)

    def _add(self, time: float, kind: str, text: str, bad: bool = False) -> None:
        self.entries.append(Entry(time, kind, text, bad))


def torque_on(phases: Iterable[Phase]) -> list[tuple[float, float]]:
    """Times in which torque was on, from start to end [s]."""
    return [(phase.start, phase.end) for phase in phases if phase.torque == "on"]


def _level(status: Any) -> int:
    level = status.level
    return level[0] if isinstance(level, (bytes, bytearray)) else int(level)
