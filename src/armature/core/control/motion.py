"""The commanded motion of one group of joints, how far its path may be followed, and its speed scaling."""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass

from armature.core.control.tracker import Tracker
from armature.core.recovery_commands import ENABLE
from armature.core.trajectory.segments import RosTime, Segment
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import CommandRefused, GoalRefused

# No motion was planned for more than twice its speed.
_FASTEST = 2.0
# A motion that waits for the check of its path goes on once so much more of it is checked [s].
_ROOM = 1.0


@dataclass
class _CheckedPath:
    """A path that is checked while it is followed."""

    path: Trajectory
    until: float  # it may be followed up to this time of its own [s]
    is_waiting: bool = False  # for more of it


class Motion:
    """The group's tracker while there is one, and its state at times [s].

    A path may be followed before all of it is checked. Each segment ends at rest; one that would end beyond what
    is checked is not sent: the arm waits on its path, where the segment before ends.
    """

    def __init__(self) -> None:
        self.tracker: Tracker | None = None
        self._checked: _CheckedPath | None = None

    @property
    def is_paused(self) -> bool:
        """Whether a motion waits to be resumed."""
        return self.tracker is not None and self.tracker.is_paused

    @property
    def is_waiting(self) -> bool:
        """Whether a motion waits on its path until more of that is checked, and then goes on by itself."""
        checked = self._checked_path
        return checked is not None and checked.is_waiting and self.is_paused

    @property
    def _checked_path(self) -> _CheckedPath | None:
        """What is checked of the present path; None where it needs no check."""
        checked, tracker = self._checked, self.tracker
        is_present = checked is not None and tracker is not None and checked.path is tracker.path
        return checked if is_present else None

    def follow(self, tracker: Tracker, until: float) -> None:
        """Go on with a tracker whose path may be followed up to a time of its own [s]."""
        self.tracker, self._checked = tracker, _CheckedPath(tracker.path, until)

    def note_checked(self, path: Trajectory, until: float, now: float) -> None:
        """Let a path be followed up to a later time of its own [s], if it is the present one."""
        checked, tracker = self._checked_path, self.tracker
        if checked is None or tracker is None or checked.path is not path:
            return
        checked.until = until
        if self.is_waiting and until >= tracker.reach + _ROOM:
            checked.is_waiting = False
            tracker.resume(now)

    def pause(self, now: float) -> None:
        """Slow down on the path and keep the rest of the motion, until it is resumed."""
        if self._checked is not None:
            self._checked.is_waiting = False
        if self.tracker is not None:
            self.tracker.pause(now)

    def segment(self, now: float) -> Segment[RosTime] | None:
        """The set-points from now on, on no more of the path than is checked; None at rest."""
        tracker, checked = self.tracker, self._checked_path
        if tracker is None or not tracker.is_moving(now):
            return None
        if checked is None or checked.until == math.inf:
            return tracker.segment(now)
        longer = copy(tracker)
        segment = longer.segment(now)
        if longer.reach <= checked.until:
            self.tracker = longer
            return segment
        checked.is_waiting = tracker.wait()
        return tracker.segment(now) if tracker.is_moving(now) else None

    def is_moving(self, now: float) -> bool:
        """Whether the set-point moves."""
        return self.tracker is not None and self.tracker.is_moving(now)

    def setpoint(self, now: float) -> State | None:
        """What is commanded at a time, None while that is not known."""
        return None if self.tracker is None else self.tracker.setpoint(now)

    def commanded(self, now: float) -> State:
        """What is or will be commanded at a time, if nothing else comes.

        Raises:
            CommandRefused: it is not known for that time.
        """
        if self.tracker is None:
            raise CommandRefused(
                "state", "what is being commanded is not known", f"run {ENABLE}, or try again within 0.1 s"
            )
        if now < self.tracker.since:
            why = f"what was commanded before {self.tracker.since:.3f} s is not kept"
            raise CommandRefused("state", why, "ask for a time from now on, or read controller_state")
        return self.tracker.setpoint(now)

    def require(self, request: str) -> Tracker:
        """The tracker, for a request that builds on what is commanded.

        Raises:
            CommandRefused: that is not known yet.
        """
        if self.tracker is None:
            raise CommandRefused(request, "what is being commanded is not known yet", "try again within 0.3 s")
        return self.tracker


class SpeedScaling:
    """The share of the motions' own speed that clients ask for, and that the servo interface asks to keep to."""

    def __init__(self) -> None:
        self._factor = 1.0  # that clients ask for
        self._bound = 1.0  # while a servo is hot or loaded; 1 is none

    @property
    def present(self) -> float:
        """The share that motions on their paths are followed at, as far as limits allow."""
        return self._factor if self._bound >= 1.0 else min(self._factor, self._bound)

    @property
    def of_jogs(self) -> float:
        """The share of the velocity asked for that a jog takes: never more than that."""
        return min(self.present, 1.0)

    def set_factor(self, factor: float) -> None:
        """Take what a client asks for.

        Raises:
            GoalRefused: a factor out of its range; the one before stays.
        """
        if not 0.0 <= factor <= _FASTEST:
            allowed = f"give 0 to {_FASTEST:g}; 1 is the motion's own speed"
            raise GoalRefused("speed scaling factor", factor, allowed)
        self._factor = factor

    def set_bound(self, bound: float) -> bool:
        """Take what the servo interface asks for; returns whether that is new."""
        is_new, self._bound = bound != self._bound, bound
        return is_new

    def check(self, request: str) -> None:
        """Refuse a motion that would wait silently for a higher speed.

        Raises:
            CommandRefused: the speed is 0.
        """
        if self._factor == 0.0:
            raise CommandRefused(request, "the speed scaling factor is 0", "give a higher one")
        if self._bound == 0.0:
            raise CommandRefused(request, "the servo interface asks for speed 0", "see /diagnostics for why")
