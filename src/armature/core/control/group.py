"""Control of one group of joints: which commands it may take, the goal it follows, and how that ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from armature.core.control import jog
from armature.core.control.blocked import Block, check_leads_away
from armature.core.control.goal_monitor import Judge
from armature.core.control.group_state import FollowedGoal, GroupSettings, GroupState, PendingEnd
from armature.core.control.outcome import Code, End, OnEnd, Outcome, aborted
from armature.core.control.tracker import Tracker
from armature.core.trajectory import limits
from armature.core.trajectory.acceleration_limits import check_accelerations
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.segments import RosTime, Segment
from armature.core.trajectory.spline import Array
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import CommandRefused, GoalRefused

__all__ = ["GroupControl", "GroupSettings", "Planned"]

# Beyond twice its speed no motion was planned for.
_FASTEST = 2.0
# After a longer delay of the controller a goal is not gone on with [s].
_LONGEST_DELAY = 1.0
# The end of a goal is told so much later at most, while the arm gives way to what was in its way [s].
_GIVES_WAY = 1.0
# A servo that gives all that it has may do so for a second or two: its set-point comes back so many times as hard.
_RELIEF = 5.0


@dataclass(frozen=True, eq=False)
class Planned:
    """A goal as it would be followed."""

    now: float  # when it was planned [s]
    begin: float  # of the goal's time 0 [s]
    motion: Trajectory  # within limits, its time 0 being the goal's
    times: Array  # of the goal's points [s]


class GroupControl(GroupState):
    """Takes what the arm says and what clients ask for; gives set-point segments and ends of goals.

    Time is an argument, in seconds of the clock that stamps the readings.
    """

    def note_state(
        self, state: str, session: str, why: str = "", blocks: Mapping[str, Block] | None = None, now: float = 0.0
    ) -> str:
        """Take the servo interface's state; leaving ENABLED and MOVING, or a new session, ends everything.

        Args:
            state: its name.
            session: of enabling.
            why: in words.
            blocks: joints that came against something.
            now: [s].

        Returns:
            Why everything has ended, in words; empty where it has not.
        """
        before = self.arm.session
        ended = self.arm.note_state(state, session, why, blocks or {})
        if not ended:
            return ""
        self._tracker = None
        if self.arm.gave_way:
            self._finish_later(aborted(ended, Code.PATH_TOLERANCE_VIOLATED), before, now)
        else:
            self._finish(aborted(ended))
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
            rests: whether the group's does not move; joints that give way do, and no controller commands them.
        """
        self.arm.note_heard(now)
        if session not in ("", self.arm.session) or any(joint not in positions for joint in self.limits.joints):
            return
        position = np.array([positions[joint] for joint in self.limits.joints])
        if self._tracker is None and not rests:
            return
        if self._tracker is None:
            slow = self.settings.deceleration
            braking = None if slow is None else replace(self.limits, acceleration=slow)
            self._tracker = Tracker(self.limits, position, stamp, braking)
            self._tracker.is_free = self.is_free
            self._tracker.set_speed(min(self._speed, self._bound), stamp)
        elif self._is_free(self._tracker, now) and stamp > self._tracker.end:
            self._tracker.hold(position, stamp)
        if self._pending is not None and session not in ("", self._pending.session):
            self._tell_end()

    def note_reading(
        self, stamp: float, positions: Mapping[str, float], velocities: Mapping[str, float], now: float
    ) -> None:
        """Take a reading of the joints; the goal is judged by it if it is whole."""
        self._catch_up(now)
        measured = self.arm.note_reading(stamp, positions, velocities)
        if measured is not None:
            self._judge(stamp, measured, now)

    def follow(
        self,
        goal: Trajectory | Rates,
        stamp: float | None,
        judge: Judge,
        on_end: OnEnd,
        now: float,
    ) -> None:
        """Follow a trajectory in place of what is being done.

        Args:
            goal: as the client gave it, joints in any order.
            stamp: when its time 0 is [s], None for now.
            judge: decides how it ends.
            on_end: called once with the end.
            now: [s].

        Raises:
            GoalRefused: the trajectory cannot be followed from here; nothing has changed.
            CommandRefused: the arm takes no commands now.
        """
        self.go_over(self.planned(goal, stamp, now), judge, on_end)

    def go_over(self, planned: Planned, judge: Judge, on_end: OnEnd) -> None:
        """Follow what was planned in place of what is being done, which is still the same; see `follow`."""
        tracker = self._ready("trajectory", planned.now)
        tracker.go_over(planned.motion, planned.now, planned.begin)
        self._finish(aborted("replaced by a newer goal"))
        self._goal = FollowedGoal(judge, on_end, planned.times)

    def planned(self, goal: Trajectory | Rates, stamp: float | None, now: float) -> Planned:
        """The goal as `follow` would follow it now, for whoever has more to check; see there."""
        tracker = self._ready("trajectory", now)
        allows_some = self.settings.allow_partial_joints_goal
        limits.check_joints(goal.joints, self.limits.joints, is_partial=allows_some)
        goal = goal.reordered([joint for joint in self.limits.joints if joint in goal.joints])
        limits.check_end(goal)
        begin = tracker.handover(now)
        if stamp is not None:
            begin = max(begin, stamp)
            goal = limits.placed(goal, stamp, begin)
        if stamp is None:
            self._check_start(goal, tracker.setpoint(now))
        elif stamp > now:
            self._check_start(goal, tracker.beginning(now, begin))
        columns, own = (
            [self.limits.joints.index(joint) for joint in goal.joints],
            self.limits.of_joints(goal.joints),
        )
        limits.check_points(goal, tracker.setpoint(now).position[columns], own)
        motion = tracker.plan(goal, now, begin)
        limits.check_motion(motion, self.limits)
        check_leads_away(motion, self.arm.blocks)
        # Straight lines have corners, which are rounded; one that gives velocities has accelerations of its own.
        is_smooth = isinstance(goal, Rates) or goal.velocities is not None
        if self.settings.checks_acceleration and is_smooth:
            check_accelerations(motion, own)
        return Planned(now, begin, motion, goal.times)

    def _check_start(self, goal: Trajectory | Rates, state: State) -> None:
        if not isinstance(goal, Trajectory):
            return
        columns = [self.limits.joints.index(joint) for joint in goal.joints]
        tolerance = self.settings.start_tolerance[columns]
        limits.check_start(goal, state.of(columns), self.limits.of_joints(goal.joints), tolerance)

    def move(self, target: Array, speed: Array, judge: Judge, on_end: OnEnd, now: float) -> None:
        """Move to a position, jerk-limited, in place of what is being done; arguments and errors as `follow`."""
        tracker = self._ready("move", now)
        tracker.move(lambda state: jog.move(self.limits, state, target, speed), now)
        self._finish(aborted("replaced by a newer goal"))
        self._goal = FollowedGoal(judge, on_end, np.zeros(1))

    def relieve(self, target: Array, now: float) -> None:
        """Bring the set-points of fingers that stand still to a position; a goal goes on to be judged.

        Quicker than the limits of acceleration and jerk, since nothing but a set-point moves.

        Args:
            target: near to the fingers [m], Shape (n,).
            now: [s].

        Raises:
            CommandRefused: the arm takes no commands now.
        """
        tracker = self._ready("relief", now)
        bounds = self.limits.times(_RELIEF)
        tracker.move(lambda state: jog.move(bounds, state, target, bounds.velocity), now)

    def jog(self, velocities: Mapping[str, float], lease: float, now: float) -> str:
        """Move joints at velocities for a lease; joints not named stop.

        Args:
            velocities: by joint [rad/s] or [m/s].
            lease: asked for [s], 0 for the usual; never longer than that.
            now: [s].

        Returns:
            What is slower than asked for, in words; empty where nothing is.

        Raises:
            GoalRefused: an unknown joint or a number that is not finite.
            CommandRefused: the arm takes no commands now, or the speed is 0.
        """
        tracker = self._ready("jog", now)
        asked = np.array([velocities.get(joint, 0.0) for joint in self.limits.joints])
        for joint, velocity in velocities.items():
            if joint not in self.limits.joints:
                raise GoalRefused("joint_names", joint, f"joints here are {', '.join(self.limits.joints)}")
            if not math.isfinite(velocity):
                raise GoalRefused(f"velocity of {joint}", velocity, "a finite number is needed")
        kept, clamped = jog.clamped(asked, self.limits)
        kept = kept * self.jog_share
        margin, said = self.settings.margin, [clamped]

        def build(state: State, held: float) -> Trajectory:
            def at(share: float) -> Trajectory:
                return jog.jog(self.limits, state, kept * share, lease=held, margin=margin)

            motion, why = self.slowed(at)
            said.extend((why, jog.held_back(self.limits, kept, margin, motion.positions[-1])))
            return motion

        if asked.any():
            self.check_speed("jog")
        if asked.any() or tracker.is_moving(now):
            self.press(build, lease, now)
        return ", ".join(filter(None, said))

    def check_speed(self, request: str) -> None:
        """Refuse a motion that would wait for the speed, without a word.

        Raises:
            CommandRefused: the speed is 0.
        """
        if self._speed == 0.0:
            raise CommandRefused(request, "the speed scaling factor is 0", "give a higher one")
        if self._bound == 0.0:
            raise CommandRefused(request, "the servo interface asks for speed 0", "see /diagnostics for why")

    def press(self, build: Callable[[State, float], Trajectory], lease: float, now: float) -> None:
        """Follow what is built from the state at the hand-over and the rest of a lease; it ends at rest by itself.

        Args:
            build: makes the motion of that state and that time [s].
            lease: asked for [s], 0 for the usual; never longer than that.
            now: [s].

        Raises:
            GoalRefused: a lease that is no time.
            CommandRefused: the arm takes no commands now.
        """
        tracker = self._ready("jog", now)
        usual = self.settings.lease
        if not 0.0 <= lease < math.inf:
            raise GoalRefused("duration", lease, f"give 0 to {usual:g} s")
        # The lease runs from now, though the motion begins at the hand-over.
        held = max((min(lease, usual) if lease > 0.0 else usual) - (tracker.handover(now) - now), 0.0)

        def leading_away(state: State) -> Trajectory:
            motion = build(state, held)
            check_leads_away(motion, self.arm.blocks)
            return motion

        tracker.jog(leading_away, now)
        self._finish(aborted("replaced by a jog"))

    def stop(self, now: float, why: str) -> None:
        """Slow down and hold; the goal ends with the reason."""
        self._catch_up(now)
        if self._tracker is not None:
            self._tracker.stop(now)
        self._finish(aborted(why))

    def give_up(self, why: str) -> None:
        """Leave the arm to the end of the last segment, which is at rest; the goal ends with the reason."""
        if self._tracker is not None:
            self._tracker.give_up()
        if self._goal is not None:
            self._goal.is_cancelling = False
        self._finish(aborted(why))

    def cancel(self, now: float) -> None:
        """Slow down and hold; the goal ends as canceled once that is done."""
        self._catch_up(now)
        if self._goal is not None and self._tracker is not None:
            self._tracker.stop(now)
            self._goal.is_cancelling = True

    def pause(self, now: float) -> None:
        """Slow down on the path and keep the goal.

        Raises:
            CommandRefused: nothing moves.
        """
        self._catch_up(now)
        if self._tracker is None or not self._tracker.is_moving(now):
            raise CommandRefused("pause", "nothing moves", "there is nothing to do")
        self._tracker.pause(now)

    def resume(self, now: float) -> None:
        """Go on with what was paused.

        Raises:
            CommandRefused: nothing was paused, or the arm takes no commands now.
        """
        tracker = self._ready("resume", now)
        if not tracker.is_paused:
            raise CommandRefused("resume", "nothing is paused", "send a goal")
        self.check_speed("resume")
        tracker.resume(now)

    def set_speed(self, speed: float, now: float) -> None:
        """Follow the present motion and those to come at a share of their own speed, staying on their paths.

        Args:
            speed: from 0, which waits on the path, to 2; above 1 as far as limits allow.
            now: [s].

        Raises:
            GoalRefused: a speed out of that range; the one before stays.
        """
        if not 0.0 <= speed <= _FASTEST:
            raise GoalRefused(
                "speed scaling factor", speed, f"give 0 to {_FASTEST:g}; 1 is the motion's own speed"
            )
        self._speed = speed
        self._pace(now)

    def bound_speed(self, bound: float, now: float) -> None:
        """Keep to a share of the motions' own speed, whatever was asked for; 1 lifts the bound."""
        if bound != self._bound:
            self._bound = bound
            self._pace(now)

    def _pace(self, now: float) -> None:
        self._catch_up(now)
        if self._tracker is not None:
            self._tracker.set_speed(min(self._speed, self._bound), now)

    def update(self, now: float) -> None:
        """See to what the passing of time brings: a silent joint, a delay of this program, the end of a cancel."""
        if self._pending is not None and now >= self._pending.until:
            self._tell_end()
        if not self._catch_up(now) and self._goal is not None and self._tracker is not None:
            self._mind(self._tracker, self._goal, now)

    def _catch_up(self, now: float) -> bool:
        """After a delay in which the arm slowed down, go on with a goal; anything else stays stopped.

        Whatever builds on the set-point calls this first.
        """
        tracker = self._tracker
        late = 0.0 if tracker is None else tracker.catch_up(now)
        if tracker is None or not late:
            return False
        self.longest_delay = max(self.longest_delay, late)
        if self._goal is not None and not self._goal.is_cancelling and late < _LONGEST_DELAY:
            tracker.resume(now)
            return True
        tracker.stop(now)
        reason = f"the controller was held up for {late:.2f} s; the arm slowed down on the path and holds"
        self._finish(aborted(reason))
        return True

    def _mind(self, tracker: Tracker, goal: FollowedGoal, now: float) -> None:
        if goal.is_cancelling:
            if not tracker.is_moving(now):
                self._finish(Outcome(End.CANCELED, Code.SUCCESSFUL, "canceled; the arm stands and holds"))
        elif unread := self.arm.unread(now):
            self.stop(now, unread)

    def segment(self, now: float) -> Segment[RosTime] | None:
        """What the servo interface shall do from now on; None at rest."""
        self._catch_up(now)
        if self._tracker is None or not self._tracker.is_moving(now):
            return None
        return replace(self._tracker.segment(now), session=self.arm.session)

    def _judge(self, stamp: float, measured: State, now: float) -> None:
        goal, tracker = self._goal, self._tracker
        if goal is None or goal.is_cancelling or tracker is None:
            return
        end = math.inf if tracker.is_paused else tracker.end
        outcome = goal.judge.judge(stamp, end, tracker.setpoint(stamp), measured)
        if outcome is None:
            return
        if outcome.end is End.ABORTED:
            tracker.stop(now)
        if outcome.astray:
            self._finish_later(outcome, self.arm.session, now)
            self.let_give_way(outcome.astray)
        else:
            self._finish(outcome)

    def _finish(self, outcome: Outcome) -> None:
        self._tell_end()
        goal, self._goal = self._goal, None
        if goal is not None:
            goal.end(outcome)

    def _finish_later(self, outcome: Outcome, session: str, now: float) -> None:
        goal, self._goal = self._goal, None
        if goal is not None:
            self._tell_end()
            self._pending = PendingEnd(goal, outcome, session, now + _GIVES_WAY)

    def _tell_end(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.goal.end(pending.outcome)

    def _ready(self, request: str, now: float) -> Tracker:
        self._catch_up(now)
        self.arm.check(request, now)
        if self._tracker is None:
            why = "what is being commanded is not known yet"
            raise CommandRefused(request, why, "try again within 0.3 s")
        return self._tracker
