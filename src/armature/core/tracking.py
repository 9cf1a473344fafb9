"""What a group of joints does over time: motions replaced, paused, slowed, stopped, and given out in pieces."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from armature.core import joining, pace, pieces, profile, retiming
from armature.core.integration import Rates
from armature.core.limits import GroupLimits
from armature.core.pace import Moment, Pace
from armature.core.pieces import Piece
from armature.core.spline import Array
from armature.core.trajectory import State, Trajectory

# How far ahead a piece reaches, before its tail [s].
HORIZON = 0.2
# What is accepted while the joints move begins this much later, so that its first piece is with the receiver by
# then. From rest it begins at once: the receiver shifts a first piece that comes late [s].
HANDOVER = 0.05


class Tracker:
    """Follows one motion at a time; every change is continuous in position and velocity.

    A motion is a path with a time of its own; a pace says how fast that runs. Time is an argument, in seconds of
    any clock that does not jump.
    """

    def __init__(
        self, limits: GroupLimits, position: Array, since: float = 0.0, braking: GroupLimits | None = None
    ) -> None:
        """Hold a position since a time.

        Args:
            limits: of the group.
            position: that is commanded [rad] or [m], Shape (n,).
            since: [s].
            braking: limits of stops, where they are to be gentler than the rest.
        """
        self.speed = 1.0  # of motions on their paths, wanted [share]
        self._limits = limits
        self._braking = limits if braking is None else braking
        self._is_stopping = False
        self._is_held = False
        self._is_given = False
        self._is_from_rest = True
        self._is_lease = False
        # The stop behind the last piece, and when it begins [s].
        self._tail: Pace | None = None
        self._start = since
        self._zero = 0.0  # of the present goal, on the path [s]
        self._motion = _resting(limits.joints, position)
        self._pace = pace.steady(since, 1.0)

    @property
    def end(self) -> float:
        """When the present motion comes to rest [s]."""
        reached = self._pace.reaches(self._motion.duration)
        return min(reached, self._pace.settled) if self._pace.rate == 0.0 else reached

    @property
    def is_paused(self) -> bool:
        """Whether a motion was left on its path, or is being left, and can be resumed."""
        is_over = self._pace.reaches(self._motion.duration) < math.inf
        return self._pace.rate == 0.0 and not self._is_stopping and not is_over

    @property
    def since(self) -> float:
        """From when on it is known what is commanded [s]."""
        return self._pace.since

    def is_moving(self, now: float) -> bool:
        """Whether the present motion has not come to rest yet."""
        return now < self.end

    def rate(self, now: float) -> float:
        """How fast the path is being followed [share]."""
        return self._pace.at(now).rate

    def setpoint(self, now: float) -> State:
        """What is commanded at a time [s]."""
        position, velocity, acceleration = pace.followed(self._motion, [self._pace.at(now)])
        return State(position[0], velocity[0], acceleration[0])

    def hold(self, position: Array, since: float) -> None:
        """Begin anew, at rest at a position [rad] or [m] since a time [s]; for joints that are commanded there."""
        if (position == self._motion.positions[-1]).all():
            return
        self._begin(_resting(self._limits.joints, position), since, pace.steady(since, self.speed))

    def handover(self, now: float) -> float:
        """When what is accepted now begins [s]; until then the joints go on as before."""
        return now + HANDOVER if self.is_moving(now) else now

    def beginning(self, now: float, begin: float) -> State:
        """The state on the path in which a goal would begin at a time [s]."""
        return self._until(now, begin)[1]

    def plan(self, goal: Trajectory | Rates, now: float, begin: float | None = None) -> Trajectory:
        """The goal as it would be followed if accepted now: quintic, every joint, its time 0 being the goal's.

        Args:
            goal: columns in the group's order; joints that it leaves out go on with what they do.
            now: [s].
            begin: when the goal's time 0 is [s]; None or too early for the hand-over.

        Raises:
            GoalRefused: no point of the goal lies after time 0.
        """
        return self._planned(goal, *self._until(now, begin)[1:])

    def accept(self, goal: Trajectory | Rates, now: float, begin: float | None = None) -> None:
        """Follow a goal in place of the present motion, which goes on until it begins; see `plan`."""
        self.go_over(self.plan(goal, now, begin), now, begin)

    def go_over(self, plan: Trajectory, now: float, begin: float | None = None) -> None:
        """Follow what was planned for the same time in place of the present motion; arguments as `plan`."""
        self._go_over(self._until(now, begin)[0], plan, now)

    def move(self, build: Callable[[State], Trajectory], now: float) -> None:
        """Follow a motion that is built from the state at the hand-over; it must be quintic and end at rest."""
        ahead, state, _ = self._until(now, None)
        self._go_over(ahead, build(state), now)

    def jog(self, build: Callable[[State], Trajectory], now: float) -> None:
        """Follow a motion that ends soon by itself, such as a jog's lease, whatever the speed asked for.

        It is not on a path: its pieces hold the whole of it, a stop leaves it, a pause drops it.
        """
        until = self.handover(now)
        ahead = _resting(self._limits.joints, self.setpoint(now).position)
        if until > now:
            ahead = pieces.real(self._motion, self._pace, now, until)
        self._begin(retiming.joined(ahead, build(self._state(until))), now, pace.steady(now, 1.0))
        self._is_lease = True

    def goal_time(self, now: float) -> float:
        """How far the present motion is, in the time of its goal [s]; below 0 before it begins."""
        return self._pace.at(now).time - self._zero

    def stop(self, now: float) -> None:
        """Slow down on the path and hold where that ends; the rest of the motion is dropped."""
        if self._is_stopping:
            return
        if self._is_lease and self.is_moving(now):
            self._begin(profile.halt(self._braking, self._state(now)), now, pace.steady(now, 1.0))
            self._is_lease = True
        else:
            self._come_to(0.0, now, self._braking)
        self._is_stopping = True

    def pause(self, now: float) -> None:
        """Slow down on the path and keep the rest of the motion."""
        if self._is_lease:
            self.stop(now)
        elif self.is_moving(now) and not self._is_stopping and not self._is_held:
            self._is_held = True
            self._come_to(0.0, now)

    def resume(self, now: float) -> None:
        """Go on with a paused motion."""
        if self._is_held and not self._is_stopping:
            self._is_held = False
            self._come_to(self.speed, now)

    def set_speed(self, speed: float, now: float) -> None:
        """Follow this motion and those after it at a share of their own speed, as far as limits allow.

        Args:
            speed: 0 waits on the path, 1 is the motion's own.
            now: [s].
        """
        self.speed = speed
        if now >= self._pace.reaches(self._motion.duration):
            self._begin(_resting(self._limits.joints, self._motion.positions[-1]), now, pace.steady(now, speed))
        elif not (self._is_stopping or self._is_held or self._is_lease):
            self._come_to(speed, now)

    def catch_up(self, now: float) -> float:
        """After a delay so long that the last piece has run into its tail, be where that has led.

        What the tail left of the motion can be resumed, as after a pause.

        Returns:
            How long ago the tail began [s]; 0 where it was not so.
        """
        tail = self._tail
        if tail is None or now <= tail.since:
            return 0.0
        self._pace, self._tail, self._is_held = tail, None, True
        return now - tail.since

    def piece(self, now: float) -> Piece:
        """What is to be done from now on: the motion for the horizon, then a stop on its path.

        The first piece of a motion begins where the motion does. A motion from rest begins only now, however long
        it took to plan it, since nothing has moved yet; unless it keeps a stamp that is to come.
        """
        if not self._is_given and self._is_from_rest and now > self._start:
            if not self._zero:
                self._pace = replace(self._pace, since=self._pace.since + now - self._start)
            self._start = now
        start = now if self._is_given else self._start
        self._is_given = True
        end = now + HORIZON
        if self.end <= end or self._pace.rate == 0.0 or self._is_lease:
            self._tail = None
            return pieces.sampled(self._motion, start, [(self._pace, max(self.end, start))])
        tail = pace.changed(self._motion, self._pace.at(end), end, 0.0, self._limits)
        self._tail = tail
        ends = min(tail.settled, tail.reaches(self._motion.duration))
        return pieces.sampled(self._motion, start, [(self._pace, end), (tail, ends)])

    def _state(self, now: float) -> State:
        """The set-point as a state to go on from."""
        return _calmed(self.setpoint(now), self._limits)

    def _until(self, now: float, begin: float | None) -> tuple[Trajectory, State, Trajectory]:
        """What is done until a goal begins, the state then, and what would be done after; in the path's time."""
        motion, at = self._going_on(now, self.handover(now) if begin is None else max(begin, self.handover(now)))
        state = _calmed(motion.sample(at), self._limits)
        return retiming.cut(motion, 0.0, at), state, retiming.cut(motion, at, max(motion.duration, at))

    def _going_on(self, now: float, begin: float) -> tuple[Trajectory, float]:
        """What goes on from now if nothing else comes, and how far on it is at a later time [s]."""
        if not self.is_moving(now):
            return _resting(self._limits.joints, self.setpoint(now).position), (begin - now) * self.speed
        moment = self._pace.at(now)
        if not (self._is_stopping or self._is_held or self._is_lease):
            rest = retiming.cut(self._motion, moment.time, self._motion.duration)
            return rest, self._pace.at(begin).time - moment.time
        # What is being left is not taken up again: the joints come to rest, at the pace that it is left at.
        until = self._pace.at(self.handover(now)).time
        ahead = retiming.cut(self._motion, moment.time, until)
        halted = retiming.joined(
            ahead, profile.halt(self._limits, _calmed(self._motion.sample(until), self._limits))
        )
        return halted, self._paced(halted, replace(moment, time=0.0), now).at(begin).time

    def _planned(self, goal: Trajectory | Rates, state: State, behind: Trajectory) -> Trajectory:
        joints = self._limits.joints
        if goal.joints == joints:
            return joining.begun(goal, state, self._limits)
        columns = [joints.index(joint) for joint in goal.joints]
        asked = joining.begun(goal, state.of(columns), self._limits.of_joints(goal.joints))
        return retiming.laid_over(behind, asked)

    def _go_over(self, ahead: Trajectory, motion: Trajectory, now: float) -> None:
        """Go on as before, and over to a motion that begins where that ends."""
        moment = Moment(0.0, self.speed) if not self.is_moving(now) else replace(self._pace.at(now), time=0.0)
        motion = retiming.joined(ahead, motion)
        self._begin(motion, now, self._paced(motion, moment, now))
        self._zero = ahead.duration if len(ahead.times) > 1 else 0.0

    def _begin(self, motion: Trajectory, now: float, at: Pace) -> None:
        self._is_from_rest = not self.is_moving(now)
        self._motion = motion
        self._start = now
        self._zero = 0.0
        self._is_stopping = self._is_held = self._is_given = self._is_lease = False
        self._pace = at
        self._tail = None

    def _paced(self, motion: Trajectory, moment: Moment, now: float) -> Pace:
        rate = pace.allowed(motion, moment.time, self.speed, self._limits)
        return pace.changed(motion, moment, now, rate, self._limits)

    def _come_to(self, rate: float, now: float, bounds: GroupLimits | None = None) -> None:
        if rate == self._pace.rate == 0.0:
            return  # it is stopping there already
        if not self.is_moving(now):
            self._start = now  # it has waited on its path: what begins, begins now
        moment = self._pace.at(now)
        rate = pace.allowed(self._motion, moment.time, rate, self._limits)
        self._pace = pace.changed(self._motion, moment, now, rate, self._limits if bounds is None else bounds)
        self._tail = None


def _calmed(state: State, limits: GroupLimits) -> State:
    """A state to go on from: the brief acceleration of a step of velocity that is rounded is not carried on."""
    bound = limits.acceleration
    return replace(state, acceleration=np.clip(state.acceleration, -bound, bound))


def _resting(joints: tuple[str, ...], position: Array) -> Trajectory:
    rows = np.array(position, dtype=float)[None]
    return Trajectory(joints, np.zeros(1), rows, np.zeros_like(rows), np.zeros_like(rows))
