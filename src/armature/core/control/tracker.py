"""The motion of a group over time: replaced, paused, slowed, stopped, and published in segments."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from armature.core.arrays import Array
from armature.core.control.joining import join
from armature.core.trajectory import retiming, ruckig_motion, time_scaling
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.limits import GroupLimits, check_motion
from armature.core.trajectory.segments import RosTime, ScaledMotion, Segment
from armature.core.trajectory.speed_change import change_rate
from armature.core.trajectory.time_scaling import TimeScaling
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused

# How far ahead a segment reaches, before the stop at its end [s].
HORIZON = 0.2
# What is accepted while the joints move begins this much later, so that its first segment is with the receiver by
# then. From rest it begins at once: the receiver shifts a first segment that comes late [s].
SWITCH_DELAY = 0.05
# A change of speed, a pause or a stop begins this much later: the next segment has brought it by then [s].
CHANGE_DELAY = 0.02
# A change to rate 0 that is done later than this waits for a goal's stamp: no segment reaches so far [s].
_OPEN_END = 30.0
# How much longer a stop may take to stay on the path [s].
_LONGER_ON_PATH = 0.2


class Tracker:
    """Follows one motion at a time; every change is continuous in position and velocity.

    A motion is a path with a time of its own, and is scaled in time. Time is an argument [s].
    """

    def __init__(
        self, limits: GroupLimits, position: Array, since: float = 0.0, braking: GroupLimits | None = None
    ) -> None:
        """Hold a position [rad] or [m], Shape (n,), since a time [s]; stops may have gentler limits."""
        self.speed = 1.0  # of motions on their paths, wanted [share]
        self.is_strict = True  # whether straight lines that leave no room for their corners are refused
        # Whether a stop that leaves its path is free of collisions.
        self.is_stop_free: Callable[[Trajectory], bool] = lambda _halt: True
        self._limits = limits
        self._braking = limits if braking is None else braking
        self._is_stopping = self._is_paused = self._is_published = self._is_lease = False
        self._is_from_rest = True
        # How the last segment ends, and from when on it does not go on any more [s].
        self._tail: tuple[TimeScaling, float] | None = None
        self._start = since
        self._zero = 0.0  # of the present goal, on the path [s]
        self._motion = ScaledMotion(Trajectory.at_rest(limits.joints, position), time_scaling.constant(since, 1.0))
        self._published = self._motion  # as the receiver follows it, to its end at rest

    @property
    def end(self) -> float:
        """When the present motion comes to rest [s]."""
        return self._motion.end

    @property
    def path(self) -> Trajectory:
        """What is followed, in the time of its own."""
        return self._motion.motion

    @property
    def reach(self) -> float:
        """Where on the path the last segment comes to rest [s]."""
        return self._published.reach

    @property
    def is_paused(self) -> bool:
        """Whether a motion was left on its path, or is being left, and can be resumed."""
        return self._motion.scaling.rate == 0.0 and not self._is_stopping and not self._motion.is_over

    @property
    def since(self) -> float:
        """From when on it is known what is commanded [s]."""
        return self._motion.scaling.since

    def reaches(self, time: float) -> float:
        """When a time of the present goal is reached, at the latest when its motion ends [s]."""
        return min(self.end, self._motion.scaling.reaches(self._zero + time))

    def is_moving(self, now: float) -> bool:
        """Whether the present motion has not come to rest yet."""
        return now < self.end

    def rate(self, now: float) -> float:
        """How fast the path is being followed [share]."""
        return self._motion.scaling.at(now).rate

    def setpoint(self, now: float) -> State:
        """What is commanded at a time [s]."""
        return self._motion.setpoint(now)

    def hold(self, position: Array, since: float) -> None:
        """Begin anew, at rest at a position [rad] or [m] since a time [s]; for joints that are commanded there."""
        if (position == self._motion.motion.positions[-1]).all():
            return
        motion = Trajectory.at_rest(self._limits.joints, position)
        self._begin(motion, since, time_scaling.constant(since, self.speed))
        self._published = self._motion

    def switch_time(self, now: float) -> float:
        """When what is accepted now begins [s]; until then the joints go on as before."""
        return now + SWITCH_DELAY if self.is_moving(now) else now

    def beginning(self, now: float, begin: float) -> State:
        """The state on the path in which a goal would begin at a time [s]."""
        return self._lead_in(now, self._begin_of(now, begin))[1]

    def plan(self, goal: Trajectory | Rates, now: float, begin: float | None = None) -> Trajectory:
        """The goal as it would be followed if accepted now: quintic, every joint, its time 0 being the goal's.

        Args:
            goal: columns in the group's order; joints that it leaves out go on with what they do.
            now: [s].
            begin: when the goal's time 0 is [s]; None or too early for the switch.

        Raises:
            GoalRefused: no point of the goal lies after time 0, or its lines are too quick.
        """
        begin = self._begin_of(now, begin)
        _, state, rate = self._lead_in(now, begin)
        follow = partial(join.join_path, rate=self.speed, is_strict=self.is_strict)
        if goal.joints == self._limits.joints:
            return follow(goal, state, self._limits)
        columns = [self._limits.joints.index(joint) for joint in goal.joints]
        asked = follow(goal, state.of(columns), self._limits.of_joints(goal.joints))
        behind = self._motion.cut(begin, max(self.end, begin))
        return retiming.lay_over(retiming.stretch(behind, rate), asked)

    def accept(self, goal: Trajectory | Rates, now: float, begin: float | None = None) -> None:
        """Follow a goal in place of the present motion, which goes on until it begins; see `plan`."""
        self.follow_planned(self.plan(goal, now, begin), now, begin)

    def follow_planned(self, plan: Trajectory, now: float, begin: float | None = None) -> None:
        """Follow what was planned for the same time in place of the present motion; arguments as `plan`."""
        begin = self._begin_of(now, begin)
        ahead, _, rate = self._lead_in(now, begin)
        self._append(ahead, plan, rate, now, begin)

    def move(self, build: Callable[[State], Trajectory], now: float) -> None:
        """Follow a motion that is built from the state at the switch; it must be quintic and end at rest."""
        begin = self.switch_time(now)
        ahead, state, rate = self._lead_in(now, begin)
        self._append(ahead, build(state), rate, now, begin)

    def jog(self, build: Callable[[State], Trajectory], now: float) -> None:
        """Follow a motion that ends soon by itself, such as a jog's lease, whatever the speed asked for.

        It is not on a path: its segments hold the whole of it, a stop leaves it, a pause drops it.
        """
        until = self.switch_time(now)
        self._leave_path(build(self._state(until)), now, until)

    def goal_time(self, now: float) -> float:
        """How far the present motion is, in the time of its goal [s]; below 0 before it begins."""
        return self._motion.scaling.at(now).time - self._zero

    def stop(self, now: float, *, stays_on_path: bool = False) -> None:
        """Slow down and hold: on the path, unless it need not be and each joint by itself stops much sooner."""
        if self._is_stopping:
            return
        if self.is_moving(now):
            before, begin = (self._motion, self._tail), now + CHANGE_DELAY
            halt = ruckig_motion.halt(self._braking, self._state(begin))
            if not self._is_lease:
                self._change_rate(0.0, now, self._braking)
            if self._is_lease or (not stays_on_path and self._stops_sooner_off_path(halt, begin)):
                self._motion, self._tail = before
                self._leave_path(halt, now, begin)
        self._is_stopping = True

    def pause(self, now: float) -> None:
        """Slow down on the path and keep the rest of the motion."""
        if self._is_lease:
            self.stop(now)
        elif self.is_moving(now) and not self._is_stopping and not self._is_paused:
            self._is_paused = True
            self._change_rate(0.0, now)

    def wait(self) -> bool:
        """Pause at the end of the last segment; returns whether it was not paused already."""
        was_paused, self._is_paused = self._is_paused, True
        self._motion, self._tail = self._published, None
        return not was_paused

    def resume(self, now: float) -> None:
        """Go on with a paused motion."""
        if self._is_paused and not self._is_stopping:
            self._is_paused = False
            self._change_rate(self.speed, now)

    def set_speed(self, speed: float, now: float) -> None:
        """Follow this motion and those to come at a share of their own speed; 0 waits on the path."""
        self.speed = speed
        if now >= self._motion.scaling.reaches(self._motion.motion.duration):
            motion = Trajectory.at_rest(self._limits.joints, self._motion.motion.positions[-1])
            self._begin(motion, now, time_scaling.constant(now, speed))
        elif not (self._is_stopping or self._is_paused or self._is_lease):
            self._change_rate(speed, now)

    def catch_up(self, now: float) -> float:
        """After a delay so long that the last segment has run into its tail, be paused where that has led.

        Returns:
            How long ago the tail began [s]; 0 where it was not so.
        """
        if self._tail is None or now <= self._tail[1]:
            return 0.0
        (scaling, begun), self._tail, self._is_paused = self._tail, None, True
        self._motion = self._motion.scaled(scaling)
        return now - begun

    def give_up(self) -> None:
        """Be where the last segment leads, which ends at rest; what has been begun since then is dropped."""
        self._motion = self._published
        self._tail = None
        self._is_published = self._is_lease = self._is_stopping = True

    def segment(self, now: float) -> Segment[RosTime]:
        """What is to be done from now on: the motion for the horizon, then a stop on its path.

        A motion from rest begins with its first segment, however long it took to plan it, unless it keeps a stamp.
        """
        if not self._is_published and self._is_from_rest and now > self._start:
            if not self._zero:
                self._motion = self._motion.scaled(self._motion.scaling.delay(now - self._start))
            self._start = now
        start = now if self._is_published else self._start
        self._is_published = True
        end = now + HORIZON
        motion, scaling = self._motion.motion, self._motion.scaling
        is_halting = scaling.rate == 0.0 and scaling.settled < end + _OPEN_END
        if self.end <= end or is_halting or self._is_lease:
            self._tail, self._published = None, self._motion
        else:
            tail = change_rate(motion, scaling, end, 0.0, self._limits)
            self._tail, self._published = (tail, end), self._motion.scaled(tail)
        return self._published.segment(start, max(self._published.end, start))

    def _state(self, now: float) -> State:
        """The set-point as a state to go on from."""
        return join.bound_acceleration(self.setpoint(now), self._limits)

    def _begin_of(self, now: float, begin: float | None) -> float:
        return self.switch_time(now) if begin is None else max(begin, self.switch_time(now))

    def _lead_in(self, now: float, begin: float) -> tuple[Trajectory, State, float]:
        """What is done until a goal begins, the state then, and the rate at which both are to be followed."""
        ahead = self._motion.cut(now, begin)
        state, rate = join.begin_at_rate(ahead, self._state(begin), self.speed, self._limits)
        return retiming.stretch(ahead, rate), state, rate

    def _append(self, ahead: Trajectory, plan: Trajectory, rate: float, now: float, begin: float) -> None:
        """Go on as before at a rate, and over to a motion that begins where that ends."""
        motion = retiming.join(ahead, plan)
        zero = ahead.duration if len(ahead.times) > 1 else 0.0
        wanted = time_scaling.bound_rate(motion, zero, self.speed, self._limits)
        before = time_scaling.constant(now, rate)
        self._begin(motion, now, change_rate(motion, before, begin, wanted, self._limits))
        self._zero = zero

    def _begin(self, motion: Trajectory, now: float, scaling: TimeScaling) -> None:
        self._is_from_rest = not self.is_moving(now)
        self._motion = ScaledMotion(motion, scaling)
        self._start = now
        self._zero = 0.0
        self._is_stopping = self._is_paused = self._is_published = self._is_lease = False
        self._tail = None

    def _stops_sooner_off_path(self, halt: Trajectory, begin: float) -> bool:
        """Whether the joints stop that much sooner each for itself, within their limits and freely."""
        if self.end < begin + halt.duration + _LONGER_ON_PATH:
            return False
        with suppress(GoalRefused):
            check_motion(halt, self._limits)
            return self.is_stop_free(halt)
        return False

    def _leave_path(self, motion: Trajectory, now: float, begin: float) -> None:
        """Go on as before until a motion begins that is on no path."""
        ahead = self._motion.cut(now, begin)
        self._begin(retiming.join(ahead, motion), now, time_scaling.constant(now, 1.0))
        self._is_lease = True

    def _change_rate(self, rate: float, now: float, bounds: GroupLimits | None = None) -> None:
        begin = now + CHANGE_DELAY
        if not self.is_moving(now):
            self._start = now  # it has waited on its path until now
        motion, scaling = self._motion.motion, self._motion.scaling
        rate = time_scaling.bound_rate(motion, scaling.at(begin).time, rate, self._limits)
        if rate != scaling.rate:
            bounds = self._limits if bounds is None else bounds
            self._motion = self._motion.scaled(change_rate(motion, scaling.from_(now), begin, rate, bounds))
            self._tail = None
