"""Checks of a goal ahead of its motion: no collision with itself or the floor, and enough torque.

They go on from its begin to its end by some samples at a time, so that the caller can do other things in between.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.collision import TOLERANCE, Clearances, Pair, Passage, require_apart
from armature.core.kinematics.drive_ratings import DriveRatings
from armature.core.kinematics.dynamics import Torques
from armature.core.kinematics.mechanics import Mechanics
from armature.core.planning.torque_share import TorqueShares, bound_samples, states, times_by_lag
from armature.core.steps import Steps
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import ConfigError, GoalRefused, bounds

_SURVEY_REACH = 0.05  # distances that a survey reports [m]
_STEP = 30  # samples in one step


@dataclass(frozen=True)
class CheckSettings:
    """What is checked, and how closely."""

    collision: bool = True
    torque: bool = True
    margin: float = 0.005  # to be kept between parts [m]
    turn: float = 0.035  # that no joint turns farther than between two samples [rad]
    torque_share: float = 0.9  # of what the servos can give
    acceleration: bool = True

    def __post_init__(self) -> None:
        ranges = {"margin": (0.0, 0.1), "turn": (0.001, 0.5), "torque_share": (0.01, 1.0)}
        for name, (lower, upper) in ranges.items():
            if not lower <= (value := getattr(self, name)) <= upper:
                allowed = f"it must be within {bounds(lower, upper, value, 'g', 'and')}"
                raise ConfigError(f"parameter checks.{name}", value, allowed)


class GoalCheck:
    """One goal's check, from its begin on.

    Args:
        plan: the goal as it would be followed, begun at the set-point.
        clearances: of the arm; they reach as far as the margin at least.
        shares: of torques that the plan asks for.
        settings: what is checked.
        zero: the time of the plan at which the goal's own begins, by which its places are told [s].
    """

    def __init__(
        self,
        plan: Trajectory,
        clearances: Clearances,
        shares: TorqueShares,
        settings: CheckSettings,
        zero: float = 0.0,
    ) -> None:
        self.plan = plan
        self.checked = -math.inf  # the time of the plan up to which it has passed; infinity once it is done [s]
        self.nearest = clearances.reach  # least distance met so far, where it is within the reach [m]
        self.highest_torque = 0.0  # highest torque met so far, as a share of what the servo gives
        self._clearances = clearances
        self._shares = shares
        self._settings = settings
        self._zero = zero
        self._samples = self._all_samples()

    def advance(self, samples: int, until: float = math.inf) -> bool:
        """Go on with the check.

        Args:
            samples: how many to take; one costs about 0.1 ms.
            until: the time of the plan at which that is enough [s].

        Returns:
            Whether it is done: the goal has passed.

        Raises:
            GoalRefused: with the place on the path, the value, the bound and what would work.
        """
        for _ in islice(self._samples, samples):
            if self.checked >= until:
                break
        return self.checked == math.inf

    def _all_samples(self) -> Iterator[None]:
        kinds: list[Iterator[float]] = []
        if self._settings.collision:
            kinds.append(self._check_clearances())
        if self._settings.torque:
            kinds.append(self._check_torques())
        passed = dict.fromkeys(kinds, -math.inf)
        while min(passed.values(), default=math.inf) < math.inf:
            behind = min(kinds, key=lambda kind: passed[kind])
            passed[behind] = next(behind, math.inf)
            self.checked = min(passed.values())
            yield
        self.checked = math.inf

    def _check_clearances(self) -> Iterator[float]:
        """The times up to which parts keep clear of each other."""
        times = times_by_angle(self.plan, self._settings.turn)
        start = self.plan.sample(float(times[0])).position
        self._check_approach(start)
        passage = Passage(self._clearances, start, self._settings.margin)
        for time, state in states(self.plan, times):
            if blocked := passage.find_collision(state.position):
                raise self._too_near(*blocked, time)
            self.nearest = min(self.nearest, passage.nearest)
            yield time

    def _check_approach(self, start: Array) -> None:
        """Refuse an end that is nearer than the begin, where that is too near: all the way there it may be so."""
        passage = Passage(self._clearances, start, self._settings.margin)
        passage.find_collision(self.plan.positions[-1])
        if blocked := passage.find_approach():
            raise self._too_near(*blocked, self.plan.duration)

    def _too_near(self, pair: Pair, distance: float, time: float) -> GoalRefused:
        where = f"distance of {pair[0]} to {pair[1]} at {time - self._zero:.3f} s"
        return GoalRefused(where, round(distance, 4), self._way_out(pair), "m")

    def _way_out(self, pair: Pair) -> str:
        """What is kept between two parts, and what would work."""
        kept = self._clearances.kept(pair, self._settings.margin)
        times = (0.0, self.plan.duration)
        begin, end = (self._clearances.at(self.plan.sample(time).position).get(pair, kept) for time in times)
        remedy = "go around it, over a point between"
        if begin < kept:
            remedy += f"; they are {begin:.4f} m apart where the arm stands: jog them apart first"
        elif end < kept:
            allowed = f'"{pair[0]} {pair[1]}" in checks.allowed_pairs'
            remedy += f", and end elsewhere, or if they do not touch in truth, write {allowed}"
        return f"it must be {kept:g} m at least; {remedy} (negative: they overlap)"

    def _check_torques(self) -> Iterator[float]:
        """The times up to which the servos can give what is asked."""
        times = times_by_lag(self.plan)
        start = self.plan.sample(float(times[0])).position
        self._check_rest(start)
        bound = self._shares.bound(start)
        for time, state in states(self.plan, times):
            _, share = self._shares.of(state)
            if (share > bound).any():
                raise self._shares.refusal(self.plan, time - self._zero, state, bound)
            self.highest_torque = max(self.highest_torque, float(share.max()))
            yield time

    def _check_rest(self, start: Array) -> None:
        """Refuse an end that asks more than the begin, where that is too much: all the way there it may be so."""
        bound, rest = self._shares.bound_at_end(start), State.at_rest(self.plan.positions[-1])
        is_overloaded = bound > self._settings.torque_share
        if (self._shares.of(rest)[1] > bound)[is_overloaded].any():
            raise self._shares.refusal(self.plan, self.plan.duration - self._zero, rest, bound)


def times_by_angle(plan: Trajectory, turn: float) -> Array:
    """Times between which no joint turns farther than an angle [s].

    Args:
        plan: with one point at least.
        turn: [rad].

    Raises:
        GoalRefused: they would be more than a check may take.
    """
    knots = plan.knots
    if len(knots) == 1:
        return knots
    _, velocity = plan.hull()
    ways = (np.abs(velocity).max(axis=1) * np.diff(knots)[:, None]).max(axis=1)
    passed = np.concatenate((np.zeros(1), np.cumsum(ways)))
    bound_samples(int(passed[-1] / turn))
    times: Array = np.interp(np.append(np.arange(0.0, passed[-1], turn), passed[-1]), passed, knots)
    return times


class GoalChecks:
    """Checks the goals of one arm.

    Args:
        mechanics: the arm, with the rotors' inertia and the payload.
        drives: by joint.
        settings: what is checked.
    """

    def __init__(self, mechanics: Mechanics, drives: Mapping[str, DriveRatings], settings: CheckSettings) -> None:
        self.mechanics = mechanics
        self.torques = Torques(mechanics, drives)
        self.shares = TorqueShares(self.torques, settings.torque_share)
        self.settings = settings
        self.clearances = Clearances(mechanics, settings.margin + TOLERANCE)
        self._survey_clearances = Clearances(mechanics, max(_SURVEY_REACH, settings.margin + TOLERANCE))

    def require_apart(self, name: str, pose: Mapping[str, float]) -> None:
        """Refuse a park pose in which parts overlap.

        Args:
            name: of the pose.
            pose: of all driven joints [rad] or [m].

        Raises:
            ConfigError: with the parts that overlap most.
        """
        require_apart(self.clearances, name, self._place(pose))

    def admit(self, pose: Mapping[str, float]) -> None:
        """Let parts come as near as at a named pose of all driven joints [rad] or [m]."""
        position = self._place(pose)
        self.clearances.admit(position)
        self._survey_clearances.admit(position)

    def _place(self, pose: Mapping[str, float]) -> Array:
        """The arm's joints in a pose, the others as they are there."""
        joints = self.mechanics.joints
        self.mechanics.set_other_joints({joint: pose[joint] for joint in pose if joint not in joints})
        return np.array([pose[joint] for joint in joints])

    def begin(self, plan: Trajectory, zero: float = 0.0) -> GoalCheck:
        """Begin to check a goal, whose time 0 is a time of the plan [s]."""
        return GoalCheck(plan, self.clearances, self.shares, self.settings, zero)

    def whole(self, plan: Trajectory) -> Steps[GoalCheck]:
        """Check a goal to its end; raises as `GoalCheck.advance`."""
        return _to_end(self.begin(plan))

    def survey(self, plan: Trajectory) -> Steps[GoalCheck]:
        """The same, and measure clearances farther than the margin."""
        return _to_end(GoalCheck(plan, self._survey_clearances, self.shares, self.settings))


def _to_end(check: GoalCheck) -> Steps[GoalCheck]:
    while not check.advance(_STEP):
        yield
    return check
