"""The state of one group of joints, updated by the arm's readings and by time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from armature.core.arrays import Array
from armature.core.control.blocked import BlockedDirection
from armature.core.control.goal import Code, End, FollowedGoal, Goals, Outcome, abort_outcome
from armature.core.control.motion import Motion, SpeedScaling
from armature.core.control.readiness import Readiness
from armature.core.control.tracker import Tracker
from armature.core.jog_limits import LEASE
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.segments import RosTime, Segment
from armature.core.trajectory.trajectory import State, Trajectory

# After a longer delay of the controller a goal is not resumed [s].
_LONGEST_DELAY = 1.0
# The result of a goal is reported so much later at most, while the arm backs off from an obstacle [s].
_BACK_OFF_TIME = 1.0


@dataclass(frozen=True, eq=False)
class GroupSettings:
    """What a group allows; arrays of Shape (n,)."""

    start_tolerance: Array  # of a first point at time 0 [rad] or [m]
    margin: Array  # kept from the position limits while jogging [rad] or [m]
    lease: float = LEASE  # of one jog command [s]
    reading_timeout: float = 0.5  # without a reading of every joint [s]
    allow_partial_joints_goal: bool = False  # joints that a goal leaves out go on with what they do
    allow_nonzero_velocity_at_trajectory_end: bool = True  # a stop of the controller's own follows
    checks_acceleration: bool = True  # of goals that give velocities
    deceleration: Array | None = None  # of stops [rad/s²] or [m/s²]; None: the joints' own acceleration


def _keep_speed(build: Callable[[float], Trajectory]) -> tuple[Trajectory, str]:
    return build(1.0), ""


@dataclass
class GroupHooks:
    """What a controller node plugs into a group: collision checks, and the report to the servo interface."""

    # Builds a jog at a share of its speed that keeps clear of obstacles; also why that share is below 1.
    scale_jog: Callable[[Callable[[float], Trajectory]], tuple[Trajectory, str]] = _keep_speed
    # Whether a stop that leaves its path is free of collisions.
    is_stop_free: Callable[[Trajectory], bool] = lambda _halt: True
    # Reports joints that do not follow while the arm stops, so that they can back off.
    report_not_following: Callable[[tuple[str, ...]], None] = lambda _joints: None


class GroupState:
    """What is known of the arm, the motion and the goal that are followed, and their progress.

    Time is an argument, in seconds of the clock that stamps the readings.
    """

    def __init__(self, limits: GroupLimits, settings: GroupSettings) -> None:
        self.limits = limits
        self.settings = settings
        self.arm = Readiness(limits.joints, settings.reading_timeout)
        self.motion = Motion()
        self.goals = Goals()
        self.speed = SpeedScaling()
        self.hooks = GroupHooks()
        self.last_goal: tuple[float, Trajectory | Rates] | None = None  # that was followed, and its begin [s]
        self.longest_delay = 0.0  # of this program, beyond what the segments cover [s]

    def note_state(
        self,
        state: str,
        session: str,
        why: str = "",
        blocks: Mapping[str, BlockedDirection] | None = None,
        now: float = 0.0,
    ) -> str:
        """Take the servo interface's state; leaving ENABLED and MOVING, or a new session, ends everything.

        Args:
            state: its name.
            session: of enabling.
            why: in words.
            blocks: joints that something blocks.
            now: [s].

        Returns:
            Why everything has ended, in words; empty where it has not.
        """
        before = self.arm.session
        ended = self.arm.note_state(state, session, why, blocks or {})
        if not ended:
            return ""
        self.motion.tracker = None
        if self.arm.backed_off:
            self.goals.end_later(abort_outcome(ended, Code.PATH_TOLERANCE_VIOLATED), before, now + _BACK_OFF_TIME)
        else:
            self.goals.end(abort_outcome(ended))
        return ended

    def note_commanded(
        self, stamp: float, positions: Mapping[str, float], session: str, now: float, *, rests: bool = True
    ) -> None:
        """Take what the servo interface commands: where the set-point is, as long as nothing moves here.

        Args:
            stamp: of the message [s].
            positions: by joint [rad] or [m].
            session: the session it belongs to, "" where it does not say.
            now: [s].
            rests: whether the group's does not move; joints that back off do, and no controller commands them.
        """
        self.arm.note_heartbeat(now)
        if session not in ("", self.arm.session) or any(joint not in positions for joint in self.limits.joints):
            return
        position = np.array([positions[joint] for joint in self.limits.joints])
        tracker = self.motion.tracker
        if tracker is None and not rests:
            return
        if tracker is None:
            self.motion.tracker = self._begin_at(position, stamp)
        elif self._is_idle(tracker, now) and stamp > tracker.end:
            tracker.hold(position, stamp)
        self.goals.note_session(session)

    def _begin_at(self, position: Array, stamp: float) -> Tracker:
        slow = self.settings.deceleration
        braking = None if slow is None else replace(self.limits, acceleration=slow)
        tracker = Tracker(self.limits, position, stamp, braking)
        tracker.is_stop_free = self.hooks.is_stop_free
        tracker.is_strict = self.settings.checks_acceleration
        if self.speed.present != tracker.speed:
            tracker.set_speed(self.speed.present, stamp)
        return tracker

    def _is_idle(self, tracker: Tracker, now: float) -> bool:
        return self.goals.followed is None and not tracker.is_paused and not tracker.is_moving(now)

    def note_reading(
        self, stamp: float, positions: Mapping[str, float], velocities: Mapping[str, float], now: float
    ) -> None:
        """Take a reading of the joints; the goal is checked by it if it is whole."""
        self.catch_up(now)
        measured = self.arm.note_reading(stamp, positions, velocities)
        if measured is not None:
            self._check_goal(stamp, measured, now)

    def rate(self, now: float) -> float:
        """How fast the present path is being followed [share]; 1 is its own speed."""
        tracker = self.motion.tracker
        return self.speed.present if tracker is None else tracker.rate(now)

    def goal_time(self, now: float) -> float:
        """How far the present goal is, in its own time [s]; 0 before it begins and where there is none."""
        tracker = self.motion.tracker
        if tracker is None or self.goals.followed is None:
            return 0.0
        return max(tracker.goal_time(now), 0.0)

    def update(self, now: float) -> None:
        """Handle what time brings: a silent joint, a delay of this program, the end of a cancel."""
        self.goals.report_due(now)
        goal, tracker = self.goals.followed, self.motion.tracker
        if not self.catch_up(now) and goal is not None and tracker is not None:
            self._watch(tracker, goal, now)

    def catch_up(self, now: float) -> bool:
        """After a delay in which the arm slowed down, resume a goal; anything else stays stopped.

        Whatever builds on the set-point calls this first.
        """
        tracker = self.motion.tracker
        late = 0.0 if tracker is None else tracker.catch_up(now)
        if tracker is None or not late:
            return False
        self.longest_delay = max(self.longest_delay, late)
        goal = self.goals.followed
        if goal is not None and not goal.is_cancelling and late < _LONGEST_DELAY:
            tracker.resume(now)
            return True
        tracker.stop(now)
        reason = f"the controller was delayed by {late:.2f} s; the arm slowed down on the path and holds"
        self.goals.end(abort_outcome(reason))
        return True

    def _watch(self, tracker: Tracker, goal: FollowedGoal, now: float) -> None:
        if goal.is_cancelling:
            if not tracker.is_moving(now):
                self.goals.end(Outcome(End.CANCELED, Code.SUCCESSFUL, "canceled; the arm stands and holds"))
        elif unread := self.arm.unread(now):
            tracker.stop(now)
            self.goals.end(abort_outcome(unread))

    def segment(self, now: float) -> Segment[RosTime] | None:
        """The set-points for the servo interface from now on; None at rest."""
        self.catch_up(now)
        segment = self.motion.segment(now)
        return None if segment is None else replace(segment, session=self.arm.session)

    def _check_goal(self, stamp: float, measured: State, now: float) -> None:
        goal, tracker = self.goals.followed, self.motion.tracker
        if goal is None or goal.is_cancelling or tracker is None:
            return
        end = math.inf if tracker.is_paused else tracker.reaches(goal.reached_at)
        outcome = goal.monitor.check(stamp, end, tracker.setpoint(stamp), measured)
        if outcome is None:
            return
        if outcome.end is End.ABORTED:
            tracker.stop(now)
        if outcome.not_following:
            self.goals.end_later(outcome, self.arm.session, now + _BACK_OFF_TIME)
            self.hooks.report_not_following(outcome.not_following)
        else:
            self.goals.end(outcome)

    def require_ready(self, request: str, now: float) -> Tracker:
        """The tracker, for a request that builds on its motion.

        Raises:
            CommandRefused: the arm takes no commands now, or what is being commanded is not known.
        """
        self.catch_up(now)
        self.arm.check(request, now)
        return self.motion.require(request)
