"""Velocities of the joints that give the tool a velocity: damped least squares.

Nakamura and Hanafusa, "Inverse kinematic solutions with singularity robustness for robot manipulator control",
1986: the damping sets in where the smallest singular value falls below a threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ruckig

from armature.core.arrays import Array
from armature.core.kinematics.kinematics import Pose, Quaternion, product
from armature.core.kinematics.mechanics import Mechanics
from armature.core.kinematics.rotations import invert, rotation_vector
from armature.core.trajectory import retiming, ruckig_motion
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused

# Rotation and translation weigh alike at this lever [m/rad].
LEVER = 0.2
# An arm of fewer than six joints gives the translation and what it can of the rotation.
_FEW_AXES_WEIGHT = 0.05
# Smallest singular values: below the first the tool slows down, at the second it goes no nearer [m/rad].
_NEAR, _AT = 0.01, 0.003
_DAMPING = 0.01  # at a singularity [m/rad]
# How far ahead it is seen whether a singularity comes nearer [s].
_AHEAD = 0.05
_NO_TIME = 1e-3  # [s]
# Of no account: a singular value of the translation [m], and squares of those of translation [m²] and rotation.
_UNMOVABLE, _ROUNDING, _UNTURNABLE = 1e-5, 1e-12, 1e-5
# Square of the singular value below which joints can hardly give a rotation besides.
_TURNABLE = 0.05
# A number beyond it was not meant as a velocity [m/s], [rad/s].
_FASTEST = 1e6


@dataclass(frozen=True, eq=False)
class JointVelocities:
    """Velocities of the joints [rad/s], Shape (n,), and why they are less than asked for, in words."""

    velocity: Array
    reason: str = ""
    slow: float = 1.0  # the share that a singularity leaves


@dataclass(frozen=True, eq=False)
class Rates:
    """Velocities of the joints [rad/s], Shape (n,), for one of the tool along the root's axes, Shape (6,)."""

    velocity: Array
    twist: Array
    smallest: float  # singular value of the Jacobian there [m/rad]

    @property
    def is_singular(self) -> bool:
        """Whether the tool goes no nearer to a singularity."""
        return self.smallest < _AT


class TwistServo:
    """The tool's velocity as the joints'.

    Args:
        mechanics: the arm.
        limits: of the joints.
        frame: the tool's.

    Raises:
        ConfigError: no such frame.
    """

    def __init__(self, mechanics: Mechanics, limits: GroupLimits, frame: str) -> None:
        self._mechanics = mechanics
        self._limits = limits
        self._frame = mechanics.frame(frame)
        self._has_few = len(limits.joints) < 6
        self._weight = np.array([1.0] * 3 + [LEVER * (_FEW_AXES_WEIGHT if self._has_few else 1.0)] * 3)
        self._rows = 3 if self._has_few else 6  # that a singularity is judged by

    def velocities(self, position: Array, twist: Array, in_tool: bool) -> JointVelocities:
        """Joint velocities for a velocity of the tool, along its direction and within the joints' limits.

        Args:
            position: of the joints [rad], Shape (n,).
            twist: linear [m/s], then angular [rad/s], Shape (6,).
            in_tool: whether it is given along the tool's axes; else along the root's.

        Raises:
            GoalRefused: see `check_twist`.
        """
        check_twist(twist)
        jacobian = self._jacobian(position)
        twist = self._in_root(twist, in_tool)
        velocity = _damped(jacobian, twist * self._weight, self._smallest(jacobian))
        share = np.abs(velocity / self._limits.velocity).max()
        reason = ""
        if share > 1.0:
            velocity = velocity / share
            reason = f"slowed to {1.0 / share:.0%}: a joint is at its highest velocity"
        slow = self._near_singularity(position, velocity, self._smallest(jacobian))
        if slow < 1.0:
            reason = f"slowed to {slow:.0%}: a singularity is near"
        return JointVelocities(velocity * slow, reason, slow)

    def pose(self, position: Array) -> Pose:
        """Where the tool is at positions of the joints [rad], Shape (n,)."""
        self._mechanics.set_position(position)
        x, y, z = self._mechanics.translation(self._frame).tolist()
        return Pose((x, y, z), self._mechanics.rotation(self._frame))

    def rates(self, position: Array, twist: Array, in_tool: bool) -> Rates:
        """Joint velocities for a velocity of the tool, whatever they are; arguments as `velocities`.

        An arm of fewer than six joints gives the translation, and of the rotation what it can besides.
        """
        weighted = self._jacobian(position)
        twist = self._in_root(twist, in_tool)
        if self._has_few:
            return Rates(
                place_first(weighted / self._weight[:, None], twist, _ROUNDING), twist, self._smallest(weighted)
            )
        left, size, right = np.linalg.svd(weighted, full_matrices=False)
        velocity = right.T @ (left.T @ (twist * self._weight) / np.maximum(size, _UNMOVABLE))
        return Rates(velocity, twist, float(size[-1]))

    def step_to(self, pose: Pose, position: Array) -> Array:
        """The way of the joints to a pose near by [rad], Shape (n,); to its place alone where they are few.

        Args:
            pose: of the tool.
            position: of the joints [rad], Shape (n,).
        """
        weighted = self._jacobian(position)
        moved = np.array(pose.translation) - self._mechanics.translation(self._frame)
        turned = rotation_vector(product(pose.rotation, invert(self._mechanics.rotation(self._frame))))
        error = np.concatenate((moved, turned)) * self._weight
        return _damped(weighted[: self._rows], error[: self._rows], np.inf)

    def smallest_singular_value(self, position: Array) -> float:
        """The smallest singular value of the Jacobian at positions [m/rad]: 0 in a singularity."""
        return self._smallest(self._jacobian(position))

    def _near_singularity(self, position: Array, velocity: Array, now: float) -> float:
        if now >= _NEAR + np.abs(velocity).max() * _AHEAD:
            return 1.0
        ahead = self._smallest(self._jacobian(position + velocity * _AHEAD))
        if ahead >= min(now, _NEAR):
            return 1.0
        return float(np.clip((ahead - _AT) / (_NEAR - _AT), 0.0, 1.0))

    def _in_root(self, twist: Array, in_tool: bool) -> Array:
        if not in_tool:
            return twist
        turned = matrix(self._mechanics.rotation(self._frame))
        return np.concatenate((turned @ twist[:3], turned @ twist[3:]))

    def _jacobian(self, position: Array) -> Array:
        self._mechanics.set_position(position)
        weighted: Array = self._mechanics.jacobian(self._frame) * self._weight[:, None]
        return weighted

    def _smallest(self, jacobian: Array) -> float:
        return float(np.linalg.svd(jacobian[: self._rows], compute_uv=False)[-1])


def check_twist(twist: Array) -> None:
    """Refuse an absurd velocity of the tool; a lesser one is slowed down to the joints' limits.

    Args:
        twist: linear [m/s], then angular [rad/s], Shape (6,).

    Raises:
        GoalRefused: a number that is not finite, or is beyond every arm.
    """
    if not (np.abs(twist) <= _FASTEST).all():
        allowed = f"finite numbers are needed, within {_FASTEST:g} m/s and rad/s"
        raise GoalRefused("twist", twist.tolist(), allowed)


def place_first(
    jacobian: Array, wanted: Array, damping: float, moved: Array | None = None, effort: float = 0.0
) -> Array:
    """The way of few joints that gives the translation, and of the rotation what they can besides.

    Args:
        jacobian: of the tool, unweighted, Shape (6, n).
        wanted: translation [m], then rotation [rad], Shape (6,).
        damping: of the translation [m²].
        moved: how far the joints have come already [rad], Shape (n,).
        effort: what a radian of the joints' way weighs beside one of the rotation that is left, where they can
            hardly give it.
    """
    place, turn = jacobian[:3], jacobian[3:]
    left, size, right = np.linalg.svd(place, full_matrices=False)
    first = right.T @ (size / (size**2 + damping) * (left.T @ wanted[:3]))
    # What the translation takes is taken wholly, whatever the damping: else the rotation would move the tool.
    taken = right[size > _UNMOVABLE]
    spare = np.eye(len(first)) - taken.T @ taken
    besides, whole = turn @ spare, first if moved is None else first + moved
    least = np.linalg.svd(besides, compute_uv=False)[max(len(first) - len(taken), 1) - 1] ** 2
    effort = _UNTURNABLE + effort / (1.0 + (least / _TURNABLE) ** 2)
    square = besides.T @ besides + effort * np.eye(len(first))
    way: Array = first + spare @ np.linalg.solve(square, besides.T @ (wanted[3:] - turn @ first) - effort * whole)
    return way


def _damped(jacobian: Array, wanted: Array, smallest: float) -> Array:
    damping = _DAMPING**2 * max(0.0, 1.0 - (smallest / _NEAR) ** 2) + 1e-10
    square = jacobian @ jacobian.T + damping * np.eye(len(jacobian))
    velocity: Array = jacobian.T @ np.linalg.solve(square, wanted)
    return velocity


def matrix(rotation: Quaternion) -> Array:
    """The rotation matrix of a unit quaternion, Shape (3, 3)."""
    x, y, z, w = rotation
    return np.array(
        (
            (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
            (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
            (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
        )
    )


def build_twist_motion(limits: GroupLimits, start: State, velocities: Array, lease: float) -> Trajectory:
    """Accelerate to velocities, all joints at once, keep them for the lease, and stop.

    Args:
        limits: of the group.
        start: what is commanded now.
        velocities: within the limits [rad/s], Shape (n,).
        lease: for how long [s].

    Returns:
        The motion, quintic, ending at rest.
    """
    ramp = _ramp(limits, start, velocities)
    if ramp.duration > lease - _NO_TIME:
        pressed = ruckig_motion.exact(limits.joints, ramp, lease)
    elif ramp.duration < _NO_TIME:
        pressed = _held(limits.joints, start, velocities, lease)
    else:
        reached = ruckig_motion.exact(limits.joints, ramp)
        begin = State(reached.points[0][-1], velocities, np.zeros_like(velocities))
        pressed = retiming.join(reached, _held(limits.joints, begin, velocities, lease - ramp.duration))
    end = State(*(rows[-1] for rows in pressed.points))
    if end.is_resting:
        return pressed
    return retiming.join(
        pressed, ruckig_motion.exact(limits.joints, _ramp(limits, end, np.zeros_like(velocities)))
    )


def _ramp(limits: GroupLimits, start: State, velocities: Array) -> ruckig.Trajectory:
    """To velocities in proportion, so that the tool keeps its direction."""
    asked = ruckig_motion.question(limits, start, limits.velocity)
    asked.control_interface = ruckig.ControlInterface.Velocity
    asked.synchronization = ruckig.Synchronization.Phase
    asked.target_velocity, asked.target_acceleration = velocities.tolist(), [0.0] * len(velocities)
    found = ruckig_motion.answer(asked)
    if found is None:
        raise GoalRefused("twist", velocities.tolist(), "finite numbers are needed")
    return found


def _held(joints: tuple[str, ...], begin: State, velocities: Array, duration: float) -> Trajectory:
    """On at velocities for a time [s]."""
    duration = max(duration, _NO_TIME)
    last = begin.position + velocities * duration
    rows = zip((begin.position, begin.velocity, begin.acceleration), (last, velocities, 0.0 * last), strict=True)
    position, velocity, acceleration = (np.stack(pair) for pair in rows)
    return retiming.quintic(joints, np.array([0.0, duration]), (position, velocity, acceleration))
