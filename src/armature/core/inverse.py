"""Inverse kinematics: joint positions that bring the tool to a pose, within limits and clear of collisions.

Levenberg-Marquardt with Sugihara's damping ("Solvability-unconcerned inverse kinematics by the Levenberg-Marquardt
method", 2011), so that a pose out of reach gives the nearest one; joints at a limit are left out of a step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from armature.core.collision import Clearances
from armature.core.kinematics import Pose, Quaternion, product
from armature.core.limits import GroupLimits
from armature.core.mechanics import Mechanics
from armature.core.spline import Array
from armature.core.steering import LEVER

_STEPS = 60
_LARGEST_STEP = 0.4  # [rad]
_DAMPING = 1e-9
_EXACT = 1e-10  # of the weighted error, where a descent may end [m]
_STUCK = 1e-7  # change of the weighted error in a step that makes no headway [m]
# Where a descent begins when the one from the present place does not do: so many places within the limits, always
# the same, so that the same question has the same answer.
_OTHER_BEGINNINGS = 16
_NEAR_ENOUGH = (1e-4, 1e-3)  # [m], [rad]
# An arm of fewer than six joints comes to the place, and as near to the orientation as it can.
_FEW_AXES_WEIGHT = 0.02


@dataclass(frozen=True)
class Target:
    """Where the tool shall be in the root frame; without a rotation any will do."""

    translation: tuple[float, float, float]  # [m]
    rotation: Quaternion | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """The place that a descent has led to."""

    position: Array  # of the joints [rad], Shape (n,)
    distance: float  # of the tool to the target [m]
    angle: float  # between the tool and the target [rad]
    in_collision: str = ""  # with what, in words
    reason: str = ""  # why there is nothing nearer to the target, in words

    @property
    def is_reached(self) -> bool:
        """Whether the target is met and nothing collides."""
        return self.is_there and not self.in_collision

    @property
    def is_there(self) -> bool:
        """Whether the target is met."""
        return self.distance <= _NEAR_ENOUGH[0] and self.angle <= _NEAR_ENOUGH[1]


class Inverse:
    """Finds joint positions for poses of the tool.

    Args:
        mechanics: the arm, with its tool.
        limits: of the joints.
        clearances: of the arm; None where collisions are not looked at.
        margin: to be kept between parts [m].
    """

    def __init__(
        self, mechanics: Mechanics, limits: GroupLimits, clearances: Clearances | None, margin: float
    ) -> None:
        self._mechanics = mechanics
        self._limits = limits
        self._clearances = clearances
        self._margin = margin
        self._frame = mechanics.frame(mechanics.tool)
        n = len(limits.joints)
        self._lever = LEVER * (1.0 if n >= 6 else _FEW_AXES_WEIGHT)
        low, high = np.maximum(limits.lower, -math.pi), np.minimum(limits.upper, math.pi)
        self._others = low + np.random.default_rng(0).random((_OTHER_BEGINNINGS, n)) * (high - low)

    def pose(self, position: Array) -> Pose:
        """Where the tool is at positions of the joints [rad], Shape (n,)."""
        self._mechanics.place(position)
        x, y, z = self._mechanics.translation(self._frame).tolist()
        return Pose((x, y, z), self._mechanics.rotation(self._frame))

    def best(self, target: Target, near: Array) -> Found:
        """The quickest place to go to that meets the target; where there is none, the nearest to it.

        Args:
            target: of the tool.
            near: where the joints are [rad], Shape (n,).
        """
        found = [self.judged(self.descent(target, near))]
        if found[0].is_reached:
            return found[0]
        found += [self.judged(self.descent(target, other)) for other in self._others]
        reached = [one for one in found if one.is_reached]
        if reached:
            return min(reached, key=lambda one: self._time(one.position - near))
        free = [one for one in found if not one.in_collision]
        return replace(min(free or found, key=_left), reason=min(found, key=_left).reason)

    def _reason(self, found: Found) -> str:
        if found.is_there:
            return found.in_collision
        at_limit = (found.position <= self._limits.lower) | (found.position >= self._limits.upper)
        names = ", ".join(joint for joint, held in zip(self._limits.joints, at_limit, strict=True) if held)
        return f"{names} at the limit" if names else "the arm does not reach so far"

    def descent(self, target: Target, begin: Array) -> Found:
        """Down from one place to where the tool is nearest to the target; collisions are not looked at."""
        position = np.clip(begin, self._limits.lower, self._limits.upper)
        error, jacobian = self._error(target, position)
        last = math.inf
        for _ in range(_STEPS):
            size = float(error @ error)
            if math.sqrt(size) < _EXACT or abs(last - math.sqrt(size)) < _STUCK < math.sqrt(size):
                break
            last = math.sqrt(size)
            position = self._step(position, error, jacobian, 0.5 * size + _DAMPING)
            error, jacobian = self._error(target, position)
        turn = 0.0 if target.rotation is None else float(np.linalg.norm(error[3:])) / self._lever
        return Found(position, float(np.linalg.norm(error[:3])), turn)

    def _step(self, position: Array, error: Array, jacobian: Array, damping: float) -> Array:
        """One step within the limits; a joint that a limit holds lets the others do its part."""
        lower, upper = self._limits.lower, self._limits.upper
        free = np.ones(len(position), dtype=bool)
        for _ in range(len(position)):
            held = jacobian * free
            square = held.T @ held + np.diag(damping + np.where(free, 0.0, 1.0))
            step = np.linalg.solve(square, held.T @ error)
            step *= min(1.0, _LARGEST_STEP / max(float(np.abs(step).max()), _LARGEST_STEP))
            after = position + step
            blocked = free & (((after < lower) & (position <= lower)) | ((after > upper) & (position >= upper)))
            if not blocked.any():
                break
            free &= ~blocked
        clipped: Array = np.clip(after, lower, upper)
        return clipped

    def _error(self, target: Target, position: Array) -> tuple[Array, Array]:
        """What is left to the target, rotations as lengths, and how it changes with the joints."""
        self._mechanics.place(position)
        left = np.array(target.translation) - self._mechanics.translation(self._frame)
        jacobian = self._mechanics.jacobian(self._frame).copy()
        if target.rotation is None:
            return left, jacobian[:3]
        turn = rotation_vector(product(target.rotation, inverted(self._mechanics.rotation(self._frame))))
        jacobian[3:] *= self._lever
        return np.concatenate((left, turn * self._lever)), jacobian

    def judged(self, found: Found) -> Found:
        """The same, with why there is nothing nearer to the target, and what collides there."""
        found = replace(found, in_collision=self._collision(found.position))
        return replace(found, reason=self._reason(found))

    def _collision(self, position: Array) -> str:
        pairs = {} if self._clearances is None else self._clearances.at(position)
        near = [f"{one} would be too near {other}" for (one, other), gap in pairs.items() if gap < self._margin]
        return near[0] if near else ""

    def _time(self, way: Array) -> float:
        return float((np.abs(way) / self._limits.velocity).max())


def _left(found: Found) -> float:
    return found.distance + LEVER * found.angle


def inverted(rotation: Quaternion) -> Quaternion:
    """The rotation back."""
    x, y, z, w = rotation
    return (-x, -y, -z, w)


def rotation_vector(rotation: Quaternion) -> Array:
    """Axis times angle [rad] of a unit quaternion, the shorter way; Shape (3,)."""
    vector = np.array(rotation[:3]) * (1.0 if rotation[3] >= 0.0 else -1.0)
    sine = float(np.linalg.norm(vector))
    angle = 2.0 * math.atan2(sine, abs(rotation[3]))
    scaled: Array = vector * (2.0 if sine < 1e-12 else angle / sine)
    return scaled


def from_rotation_vector(vector: Array) -> Quaternion:
    """The unit quaternion of an axis times an angle [rad]."""
    angle = float(np.linalg.norm(vector))
    x, y, z = (vector * (0.5 if angle < 1e-12 else math.sin(angle / 2.0) / angle)).tolist()
    return (x, y, z, math.cos(angle / 2.0))
