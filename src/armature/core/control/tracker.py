"""What a group of joints does over time: motions replaced, paused, slowed, stopped, and given out in segments."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np

from armature.core.arrays import Array
from armature.core.control import joining
from armature.core.trajectory import retiming, ruckig_motion, segments, time_scaling
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.limits import GroupLimits, check_motion
from armature.core.trajectory.segments import RosTime, Segment
from armature.core.trajectory.speed_change import changed
from armature.core.trajectory.time_scaling import Pace
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused

# How far ahead a segment reaches, before its tail [s].
HORIZON = 0.2
# What is accepted while the joints move begins this much later, so that its first segment is with the receiver by
# then. From rest it begins at once: the receiver shifts a first segment that comes late [s].
HANDOVER = 0.05
# A change of speed, a pause or a stop begins this much later: the next segment has brought it by then [s].
NOTICE = 0.02
# A change to rate 0 that is done later than this waits for a goal's stamp: no segment reaches so far [s].
_FAR = 30.0
# The lowest rate at which a path is joined [share].
_SLOWEST = 0.01
# How much longer a stop may take to stay on the path [s].
_WORTH = 0.2
# An acceleration so many times a joint's limit is a step of velocity that is spread over some milliseconds.
_BRIEF = 2.0


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
        # Says whether nothing is in the way of a stop that leaves its path, for whoever knows the surroundings.
        self.is_free: Callable[[Trajectory], bool] = lambda _halt: True
        self._limits = limits
        self._braking = limits if braking is None else braking
        self._is_stopping = False
        self._is_held = False
        self._is_given = False
        self._is_from_rest = True
        self._is_lease = False
        # How the last segment ends, and from when on it does not go on any more [s].
        self._tail: tuple[Pace, float] | None = None
        self._start = since
        self._zero = 0.0  # of the present goal, on the path [s]
        self._motion = _resting(limits.joints, position)
        self._pace = time_scaling.steady(since, 1.0)
        self._given = self._motion, self._pace  # what the receiver follows, to its end at rest

    @property
    def end(self) -> float:
        """When the present motion comes to rest [s]."""
        return self._end_of(self._pace)

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
        position, velocity, acceleration = time_scaling.followed(self._motion, self._pace.many(np.array([now])))
        return State(position[0], velocity[0], acceleration[0])

    def hold(self, position: Array, since: float) -> None:
        """Begin anew, at rest at a position [rad] or [m] since a time [s]; for joints that are commanded there."""
        if (position == self._motion.positions[-1]).all():
            return
        self._begin(_resting(self._limits.joints, position), since, time_scaling.steady(since, self.speed))
        self._given = self._motion, self._pace

    def handover(self, now: float) -> float:
        """When what is accepted now begins [s]; until then the joints go on as before."""
        return now + HANDOVER if self.is_moving(now) else now

    def beginning(self, now: float, begin: float) -> State:
        """The state on the path in which a goal would begin at a time [s]."""
        return self._until(now, self._begin_of(now, begin))[1]

    def plan(self, goal: Trajectory | Rates, now: float, begin: float | None = None) -> Trajectory:
        """The goal as it would be followed if accepted now: quintic, every joint, its time 0 being the goal's.

        Args:
            goal: columns in the group's order; joints that it leaves out go on with what they do.
            now: [s].
            begin: when the goal's time 0 is [s]; None or too early for the hand-over.

        Raises:
            GoalRefused: no point of the goal lies after time 0.
        """
        begin = self._begin_of(now, begin)
        _, state, rate = self._until(now, begin)
        joints = self._limits.joints
        if goal.joints == joints:
            return joining.begun(goal, state, self._limits)
        columns = [joints.index(joint) for joint in goal.joints]
        asked = joining.begun(goal, state.of(columns), self._limits.of_joints(goal.joints))
        behind = segments.real(self._motion, self._pace, begin, max(self.end, begin))
        return retiming.laid_over(retiming.stretched(behind, rate), asked)

    def accept(self, goal: Trajectory | Rates, now: float, begin: float | None = None) -> None:
        """Follow a goal in place of the present motion, which goes on until it begins; see `plan`."""
        self.follow_planned(self.plan(goal, now, begin), now, begin)

    def follow_planned(self, plan: Trajectory, now: float, begin: float | None = None) -> None:
        """Follow what was planned for the same time in place of the present motion; arguments as `plan`."""
        begin = self._begin_of(now, begin)
        ahead, _, rate = self._until(now, begin)
        self._go_over(ahead, plan, rate, now, begin)

    def move(self, build: Callable[[State], Trajectory], now: float) -> None:
        """Follow a motion that is built from the state at the hand-over; it must be quintic and end at rest."""
        begin = self.handover(now)
        ahead, state, rate = self._until(now, begin)
        self._go_over(ahead, build(state), rate, now, begin)

    def jog(self, build: Callable[[State], Trajectory], now: float) -> None:
        """Follow a motion that ends soon by itself, such as a jog's lease, whatever the speed asked for.

        It is not on a path: its segments hold the whole of it, a stop leaves it, a pause drops it.
        """
        until = self.handover(now)
        self._leave(build(self._state(until)), now, until)

    def goal_time(self, now: float) -> float:
        """How far the present motion is, in the time of its goal [s]; below 0 before it begins."""
        return self._pace.at(now).time - self._zero

    def stop(self, now: float) -> None:
        """Slow down and hold where that ends; the rest of the motion is dropped.

        That is on the path, unless the path leaves so little room that the joints stop sooner each for itself.
        """
        if self._is_stopping:
            return
        if self.is_moving(now):
            before, begin = (self._pace, self._tail), now + NOTICE
            halt = ruckig_motion.halt(self._braking, self._state(begin))
            if not self._is_lease:
                self._come_to(0.0, now, self._braking)
            if self._is_lease or self._is_late(halt, begin):
                self._pace, self._tail = before
                self._leave(halt, now, begin)
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
            self._begin(
                _resting(self._limits.joints, self._motion.positions[-1]), now, time_scaling.steady(now, speed)
            )
        elif not (self._is_stopping or self._is_held or self._is_lease):
            self._come_to(speed, now)

    def catch_up(self, now: float) -> float:
        """After a delay so long that the last segment has run into its tail, be where that has led.

        What the tail left of the motion can be resumed, as after a pause.

        Returns:
            How long ago the tail began [s]; 0 where it was not so.
        """
        if self._tail is None or now <= self._tail[1]:
            return 0.0
        (self._pace, begun), self._tail, self._is_held = self._tail, None, True
        return now - begun

    def give_up(self) -> None:
        """Be where the last segment leads, which ends at rest; what has been begun since then is dropped."""
        self._motion, self._pace = self._given
        self._tail = None
        self._is_given = self._is_lease = self._is_stopping = True

    def segment(self, now: float) -> Segment[RosTime]:
        """What is to be done from now on: the motion for the horizon, then a stop on its path.

        The first segment of a motion begins where the motion does. A motion from rest begins only now, however
        long it took to plan it, since nothing has moved yet; unless it keeps a stamp that is to come.
        """
        if not self._is_given and self._is_from_rest and now > self._start:
            if not self._zero:
                self._pace = self._pace.later(now - self._start)
            self._start = now
        start = now if self._is_given else self._start
        self._is_given = True
        end = now + HORIZON
        is_halting = self._pace.rate == 0.0 and self._pace.settled < end + _FAR
        if self.end <= end or is_halting or self._is_lease:
            self._tail, self._given = None, (self._motion, self._pace)
            return segments.sampled(self._motion, start, self._pace, max(self.end, start))
        tail = changed(self._motion, self._pace, end, 0.0, self._limits)
        self._tail, self._given = (tail, end), (self._motion, tail)
        return segments.sampled(self._motion, start, tail, self._end_of(tail))

    def _end_of(self, at: Pace) -> float:
        reached = at.reaches(self._motion.duration)
        return min(reached, at.settled) if at.rate == 0.0 else reached

    def _state(self, now: float) -> State:
        """The set-point as a state to go on from."""
        return _calmed(self.setpoint(now), self._limits)

    def _begin_of(self, now: float, begin: float | None) -> float:
        return self.handover(now) if begin is None else max(begin, self.handover(now))

    def _until(self, now: float, begin: float) -> tuple[Trajectory, State, float]:
        """What is done until a goal begins, the state then, and the rate at which both are to be followed.

        The rate is the one that is wanted, or higher where what is done would leave the limits at a rate of 1.
        """
        state, bounds = self._state(begin), self._limits
        ahead = segments.real(self._motion, self._pace, now, begin)
        _, velocities, accelerations = ahead.points
        shares = (
            np.abs(velocities) / bounds.velocity,
            np.sqrt(np.abs(accelerations) / bounds.acceleration),
        )
        rate = min(max(self.speed, _SLOWEST, *(float(share.max()) for share in shares)), 1.0)
        begun = State(state.position, state.velocity / rate, state.acceleration / rate**2)
        return retiming.stretched(ahead, rate), begun, rate

    def _go_over(self, ahead: Trajectory, plan: Trajectory, rate: float, now: float, begin: float) -> None:
        """Go on as before at a rate, and over to a motion that begins where that ends."""
        motion = retiming.joined(ahead, plan)
        zero = ahead.duration if len(ahead.times) > 1 else 0.0
        wanted = time_scaling.allowed(motion, zero, self.speed, self._limits)
        self._begin(motion, now, changed(motion, time_scaling.steady(now, rate), begin, wanted, self._limits))
        self._zero = zero

    def _begin(self, motion: Trajectory, now: float, at: Pace) -> None:
        self._is_from_rest = not self.is_moving(now)
        self._motion = motion
        self._start = now
        self._zero = 0.0
        self._is_stopping = self._is_held = self._is_given = self._is_lease = False
        self._pace = at
        self._tail = None

    def _is_late(self, halt: Trajectory, begin: float) -> bool:
        """Whether the joints stop that much sooner each for itself, within their limits and freely."""
        if self.end < begin + halt.duration + _WORTH:
            return False
        with suppress(GoalRefused):
            check_motion(halt, self._limits)
            return self.is_free(halt)
        return False

    def _leave(self, motion: Trajectory, now: float, begin: float) -> None:
        """Go on as before until a motion begins that is on no path."""
        ahead = segments.real(self._motion, self._pace, now, begin)
        self._begin(retiming.joined(ahead, motion), now, time_scaling.steady(now, 1.0))
        self._is_lease = True

    def _come_to(self, rate: float, now: float, bounds: GroupLimits | None = None) -> None:
        begin = now + NOTICE
        if not self.is_moving(now):
            self._start = now  # it has waited on its path until now
        rate = time_scaling.allowed(self._motion, self._pace.at(begin).time, rate, self._limits)
        if rate != self._pace.rate:
            bounds = self._limits if bounds is None else bounds
            self._pace = changed(self._motion, self._pace.from_(now), begin, rate, bounds)
            self._tail = None


def _calmed(state: State, limits: GroupLimits) -> State:
    """A state to go on from: the brief acceleration of a step of velocity that is rounded is not carried on."""
    bound, asked = limits.acceleration, state.acceleration
    return replace(
        state, acceleration=np.where(np.abs(asked) > _BRIEF * bound, np.clip(asked, -bound, bound), asked)
    )


def _resting(joints: tuple[str, ...], position: Array) -> Trajectory:
    rows = np.array(position, dtype=float)[None]
    return Trajectory(joints, np.zeros(1), rows, np.zeros_like(rows), np.zeros_like(rows))
