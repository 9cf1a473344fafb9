"""What a group of joints does over time: motions replaced, paused, stopped, and given out in pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from armature.core import retiming
from armature.core.limits import GroupLimits
from armature.core.spline import Array
from armature.core.trajectory import State, Trajectory

# How far ahead a piece reaches at full speed, before its tail [s].
HORIZON = 0.2
# What is accepted while the joints move begins this much later, so that its first piece is with the receiver by
# then. From rest it begins at once: the receiver shifts a first piece that comes late [s].
HANDOVER = 0.05


@dataclass(frozen=True, eq=False)
class Piece:
    """What the joints shall do from a moment on, ending at rest."""

    start: float  # [s], in the clock of whoever called
    trajectory: Trajectory  # quintic, its times beginning at 0

    def setpoint(self, now: float) -> State:
        """The state at a time [s]."""
        return self.trajectory.sample(now - self.start)


class Tracker:
    """Follows one motion at a time; every change is continuous in position and velocity.

    Time is an argument, in seconds of any clock that does not jump.
    """

    def __init__(self, limits: GroupLimits, position: Array, since: float = 0.0) -> None:
        self._limits = limits
        self._paused: tuple[Trajectory, float] | None = None
        self._is_stopping = False
        self._given: Piece | None = None
        # What the tail of the last piece leaves of the motion, and the motion's time there [s].
        self._left: tuple[Trajectory, float] | None = None
        self._tail = since  # when the tail of the last piece begins [s]
        self._start = since
        self._motion = _resting(limits.joints, position)

    @property
    def end(self) -> float:
        """When the present motion comes to rest [s]."""
        return self._start + self._motion.duration

    @property
    def is_paused(self) -> bool:
        """Whether a motion was left on its path and can be resumed."""
        return self._paused is not None

    def is_moving(self, now: float) -> bool:
        """Whether the present motion has not ended yet."""
        return now < self.end

    def setpoint(self, now: float) -> State:
        """What is commanded at a time [s]."""
        return self._motion.sample(now - self._start)

    def hold(self, position: Array, since: float) -> None:
        """Begin anew, at rest at a position [rad] or [m] since a time [s]; for joints that are commanded there."""
        self._become(_resting(self._limits.joints, position), since)

    def handover(self, now: float) -> float:
        """When what is accepted now begins [s]; until then the joints go on as before."""
        return now + HANDOVER if self.is_moving(now) else now

    def plan(self, goal: Trajectory, now: float) -> Trajectory:
        """The goal as it would be followed if accepted now: begun in the set-point of the hand-over.

        Raises:
            GoalRefused: no point of the goal lies after time 0.
        """
        return goal.starting_from(self._state_at(self.handover(now)))

    def accept(self, goal: Trajectory, now: float) -> None:
        """Follow a goal in place of the present motion.

        Args:
            goal: columns in the group's order; its time 0 is the hand-over.
            now: [s].

        Raises:
            GoalRefused: no point of the goal lies after time 0.
        """
        self._go_over(retiming.rounded(self.plan(goal, now)), now, self.handover(now))

    def move(self, build: Callable[[State], Trajectory], now: float) -> None:
        """Follow a motion that is built from the state at the hand-over; it must be quintic and end at rest."""
        at = self.handover(now)
        self._go_over(build(self._state_at(at)), now, at)

    def stop(self, now: float) -> None:
        """Slow down on the path and hold where that ends; the rest of the motion is dropped."""
        self._paused = None
        self._slow_down(now)

    def pause(self, now: float) -> None:
        """Slow down on the path and keep the rest of the motion."""
        if self.is_moving(now) and not self._is_stopping:
            motion = self._motion
            self._paused = (motion, self._slow_down(now))

    def resume(self, now: float) -> None:
        """Go on with a paused motion, once the pause has come to rest."""
        if self._paused is None:
            return
        rest = retiming.resuming(*self._paused, self._limits)
        if self.is_moving(now):
            begun = now - self._start
            rest = retiming.joined(retiming.cut(self._motion, begun, self._motion.duration), rest)
        self._become(rest, now)

    def catch_up(self, now: float) -> float:
        """After a delay so long that the last piece has run into its tail, take that piece as the motion.

        What the tail left of the motion can be resumed, as after a pause.

        Returns:
            How long ago the tail began [s]; 0 where it was not so.
        """
        given, left = self._given, self._left
        late = now - self._tail
        if given is None or left is None or late <= 0.0:
            return 0.0
        self._become(given.trajectory, given.start, is_stopping=True)
        self._paused = left
        return late

    def piece(self, now: float) -> Piece:
        """What is to be done from now on: the motion for the horizon, then a stop on its path.

        The first piece of a motion begins where the motion does, however long it took to plan it.
        """
        start = self._start if self._given is None else now
        begun = start - self._start
        end = now - self._start + HORIZON
        if self._is_stopping or end >= self._motion.duration:
            motion = retiming.cut(self._motion, begun, self._motion.duration)
            self._left = None
        else:
            tail, ends = retiming.stopping(self._motion, end, self._limits)
            motion = retiming.joined(retiming.cut(self._motion, begun, end), tail)
            self._left = (self._motion, ends)
            self._tail = now + HORIZON
        self._given = Piece(start, motion)
        return self._given

    def _state_at(self, at: float) -> State:
        state = self.setpoint(at)
        # Where a step of velocity is being rounded, its brief acceleration must not be carried on.
        bound = self._limits.acceleration
        return replace(state, acceleration=np.clip(state.acceleration, -bound, bound))

    def _go_over(self, motion: Trajectory, now: float, at: float) -> None:
        """Go on as before, and over to a motion that begins in the state at the hand-over [s]."""
        begun = now - self._start
        self._become(retiming.joined(retiming.cut(self._motion, begun, at - self._start), motion), now)

    def _slow_down(self, now: float) -> float:
        """Begin a stop; returns the motion's time at which it ends [s]."""
        begun = now - self._start
        if self._is_stopping or not self.is_moving(now):
            return begun
        stop, ends = retiming.stopping(self._motion, begun, self._limits)
        self._become(stop, now, is_stopping=True)
        return ends

    def _become(self, motion: Trajectory, start: float, *, is_stopping: bool = False) -> None:
        self._motion = motion
        self._start = start
        self._is_stopping = is_stopping
        self._paused = None
        self._given = None
        self._left = None


def _resting(joints: tuple[str, ...], position: Array) -> Trajectory:
    rows = np.array(position, dtype=float)[None]
    return Trajectory(joints, np.zeros(1), rows, np.zeros_like(rows), np.zeros_like(rows))
