"""Rotations as vectors along their axis, and back."""

from __future__ import annotations

import math

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.kinematics import Quaternion


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
