"""What one group of joints is doing, and what can be seen of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from armature.core.control.goal_monitor import Judge
from armature.core.control.outcome import Code, End, OnEnd, Outcome
from armature.core.control.readiness import Readiness
from armature.core.control.tracker import Tracker
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.spline import Array
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import CommandRefused


@dataclass(frozen=True, eq=False)
class GroupSettings:
    """What a group allows; arrays of Shape (n,)."""

    start_tolerance: Array  # of a first point at time 0 [rad] or [m]
    margin: Array  # kept from the position limits while jogging [rad] or [m]
    lease: float = 0.25  # of one jog command [s]
    reading_timeout: float = 0.5  # without a reading of every joint [s]
    allow_partial_joints_goal: bool = False  # joints that a goal leaves out go on with what they do
    checks_acceleration: bool = True  # of goals that give velocities
    deceleration: Array | None = None  # of stops [rad/s²] or [m/s²]; None: the joints' own acceleration


@dataclass
class FollowedGoal:
    """A goal from its begin to its end."""

    judge: Judge
    on_end: OnEnd
    times: Array  # of its points [s]
    is_cancelling: bool = False

    def end(self, outcome: Outcome) -> None:
        """Tell its end."""
        if self.is_cancelling:
            outcome = Outcome(End.CANCELED, Code.SUCCESSFUL, outcome.message)
        self.on_end(outcome)


@dataclass(frozen=True)
class PendingEnd:
    """The end of a goal that is told once the arm has given way, so that the next goal finds it ready."""

    goal: FollowedGoal
    outcome: Outcome
    session: str  # that ends by it
    until: float  # it is told at the latest [s]


def _as_built(build: Callable[[float], Trajectory]) -> tuple[Trajectory, str]:
    return build(1.0), ""


class GroupState:
    """What is known of the arm, what is being followed, and how it goes."""

    def __init__(self, bounds: GroupLimits, settings: GroupSettings) -> None:
        self.limits = bounds
        self.arm = Readiness(bounds.joints, settings.reading_timeout)
        self.longest_delay = 0.0  # of this program, beyond what the segments cover [s]
        self.settings = settings
        # Makes a jog of what builds it at a share of its speed, and says why it is slower than that; for whoever
        # knows the arm's surroundings.
        self.slowed: Callable[[Callable[[float], Trajectory]], tuple[Trajectory, str]] = _as_built
        # Says whether nothing is in the way of a stop that leaves its path.
        self.is_free: Callable[[Trajectory], bool] = lambda _halt: True
        # Told of joints that do not follow while the arm stops; for whoever can let them give way.
        self.let_give_way: Callable[[tuple[str, ...]], None] = lambda _joints: None
        self._tracker: Tracker | None = None
        self._pending: PendingEnd | None = None
        self._goal: FollowedGoal | None = None
        self._speed = 1.0  # asked for, of motions on their paths [share]
        self._bound = 1.0  # that the servo interface asks to keep to, while a servo is hot or loaded [share]

    @property
    def has_goal(self) -> bool:
        """Whether a goal is being followed, or its end is still to be told."""
        return self._goal is not None or self._pending is not None

    @property
    def is_paused(self) -> bool:
        """Whether a motion waits to be resumed."""
        return self._tracker is not None and self._tracker.is_paused

    def is_moving(self, now: float) -> bool:
        """Whether the set-point moves."""
        return self._tracker is not None and self._tracker.is_moving(now)

    def rate(self, now: float) -> float:
        """How fast the present path is being followed [share]; 1 is its own speed."""
        return min(self._speed, self._bound) if self._tracker is None else self._tracker.rate(now)

    @property
    def jog_share(self) -> float:
        """What a jog is to take of the velocity that it asks for, by the speed that is set."""
        return min(self._speed, self._bound, 1.0)

    def setpoint(self, now: float) -> State | None:
        """What is commanded at a time, None while that is not known."""
        return None if self._tracker is None else self._tracker.setpoint(now)

    def commanded(self, now: float) -> State:
        """What is or will be commanded at a time [s], if nothing else comes.

        Raises:
            CommandRefused: it is not known for that time.
        """
        if self._tracker is None:
            raise CommandRefused("state", "what is being commanded is not known", "arm, or try again within 0.1 s")
        if now < self._tracker.since:
            why = f"what was commanded before {self._tracker.since:.3f} s is not kept"
            raise CommandRefused("state", why, "ask for now or later, or look at controller_state")
        return self._tracker.setpoint(now)

    def goal_time(self, now: float) -> float:
        """How far the present goal is, in its own time [s]; 0 before it begins and where there is none."""
        if self._tracker is None or self._goal is None:
            return 0.0
        return max(self._tracker.goal_time(now), 0.0)

    def next_point(self, now: float) -> int:
        """Index of the goal's point that is being made for, their number after the last."""
        return (
            0 if self._goal is None else int(np.searchsorted(self._goal.times, self.goal_time(now), side="right"))
        )

    def _is_free(self, tracker: Tracker, now: float) -> bool:
        return self._goal is None and not tracker.is_paused and not tracker.is_moving(now)
