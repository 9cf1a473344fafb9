"""Control of one group of joints: the commands that change its state."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import copy

import numpy as np

from armature.core.arrays import Array
from armature.core.control import jog
from armature.core.control.blocked import check_motion_unblocked
from armature.core.control.goal import GoalMonitor, OnEnd, Outcome, abort_outcome
from armature.core.control.goal_plan import PlannedGoal, plan_goal
from armature.core.control.group_state import GroupState
from armature.core.control.tracker import Tracker
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import CommandRefused

# A servo may give its full torque for a second or two: its set-point comes back so many times as hard.
_RELIEF = 5.0


class GroupControl:
    """Takes what clients ask for, and changes what the group does; times in seconds, as in `GroupState`."""

    def __init__(self, state: GroupState) -> None:
        self.state = state

    def follow(
        self, goal: Trajectory | Rates, stamp: float | None, monitor: GoalMonitor, on_end: OnEnd, now: float
    ) -> None:
        """Follow a trajectory in place of what is being done.

        Args:
            goal: as the client gave it, joints in any order.
            stamp: when its time 0 is [s], None for now.
            monitor: says when and how it has ended.
            on_end: called once with the end.
            now: [s].

        Raises:
            GoalRefused: the trajectory cannot be followed from here; nothing has changed.
            CommandRefused: the arm takes no commands now.
        """
        planned = self.plan(goal, stamp, now)
        self.begin(self.prepare(planned), math.inf, planned, monitor, on_end)

    def plan(self, goal: Trajectory | Rates, stamp: float | None, now: float, delay: float = 0.0) -> PlannedGoal:
        """The goal as `follow` would follow it now, for further checks; see there and `plan_goal`."""
        return plan_goal(self.state, goal, stamp, now, delay)

    def prepare(self, planned: PlannedGoal) -> Tracker:
        """What would follow a goal that was planned; nothing changes until `begin` is called with it."""
        tracker = copy(self.state.require_ready("trajectory", planned.now))
        tracker.follow_planned(planned.motion, planned.now, planned.begin)
        return tracker

    def begin(
        self, tracker: Tracker, until: float, planned: PlannedGoal, monitor: GoalMonitor, on_end: OnEnd
    ) -> None:
        """Follow a goal that was prepared, in place of what is being done, which is still the same.

        Args:
            tracker: as it was prepared.
            until: the time of its path up to which that may be followed so far [s].
            planned: what it follows.
            monitor: says when and how it has ended.
            on_end: called once with the end.
        """
        self.state.motion.follow(tracker, until)
        self.state.last_goal = planned.begin, planned.goal
        self.state.goals.begin(monitor, on_end, planned.times, planned.reached_at)

    def move(self, target: Array, speed: Array, monitor: GoalMonitor, on_end: OnEnd, now: float) -> None:
        """Move to a position, jerk-limited, in place of what is being done; arguments and errors as `follow`."""
        tracker = self.state.require_ready("move", now)
        tracker.move(lambda state: jog.move(self.state.limits, state, target, speed), now)
        self.state.goals.begin(monitor, on_end, np.zeros(1))

    def check_move(self, target: Array, speed: Array, now: float) -> None:
        """Refuse what `move` would refuse now; arguments and errors as there."""
        self.state.require_ready("move", now)
        jog.check_target(self.state.limits, target, speed)

    def limit_grip(self, target: Array, now: float) -> None:
        """Bring the set-points of fingers that stand still to a position; a goal goes on to be checked.

        Quicker than the limits of acceleration and jerk, since nothing but a set-point moves.

        Args:
            target: near to the fingers [m] or [rad], Shape (n,).
            now: [s].

        Raises:
            CommandRefused: the arm takes no commands now.
        """
        tracker = self.state.require_ready("grip limit", now)
        bounds = self.state.limits.times(_RELIEF)
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
        tracker = self.state.require_ready("jog", now)
        request = jog.JointJog.of(
            velocities, self.state.limits, self.state.settings.margin, self.state.speed.of_jogs
        )
        if request.has_motion:
            self.state.speed.check("jog")
        if not (request.has_motion or tracker.is_moving(now)):
            return request.clamped
        slower: list[str] = []

        def build(state: State, lease: float) -> Trajectory:
            motion, why = self.state.hooks.scale_jog(lambda share: request.build(state, lease, share))
            slower.extend((why, request.describe_end(motion)))
            return motion

        self.follow_for_lease(build, lease, now)
        return ", ".join(filter(None, (request.clamped, *slower)))

    def follow_for_lease(self, build: Callable[[State, float], Trajectory], lease: float, now: float) -> None:
        """Follow what is built from the state at the switch and the rest of a lease; it ends at rest by itself.

        Args:
            build: makes the motion of that state and that time [s].
            lease: asked for [s], 0 for the usual; never longer than that.
            now: [s].

        Raises:
            GoalRefused: a negative or infinite lease.
            CommandRefused: the arm takes no commands now.
        """
        tracker = self.state.require_ready("jog", now)
        # The lease runs from now, though the motion begins at the switch.
        rest = max(jog.limit_lease(lease, self.state.settings.lease) - (tracker.switch_time(now) - now), 0.0)

        def unblocked(state: State) -> Trajectory:
            motion = build(state, rest)
            check_motion_unblocked(motion, self.state.arm.blocks)
            return motion

        tracker.jog(unblocked, now)
        self.state.goals.end(abort_outcome("replaced by a jog"))

    def stop(self, now: float, why: str) -> None:
        """Slow down and hold; the goal ends with the reason."""
        self.state.catch_up(now)
        if self.state.motion.tracker is not None:
            self.state.motion.tracker.stop(now)
        self.state.goals.end(abort_outcome(why))

    def abort(self, outcome: Outcome, now: float) -> None:
        """Slow down on the path and hold; the goal ends with an outcome."""
        self.state.catch_up(now)
        if self.state.motion.tracker is not None:
            self.state.motion.tracker.stop(now, stays_on_path=True)
        self.state.goals.end(outcome)

    def give_up(self, why: str) -> None:
        """Leave the arm to the end of the last segment, which is at rest; the goal ends with the reason."""
        if self.state.motion.tracker is not None:
            self.state.motion.tracker.give_up()
        if self.state.goals.followed is not None:
            self.state.goals.followed.is_cancelling = False
        self.state.goals.end(abort_outcome(why))

    def cancel(self, now: float) -> None:
        """Slow down and hold; the goal ends as canceled once that is done."""
        self.state.catch_up(now)
        if self.state.goals.followed is not None and self.state.motion.tracker is not None:
            self.state.motion.tracker.stop(now)
            self.state.goals.followed.is_cancelling = True

    def pause(self, now: float) -> None:
        """Slow down on the path and keep the goal.

        Raises:
            CommandRefused: nothing moves.
        """
        self.state.catch_up(now)
        motion = self.state.motion
        if not motion.is_moving(now) and not motion.is_waiting:
            raise CommandRefused("pause", "nothing moves", "there is nothing to do")
        motion.pause(now)

    def resume(self, now: float) -> None:
        """Go on with what was paused.

        Raises:
            CommandRefused: nothing was paused, or the arm takes no commands now.
        """
        tracker = self.state.require_ready("resume", now)
        if self.state.motion.is_waiting:
            why = "the motion waits until its path is checked"
            raise CommandRefused("resume", why, "it goes on by itself")
        if not tracker.is_paused:
            raise CommandRefused("resume", "nothing is paused", "send a goal")
        self.state.speed.check("resume")
        tracker.resume(now)

    def set_speed(self, speed: float, now: float) -> None:
        """Follow the present motion and those to come at a share of their own speed, staying on their paths.

        Args:
            speed: from 0, which waits on the path, to 2; above 1 as far as limits allow.
            now: [s].

        Raises:
            GoalRefused: a speed out of that range; the one before stays.
        """
        self.state.speed.set_factor(speed)
        self._apply_speed(now)

    def bound_speed(self, bound: float, now: float) -> None:
        """Keep to a share of the motions' own speed, whatever was asked for; 1 lifts the bound."""
        if self.state.speed.set_bound(bound):
            self._apply_speed(now)

    def _apply_speed(self, now: float) -> None:
        self.state.catch_up(now)
        if self.state.motion.tracker is not None:
            self.state.motion.tracker.set_speed(self.state.speed.present, now)
