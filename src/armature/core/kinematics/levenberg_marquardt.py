"""Down from a posture to where the tool is nearest to a target, within limits.

Levenberg-Marquardt with Sugihara's damping ("Solvability-unconcerned inverse kinematics by the Levenberg-Marquardt
method", 2011), so that a pose out of reach gives the nearest one; joints at a limit are left out of a step.
An arm of fewer than six joints comes to the place first, and as near to the orientation as it can there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.collision import TOLERANCE, Clearances
from armature.core.kinematics.kinematics import Pose, Quaternion, product
from armature.core.kinematics.mechanics import Mechanics
from armature.core.kinematics.rotations import invert, rotation_vector
from armature.core.kinematics.twist_servo import LEVER, place_first
from armature.core.steps import Steps
from armature.core.trajectory.limits import GroupLimits

_STEPS = 60
_LARGEST_STEP = 0.4  # [rad]
_DAMPING = 1e-9
_EXACT = 1e-10  # of the weighted error, where a descent may end [m]
_STUCK = 1e-7  # change of the weighted error in a step that makes no headway [m]
_SETTLED = 1e-9  # a step that leads nowhere [rad]
_HELD = 1e-6  # a step that would lead on, if no limit were in its way [rad]
_NEAR_ENOUGH = (1e-4, 1e-3)  # [m], [rad]
# Of the orientation, where an arm of fewer than six joints cannot have it and parts must keep apart.
_FEW_AXES_WEIGHT = 0.02
_PLACE_DAMPING = 1e-12
# Of a relaxed rotation, what costs the joints more is left, such as near where they cannot keep it [1].
_EFFORT = 2e-2
_SHORTENED = 6
# What parts lack of their distance weighs so many times as much as what the tool lacks of its target.
_APART = 10.0

_Toward = Callable[[Array, Array, Array], Array]  # a step, from the Jacobian, the error and the position


@dataclass(frozen=True)
class Target:
    """Where the tool shall be in the root frame.

    Without a rotation any will do; with a relaxed one the nearest that the arm has at that place.
    """

    translation: tuple[float, float, float]  # [m]
    rotation: Quaternion | None = None
    is_relaxed: bool = False


@dataclass(frozen=True, eq=False)
class DescentResult:
    """The result of a descent."""

    position: Array  # of the joints [rad], Shape (n,)
    distance: float  # of the tool to the target [m]
    angle: float  # between the tool and the target [rad]
    is_relaxed: bool = False  # whether that is of no account
    is_held: bool = False  # whether a limit keeps the tool from coming nearer

    @property
    def meets_target(self) -> bool:
        """Whether the target is met."""
        return self.is_there and (self.is_relaxed or self.angle <= _NEAR_ENOUGH[1])

    @property
    def is_there(self) -> bool:
        """Whether the tool is at its place, however it is turned."""
        return self.distance <= _NEAR_ENOUGH[0]

    @property
    def remaining(self) -> float:
        """What is left to the target, rotations as lengths [m]."""
        return self.distance + LEVER * self.angle


class LevenbergMarquardt:
    """Descents of one arm.

    Args:
        mechanics: the arm, with its tool.
        limits: of the joints.
        clearances: of the arm; None where parts need not keep apart.
        margin: that they keep [m].
    """

    def __init__(
        self, mechanics: Mechanics, limits: GroupLimits, clearances: Clearances | None, margin: float
    ) -> None:
        self._mechanics = mechanics
        self._limits = limits
        self._clearances = clearances
        self._keep = margin + TOLERANCE / 2.0
        self._frame = mechanics.frame(mechanics.tool)
        self._has_few = len(limits.joints) < 6
        self.lever = LEVER * (_FEW_AXES_WEIGHT if self._has_few else 1.0)

    def pose(self, position: Array) -> Pose:
        """Where the tool is at positions of the joints [rad], Shape (n,)."""
        self._mechanics.set_position(position)
        x, y, z = self._mechanics.translation(self._frame).tolist()
        return Pose((x, y, z), self._mechanics.rotation(self._frame))

    def solve(self, target: Target, begin: Array, keeps_apart: bool = False) -> Steps[DescentResult]:
        """To where the tool is nearest to a target.

        Args:
            target: of the tool.
            begin: where the joints begin [rad], Shape (n,).
            keeps_apart: parts that are too near push each other away, which comes before the target.
        """
        position = np.clip(begin, self._limits.lower, self._limits.upper)
        is_ordered = self._has_few and target.rotation is not None and not keeps_apart
        toward = self._in_order(target, position) if is_ordered else _least_squares
        error, jacobian = self._errors(target, position, keeps_apart)
        least = _NEAR_ENOUGH[0] if is_ordered else _STUCK  # that is left where a descent is stuck [m]
        last = math.inf
        for _ in range(_STEPS):
            size = float(error @ error)
            left = float(np.linalg.norm(error[:3])) if is_ordered else math.sqrt(size)
            if math.sqrt(size) < _EXACT or (abs(last - left) < _STUCK and left > least):
                break
            last = left
            way = self._step(position, error, jacobian, toward) - position
            position, error, jacobian = self._tried(target, position, way, keeps_apart, size)
            yield
            if np.abs(way).max() < _SETTLED:
                break
        turn = 0.0 if target.rotation is None else float(np.linalg.norm(error[3:6])) / self.lever
        is_held = is_ordered and bool(np.abs(toward(jacobian, error, position)).max() > _HELD)
        return DescentResult(position, float(np.linalg.norm(error[:3])), turn, target.is_relaxed, is_held)

    def _tried(
        self, target: Target, position: Array, way: Array, keeps_apart: bool, size: float
    ) -> tuple[Array, Array, Array]:
        """A step, shortened where it would lead to parts that the one before did not know of."""
        for shortened in range(_SHORTENED):
            after = position + way * 0.5**shortened
            error, jacobian = self._errors(target, after, keeps_apart)
            if not keeps_apart or float(error @ error) < size:
                break
        return after, error, jacobian

    def _step(self, position: Array, error: Array, jacobian: Array, toward: _Toward) -> Array:
        """One step within the limits; a joint that a limit holds lets the others do its part."""
        lower, upper = self._limits.lower, self._limits.upper
        free = np.ones(len(position), dtype=bool)
        for _ in range(len(position)):
            step = toward(jacobian * free, error, position * free)
            step *= min(1.0, _LARGEST_STEP / max(float(np.abs(step).max()), _LARGEST_STEP))
            after = position + step
            blocked = free & (((after < lower) & (position <= lower)) | ((after > upper) & (position >= upper)))
            if not blocked.any():
                break
            free &= ~blocked
        clipped: Array = np.clip(after, lower, upper)
        return clipped

    def _in_order(self, target: Target, begin: Array) -> _Toward:
        """Steps to the place, and to the rotation with what is left to the joints besides."""
        weights = np.array([1.0] * 3 + [1.0 / self.lever] * 3)

        def toward(jacobian: Array, error: Array, position: Array) -> Array:
            damping = 0.5 * float(error[:3] @ error[:3]) + _PLACE_DAMPING
            wanted, columns = error * weights, jacobian * weights[:, None]
            if not target.is_relaxed:
                return place_first(columns, wanted, damping)
            moved = np.where(columns.any(axis=0), position - begin, 0.0)
            return place_first(columns, wanted, damping, moved, _EFFORT)

        return toward

    def _errors(self, target: Target, position: Array, keeps_apart: bool) -> tuple[Array, Array]:
        """The error of the tool and, where asked, what parts lack of their distance."""
        error, jacobian = self._error(target, position)
        if not keeps_apart or self._clearances is None:
            return error, jacobian
        near = self._clearances.gradients(position, self._keep)
        lacks = [_APART * (self._keep - distance) for distance, _ in near]
        return np.append(error, lacks), np.vstack((jacobian, *(_APART * gradient for _, gradient in near)))

    def _error(self, target: Target, position: Array) -> tuple[Array, Array]:
        """What is left to the target, rotations as lengths, and how it changes with the joints."""
        self._mechanics.set_position(position)
        left = np.array(target.translation) - self._mechanics.translation(self._frame)
        jacobian = self._mechanics.jacobian(self._frame).copy()
        if target.rotation is None:
            return left, jacobian[:3]
        turn = rotation_vector(product(target.rotation, invert(self._mechanics.rotation(self._frame))))
        jacobian[3:] *= self.lever
        return np.concatenate((left, turn * self.lever)), jacobian


def _least_squares(jacobian: Array, error: Array, _position: Array) -> Array:
    damping = 0.5 * float(error @ error) + _DAMPING
    step: Array = np.linalg.solve(jacobian.T @ jacobian + damping * np.eye(jacobian.shape[1]), jacobian.T @ error)
    return step
