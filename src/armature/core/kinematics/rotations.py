"""Rotations as vectors along their axis, and back."""

from __future__ import annotations

import math

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.kinematics import Quaternion, Vector

_UPRIGHT = 1.0 - 1e-12  # sine of a pitch from which roll and yaw turn about one axis


def invert(rotation: Quaternion) -> Quaternion:
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


def to_rpy(rotation: Quaternion) -> Vector:
    """Roll, pitch and yaw of a URDF [rad], see `from_rpy`; where the pitch is a quarter turn, the roll is 0."""
    x, y, z, w = rotation
    sine = 2.0 * (w * y - z * x)
    if abs(sine) > _UPRIGHT:
        return (0.0, math.copysign(math.pi / 2.0, sine), math.copysign(2.0, -sine) * math.atan2(x, w))
    roll = math.atan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    yaw = math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    return (roll, math.asin(sine), yaw)
