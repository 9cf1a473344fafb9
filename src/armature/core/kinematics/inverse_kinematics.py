"""Inverse kinematics: joint positions that bring the tool to a pose, within limits and clear of collisions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.collision import Clearances, Passage
from armature.core.kinematics.kinematics import Pose
from armature.core.kinematics.levenberg_marquardt import DescentResult, LevenbergMarquardt, Target
from armature.core.kinematics.mechanics import Mechanics
from armature.core.steps import Steps
from armature.core.trajectory.limits import GroupLimits
from armature.errors import apart, named

# Where a descent begins when the one from the present place does not do: of many free places within the limits,
# always the same so that the same question has the same answer, those whose tool is nearest to the target.
_PLACES = 1000
_BEGINNINGS = 8
_FURTHER = 12  # where none of them leads anywhere
# Of so many of the quickest to reach, the first whose straight way is free is taken.
_WAYS = 4
_MOVED_APART = 2
ALL_AXES = 6  # of an arm that can turn its tool as it likes
_TURN = 0.035  # that no joint turns farther between two samples along a way [rad]


@dataclass(frozen=True, eq=False)
class Solution:
    """The result of a descent, and what is wrong with it."""

    arrival: DescentResult
    in_collision: str = ""  # with what, in words
    clearance: float = math.inf  # the least between two parts, as far as it is measured [m]
    reason: str = ""  # why there is nothing nearer to the target, in words

    @property
    def is_reached(self) -> bool:
        """Whether the target is met and nothing collides."""
        return self.arrival.meets_target and not self.in_collision

    @property
    def position(self) -> Array:
        """Of the joints [rad], Shape (n,)."""
        return self.arrival.position


class InverseKinematics:
    """Finds joint positions for poses of the tool.

    Args:
        mechanics: the arm, with its tool.
        limits: of the joints.
        clearances: of the arm; None where collisions are not checked.
        margin: to be kept between parts [m].
    """

    def __init__(
        self, mechanics: Mechanics, limits: GroupLimits, clearances: Clearances | None, margin: float
    ) -> None:
        self._limits = limits
        # Joints of more than a turn; a slide has none.
        turns = np.array([unit == "rad" for unit in limits.units], dtype=bool)
        self._turns = turns & (limits.upper - limits.lower > math.tau)
        self._clearances = clearances
        self._margin = margin
        self._descent = LevenbergMarquardt(mechanics, limits, clearances, margin)
        self._places = self._free_places()
        poses = [self._descent.pose(place) for place in self._places]
        self._translations = np.array([pose.translation for pose in poses])
        self._rotations = np.array([pose.rotation for pose in poses])

    def pose(self, position: Array) -> Pose:
        """Where the tool is at positions of the joints [rad], Shape (n,)."""
        return self._descent.pose(position)

    def descend(self, target: Target, begin: Array) -> Steps[DescentResult]:
        """Descend from one position to where the tool is nearest to the target; collisions are not checked."""
        return self._descent.solve(target, begin)

    def solve(self, target: Target, near: Array) -> Steps[Solution]:
        """The quickest place to go to that meets the target; where there is none, the nearest to it.

        Args:
            target: of the tool.
            near: where the joints are [rad], Shape (n,).
        """
        found: list[Solution] = []
        for beginnings in (near[None], *self._beginnings(target)):
            batch = []
            for begin in self._within_half_a_turn(beginnings, near):
                batch.append(self.assess((yield from self._descent.solve(target, begin))))
                yield
            found += batch + (yield from self._moved_apart(target, batch, near))
            reached = sorted((one for one in found if one.is_reached), key=lambda one: self._time(one, near))
            for one in reached[:_WAYS]:
                yield
                if self._is_way_free(near, one.position):
                    return one
        return reached[0] if reached else (yield from self._nearest(target, found))

    def assess(self, arrival: DescentResult) -> Solution:
        """The same, with what collides there, and why there is nothing nearer to the target."""
        collision, clearance = self._collision(arrival.position)
        reason = collision if arrival.meets_target else self._obstacle(arrival)
        return Solution(arrival, collision, clearance, reason)

    def _moved_apart(self, target: Target, found: list[Solution], near: Array) -> Steps[list[Solution]]:
        """Solutions that collide with their parts moved apart, where the target leaves room and none is free."""
        is_free = target.rotation is None or target.is_relaxed
        has_room = len(self._limits.joints) > (3 if is_free else 6)
        if not has_room or any(one.is_reached for one in found):
            return []
        tight = sorted((one for one in found if one.arrival.meets_target), key=lambda one: self._time(one, near))
        return (yield from self._apart(target, tight[:_MOVED_APART]))

    def _apart(self, target: Target, found: list[Solution]) -> Steps[list[Solution]]:
        moved = []
        for one in found:
            arrival = yield from self._descent.solve(target, one.position, keeps_apart=True)
            moved.append(self.assess(arrival))
            yield
        return moved

    def _beginnings(self, target: Target) -> tuple[Array, Array]:
        """Free places whose tool is near to the target, the nearest first; each of Shape (m, n)."""
        off = np.linalg.norm(self._translations - target.translation, axis=1)
        if target.rotation is not None:
            cosine = np.minimum(np.abs(self._rotations @ target.rotation), 1.0)
            off += self._descent.lever * 2.0 * np.arccos(cosine)
        nearest = self._places[np.argsort(off)[: _BEGINNINGS + _FURTHER]]
        return nearest[:_BEGINNINGS], nearest[_BEGINNINGS:]

    def _nearest(self, target: Target, found: list[Solution]) -> Steps[Solution]:
        """Where nothing collides, and the target is nearest; with the reason why it cannot be met."""
        there = sorted((one for one in found if one.arrival.meets_target), key=lambda one: -one.clearance)
        foremost = there or sorted(found, key=attrgetter("arrival.remaining"))
        found += yield from self._apart(target, [one for one in foremost[:_MOVED_APART] if one.in_collision])
        free = [one for one in found if not one.in_collision]
        return replace(min(free or found, key=attrgetter("arrival.remaining")), reason=foremost[0].reason)

    def _within_half_a_turn(self, places: Array, near: Array) -> Array:
        """The same places, joints of several turns in the turn that is nearest to where they are."""
        shifted = places + math.tau * np.round((near - places) / math.tau)
        is_free = self._turns & (shifted >= self._limits.lower) & (shifted <= self._limits.upper)
        within: Array = np.where(is_free, shifted, places)
        return within

    def _free_places(self) -> Array:
        low = np.where(self._turns, np.maximum(self._limits.lower, -math.pi), self._limits.lower)
        high = np.where(self._turns, np.minimum(self._limits.upper, math.pi), self._limits.upper)
        places = low + np.random.default_rng(0).random((_PLACES, len(low))) * (high - low)
        free = [place for place in places if not self._collision(place)[0]]
        return np.array(free or places)

    def _collision(self, position: Array) -> tuple[str, float]:
        """What is too near what, in words, and the least distance within the reach [m]."""
        if self._clearances is None or not (gaps := self._clearances.at(position)):
            return "", math.inf
        kept = {pair: self._clearances.kept(pair, self._margin) for pair in gaps}
        worst = min(gaps, key=lambda pair: gaps[pair] - kept[pair])
        if gaps[worst] >= kept[worst]:
            return "", min(gaps.values())
        bound = f"{kept[worst]:g} m at least are kept (negative: they overlap)"
        one, other = map(named, worst)
        return f"{one} would be {apart(gaps[worst], kept[worst])} m from {other}; {bound}", gaps[worst]

    def _obstacle(self, arrival: DescentResult) -> str:
        position = arrival.position
        at_limit = (position <= self._limits.lower) | (position >= self._limits.upper)
        names = named(*(joint for joint, held in zip(self._limits.joints, at_limit, strict=True) if held))
        if arrival.is_there and (few := len(self._limits.joints)) < ALL_AXES and not (names and arrival.is_held):
            free = "leave out roll, pitch and yaw (ROS: x = y = z = w = 0)"
            return f"an arm of {few} joints cannot turn the tool so there; {free}"
        return f"{names} at the limit" if names else "the arm does not reach so far"

    def _is_way_free(self, begin: Array, end: Array) -> bool:
        """Whether the joints' straight way keeps parts apart."""
        if self._clearances is None:
            return True
        passage = Passage(self._clearances, begin, self._margin)
        samples = int(np.ceil(np.abs(end - begin).max() / _TURN))
        return not any(passage.find_collision(place) for place in np.linspace(begin, end, samples + 1)[1:])

    def _time(self, found: Solution, near: Array) -> float:
        return float((np.abs(found.position - near) / self._limits.velocity).max())
