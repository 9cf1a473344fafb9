"""What the joints do while a twist is held: they keep the tool on its way, and stop it there.

A twist is a way of the tool and a speed on it. The joints follow that way, not the velocities that they have at
its beginning, so the tool does not drift off it; and whatever slows it down, slows it down on its way. What cannot
be followed is not caught up with: the way begins anew wherever the joints are when a motion is built.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.kinematics import Pose, product
from armature.core.kinematics.rotations import from_rotation_vector
from armature.core.kinematics.twist_servo import LEVER, TwistServo, build_twist_motion
from armature.core.planning.paths import subdivide
from armature.core.planning.timing import along, are_apart, excess
from armature.core.trajectory import retiming, ruckig_motion
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import State, Trajectory

# Two points of a way are as far apart as the tool goes in this time [s], within bounds [m].
_PACE, _CLOSEST, _FARTHEST = 0.12, 1e-3, 0.04
_TO_STOP = 0.12  # at first taken for it [s]
_SAMPLES = 24  # of a way
_SPACING = 0.02  # of the points of a motion [s]
# Of acceleration and jerk, what the bends of a way may take, and what its speed may change with at least.
_FOR_BENDS, _FOR_JOLTS, _LEAST = 0.8, 0.6, 0.1
# A velocity or acceleration aside of the way up to this share of the limits fades while the tool is on its way.
_ASIDE = 0.1
# It takes so many times that share of the limits, and a part of them at most.
_TO_FADE, _MOST_TO_FADE = 10.0, 0.25
_TINY = 1e-9
_NOTICED = 0.99  # a share of a speed that is told
_WITHIN = 1.001  # times as long as the limits allow, by rounding
_LEAST_POINTS = 4  # of a way, to be one
# Parts of its speed that are tried to stay on it, and how often each.
_PARTS, _TRIES, _MORE = (1.0, 0.75, 0.5, 0.25, 0.1, 0.0), 6, 1.05
_AT_LAST = 0.1  # where none of them does
_STRAIGHT, _FINER = 0.2, 0.4  # change of the slopes between two points of a way; with more they are nearer
_NO_JUMP = 0.05  # what is put right in a point of a way [rad]


@dataclass(frozen=True, eq=False)
class _Begun:
    """How the joints move where a motion begins."""

    rate: float  # speed along the way [m/s]
    slope: float  # acceleration along it [m/s²]
    to_fade: float  # share of the limits with which what is aside of it fades
    aside: Trajectory | None  # how that fades


class TwistMotion:
    """The motions of one press, faster and slower ones.

    Args:
        servo: of the tool.
        limits: of the joints.
        state: what is commanded where the motion begins.
        twist: linear [m/s], then angular [rad/s], Shape (6,).
        in_tool: whether it is given along the tool's axes; else along the root's.

    Raises:
        GoalRefused: see `check_twist`.
    """

    def __init__(self, servo: TwistServo, limits: GroupLimits, state: State, twist: Array, in_tool: bool) -> None:
        self._limits = limits
        self._state = state
        self._asked = servo.velocities(state.position, twist, in_tool)
        self.reason = self._asked.reason  # why it is slower than asked for, in words
        self._speed, direction = _split(twist)
        rates = servo.rates(state.position, direction, in_tool).velocity
        self._speed = min(self._speed, _least(limits.velocity, np.abs(rates))) * self._asked.slow
        pace = float(np.clip(_PACE * self._speed, _CLOSEST, _FARTHEST))
        self._way = _Way(servo, limits, (state.position, direction, in_tool), pace)
        while not self._way.is_fine and pace > _CLOSEST:  # it ends soon, or bends
            pace = max(pace * _FINER, _CLOSEST)
            self._way = _Way(servo, limits, (state.position, direction, in_tool), pace)
        self._begun = self._beginning()

    def build(self, share: float, lease: float) -> Trajectory:
        """The motion at a share of its speed, for a lease [s] and with the stop behind it.

        Where the tool must slow down to stay on its way, it does. Where it has no way before it, or moves aside of
        it, the joints go over to the velocities that it needs where they are now.
        """
        for part in _PARTS:
            motion = None if self._begun is None else self._on_way(self._begun, share * part, lease)
            if motion is not None:
                self._tell(part)
                return motion
        if self._begun is not None:
            share *= _AT_LAST
            self._tell(_AT_LAST)
        return build_twist_motion(self._limits, self._state, self._asked.velocity * share, lease)

    def _on_way(self, begun: _Begun, share: float, lease: float) -> Trajectory | None:
        """The motion, if the way is long enough for it, and the limits wide enough."""
        limits, wanted = self._limits.times(1.0 - begun.to_fade), self._speed * share
        far = max(wanted * (lease + _TO_STOP) + begun.rate * _TO_STOP, _CLOSEST)
        start = State(*np.array([[0.0], [begun.rate], [begun.slope]]))
        for _ in range(_TRIES):
            path = self._way.reach(far)
            speed, bounds = _bounds(path, limits, (far, wanted, begun.rate))
            profile = build_twist_motion(bounds, start, np.array([speed]), lease)
            end = float(profile.positions[-1, 0])
            if end <= far or far >= path.duration:
                break
            far = _MORE * end  # so much of the way counts
        if profile.hull()[0].min() < -_TINY or end > min(far, path.duration):
            return None
        motion = self._joints(path, profile, begun.aside)
        if excess(motion, self._limits) > _WITHIN:
            return None
        self._tell(speed / wanted if wanted > 0.0 else 1.0)
        return motion

    def _tell(self, part: float) -> None:
        if part < _NOTICED and not self.reason:
            self.reason = f"slowed to {part:.0%}: a joint is at its limits"

    def _beginning(self) -> _Begun | None:
        """How the joints move along the way and aside of it; None where that is too much, or there is no way."""
        path, state = self._way.reach(0.0), self._state
        if path.duration <= 0.0:
            return None
        _, first, second = (rows[0] for rows in path.sample_many(np.zeros(1)))
        square = float(first @ first)
        if square < _TINY:
            return None
        rate = max(float(state.velocity @ first) / square, 0.0)
        left = state.acceleration - second * rate**2
        slope = float(left @ first) / square if rate > 0.0 else 0.0
        velocity, acceleration = state.velocity - first * rate, left - first * slope
        share = max(
            float((np.abs(velocity) / self._limits.velocity).max()),
            float((np.abs(acceleration) / self._limits.acceleration).max()),
        )
        if share > _ASIDE:
            return None
        if share < _TINY:
            return _Begun(rate, slope, 0.0, None)
        to_fade = min(_TO_FADE * share, _MOST_TO_FADE)
        aside = State(np.zeros_like(velocity), velocity, acceleration)
        return _Begun(rate, slope, to_fade, ruckig_motion.halt(self._limits.times(to_fade), aside))

    def _joints(self, path: Trajectory, profile: Trajectory, aside: Trajectory | None) -> Trajectory:
        """The joints on the way, from the state on."""
        knots = profile.times if aside is None else np.union1d(profile.times, aside.times)
        times = subdivide(knots, _SPACING)
        times = times[are_apart(times)]
        rows = np.column_stack([column[:, 0] for column in profile.sample_many(times)])
        states = [column.copy() for column in along(path, self._limits.joints, times, rows).points]
        if aside is not None:
            for column, faded in zip(states, aside.sample_many(times), strict=True):
                column += faded
        for column, value in zip(states, vars(self._state).values(), strict=True):
            column[0] = value
        return retiming.quintic(self._limits.joints, times, (states[0], states[1], states[2]))


class _Way:
    """The joints along a twist's way of the tool, as far as they are asked for."""

    def __init__(
        self, servo: TwistServo, limits: GroupLimits, twist: tuple[Array, Array, bool], pace: float
    ) -> None:
        self._servo = servo
        self._limits = limits
        begin, self._direction, self._in_tool = twist
        self._pace = pace
        self._pose = servo.pose(begin)
        self._positions = [begin]
        self._rates = [servo.rates(begin, self._direction, self._in_tool)]
        self._ends = self._rates[0].is_singular
        self._path = Trajectory.at_rest(limits.joints, begin)

    @property
    def is_fine(self) -> bool:
        """Whether it goes on, and its points are near enough to each other for its bends."""
        self.reach(0.0)
        slopes = self._slopes()
        return len(slopes) >= _LEAST_POINTS and bool(
            np.abs(np.diff(slopes, axis=0)).max() <= _STRAIGHT * np.abs(slopes).max()
        )

    def reach(self, length: float) -> Trajectory:
        """The joints over a length of the way and more; over what there is, where it ends before."""
        while (len(self._positions) - 2) * self._pace < length or len(self._positions) < _LEAST_POINTS:
            if self._ends or not self._grow():
                self._ends = True
                break
        if len(self._positions) >= _LEAST_POINTS and len(self._path.times) < len(self._positions) - 1:
            self._path = self._interpolated()
        return self._path

    def _grow(self) -> bool:
        """One point more, if the joints go on there."""
        servo, pace, begin = self._servo, self._pace, self._rates[-1]
        before = self._positions[-1]
        halfway = servo.rates(before + pace / 2.0 * begin.velocity, self._direction, self._in_tool)
        after = before + pace * halfway.velocity
        end = servo.rates(after, self._direction, self._in_tool).twist if self._in_tool else begin.twist
        moved = pace / 6.0 * (begin.twist + 4.0 * halfway.twist + end)  # Simpson's rule
        x, y, z = (np.array(self._pose.translation) + moved[:3]).tolist()
        self._pose = Pose((x, y, z), product(from_rotation_vector(moved[3:]), self._pose.rotation))
        correction = servo.step_to(self._pose, after)
        after = after + correction
        rates = servo.rates(after, self._direction, self._in_tool)
        is_within = ((after >= self._limits.lower) & (after <= self._limits.upper)).all()
        if np.abs(correction).max() > _NO_JUMP or not is_within or rates.is_singular:
            return False
        self._positions.append(after)
        self._rates.append(rates)
        return True

    def _slopes(self) -> Array:
        return np.array([rates.velocity for rates in self._rates])

    def _interpolated(self) -> Trajectory:
        """The quintics through the points, but for the last one; their bends are differences of the slopes."""
        slopes = self._slopes()
        bends = np.gradient(slopes, self._pace, axis=0, edge_order=2)
        at = np.linspace(0.0, self._pace * (len(slopes) - 2), len(slopes) - 1)
        states = (np.array(self._positions[:-1]), slopes[:-1], bends[:-1])
        return retiming.quintic(self._limits.joints, at, states)


def _split(twist: Array) -> tuple[float, Array]:
    """The speed of a twist, rotations as lengths [m/s], and its direction."""
    speed = float(np.linalg.norm(twist[:3])) + LEVER * float(np.linalg.norm(twist[3:]))
    return speed, twist / speed if speed > 0.0 else twist


def _bounds(
    path: Trajectory, limits: GroupLimits, speeds: tuple[float, float, float]
) -> tuple[float, GroupLimits]:
    """The speed along a way, and limits of its changes, with which the joints keep theirs.

    Args:
        path: of the joints over the way.
        limits: of the joints.
        speeds: how far of it counts, the speed that is wanted, and the one that it begins with.
    """
    far, wanted, rate = speeds
    at = np.linspace(0.0, min(far, path.duration) * (1.0 - _TINY), _SAMPLES)
    first, second = (np.abs(rows) for rows in path.sample_many(at)[1:])
    third = np.abs(path.jerks(at))
    speed = min(
        wanted,
        _least(limits.velocity, first),
        np.sqrt(_least(limits.acceleration * _FOR_BENDS, second)),
        np.cbrt(_least(limits.jerk * _FOR_JOLTS, third)),
    )
    most = max(speed, rate)
    left = np.maximum(limits.acceleration - second * most**2, _LEAST * limits.acceleration)
    acceleration = min(_least(left, first), _least(limits.jerk * _FOR_JOLTS / 3.0, second * most))
    left = limits.jerk - third * most**3 - 3.0 * second * most * acceleration
    jerk = _least(np.maximum(left, _LEAST * limits.jerk), first)
    most, acceleration, jerk = (max(float(value), _TINY) for value in (most, acceleration, jerk))
    return float(speed), _along_way(most, acceleration, jerk)


def _along_way(speed: float, acceleration: float, jerk: float) -> GroupLimits:
    unbounded = np.array([np.inf])
    bounds = np.array([[speed], [acceleration], [jerk]])
    return GroupLimits(("way",), ("m",), -unbounded, unbounded, bounds[0], bounds[1], bounds[2])


def _least(bound: Array, derivative: Array) -> float:
    return float((bound / np.maximum(derivative, _TINY)).min())
