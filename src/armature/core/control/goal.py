"""The goals of a group: how they end, the one that is followed, and a result that is still to be reported."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from armature.core.arrays import Array
from armature.core.trajectory.trajectory import State
from armature.errors import ArmatureError, GoalRefused


class End(enum.Enum):
    """Terminal states of an action's goal."""

    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    ABORTED = "aborted"


class Code(enum.IntEnum):
    """Error codes of control_msgs/FollowJointTrajectory."""

    SUCCESSFUL = 0
    INVALID_GOAL = -1
    INVALID_JOINTS = -2
    OLD_HEADER_TIMESTAMP = -3
    PATH_TOLERANCE_VIOLATED = -4
    GOAL_TOLERANCE_VIOLATED = -5


@dataclass(frozen=True)
class Outcome:
    """The end of a goal, with the reason in words."""

    end: End
    code: Code
    message: str
    is_stalled: bool = False  # a gripper that something stopped
    not_following: tuple[str, ...] = ()  # joints beyond their path or goal tolerance


OnEnd = Callable[[Outcome], None]
"""Called once with the end of a goal."""


# Fields whose refusal has an error code of its own.
_CODES = {"joint_names": Code.INVALID_JOINTS, "header.stamp": Code.OLD_HEADER_TIMESTAMP}


def refusal_outcome(error: ArmatureError) -> Outcome:
    """The end of a goal that was refused before anything moved."""
    where = error.where if isinstance(error, GoalRefused) else ""
    return abort_outcome(str(error), _CODES.get(where, Code.INVALID_GOAL))


def abort_outcome(message: str, code: Code = Code.INVALID_GOAL) -> Outcome:
    """A goal ended by something else than itself; the action has no code of its own for most reasons."""
    return Outcome(End.ABORTED, code, message)


class GoalMonitor(Protocol):
    """Decides when a goal has been reached, or has failed."""

    def check(self, time: float, end: float, desired: State, measured: State) -> Outcome | None:
        """Check one reading.

        Args:
            time: of the reading [s].
            end: when the commanded motion ends [s].
            desired: the set-point at that time.
            measured: the reading.

        Returns:
            The end of the goal, or None while it goes on.
        """


@dataclass
class FollowedGoal:
    """A goal from its begin to its end."""

    monitor: GoalMonitor
    on_end: OnEnd
    times: Array  # of its points [s]
    reached_at: float = math.inf  # in its own time [s]; infinity for where its motion ends
    is_cancelling: bool = False

    def end(self, outcome: Outcome) -> None:
        """Report its result."""
        if self.is_cancelling:
            outcome = Outcome(End.CANCELED, Code.SUCCESSFUL, outcome.message)
        self.on_end(outcome)


@dataclass(frozen=True)
class _PendingEnd:
    goal: FollowedGoal
    outcome: Outcome
    session: str  # that ends by it
    until: float  # it is reported at the latest [s]


class Goals:
    """At most one goal is followed; the end of the one before may be pending."""

    def __init__(self) -> None:
        self.followed: FollowedGoal | None = None
        self._pending: _PendingEnd | None = None

    @property
    def are_none(self) -> bool:
        """Whether no goal is followed, and no result is still to be reported."""
        return self.followed is None and self._pending is None

    def begin(self, monitor: GoalMonitor, on_end: OnEnd, times: Array, reached_at: float = math.inf) -> None:
        """Follow a goal in place of the one before.

        Args:
            monitor: decides when it has ended.
            on_end: called once with the end.
            times: of its points [s].
            reached_at: in its own time [s]; infinity for where its motion ends.
        """
        self.end(abort_outcome("replaced by a newer goal"))
        self.followed = FollowedGoal(monitor, on_end, times, reached_at)

    def end(self, outcome: Outcome) -> None:
        """End the goal that is followed, if there is one, and report its result."""
        self.report_pending()
        goal, self.followed = self.followed, None
        if goal is not None:
            goal.end(outcome)

    def end_later(self, outcome: Outcome, session: str, until: float) -> None:
        """End it now, and report that once the arm has backed off, so that the next goal finds it ready.

        Args:
            outcome: its result.
            session: that ends with it.
            until: when it is reported at the latest [s].
        """
        goal, self.followed = self.followed, None
        if goal is not None:
            self.report_pending()
            self._pending = _PendingEnd(goal, outcome, session, until)

    def report_due(self, now: float) -> None:
        """Report a result that has been pending for too long, at a time [s]."""
        if self._pending is not None and now >= self._pending.until:
            self.report_pending()

    def note_session(self, session: str) -> None:
        """Report a pending result once the arm is in another session."""
        if self._pending is not None and session not in ("", self._pending.session):
            self.report_pending()

    def report_pending(self) -> None:
        """Report a pending result now."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.goal.end(pending.outcome)

    def next_point(self, time: float) -> int:
        """Index of the goal's point that is made for at a time of its own [s], their number after the last."""
        return 0 if self.followed is None else int(np.searchsorted(self.followed.times, time, side="right"))
