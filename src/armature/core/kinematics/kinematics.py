"""Frames of the arm from its joint positions; plain floats, since trees are small and called often.

A rotation is a unit quaternion (x, y, z, w), as in geometry_msgs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from armature.core.model.arm import ArmModel, Joint
from armature.errors import ConfigError, GoalRefused, listed

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


@dataclass(frozen=True)
class Pose:
    """A frame in another."""

    translation: Vector  # [m]
    rotation: Quaternion  # x, y, z, w


@dataclass(frozen=True)
class FrameTransform:
    """A child frame in its parent frame."""

    parent: str
    child: str
    pose: Pose


_IDENTITY = Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))


def from_axis_angle(axis: Vector, angle: float) -> Quaternion:
    """Rotation about a unit axis [rad]."""
    half = math.sin(angle / 2.0)
    return (axis[0] * half, axis[1] * half, axis[2] * half, math.cos(angle / 2.0))


def from_rpy(rpy: Vector) -> Quaternion:
    """Rotation of a URDF's rpy: about the fixed axes x, then y, then z [rad]."""
    roll, pitch, yaw = rpy
    about_x = from_axis_angle((1.0, 0.0, 0.0), roll)
    about_y = from_axis_angle((0.0, 1.0, 0.0), pitch)
    about_z = from_axis_angle((0.0, 0.0, 1.0), yaw)
    return product(about_z, product(about_y, about_x))


def product(a: Quaternion, b: Quaternion) -> Quaternion:
    """The rotation b, then a (Hamilton product a b)."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def rotate(rotation: Quaternion, vector: Vector) -> Vector:
    """A vector turned by a rotation."""
    x, y, z, w = rotation
    back = (-x, -y, -z, w)
    turned = product(product(rotation, (*vector, 0.0)), back)
    return turned[:3]


def compose(outer: Pose, inner: Pose) -> Pose:
    """The frame `inner`, given in the frame `outer`, seen from where `outer` is seen."""
    moved = rotate(outer.rotation, inner.translation)
    translation = tuple(a + b for a, b in zip(outer.translation, moved, strict=True))
    return Pose((translation[0], translation[1], translation[2]), product(outer.rotation, inner.rotation))


def joint_pose(joint: Joint, position: float) -> Pose:
    """The child frame of a joint in its parent frame at a position [rad] or [m]; of a fixed joint at 0."""
    rotation = from_rpy(joint.rpy)
    if joint.kind == "fixed":
        return Pose(joint.xyz, rotation)
    if joint.kind == "prismatic":
        slid = (joint.axis[0] * position, joint.axis[1] * position, joint.axis[2] * position)
        return compose(Pose(joint.xyz, rotation), Pose(slid, _IDENTITY.rotation))
    return Pose(joint.xyz, product(rotation, from_axis_angle(joint.axis, position)))


def position_of(joint: Joint, positions: Mapping[str, float]) -> float | None:
    """Position of a moving joint [rad] or [m], a mimic joint following its leader; None where it was not read."""
    if joint.mimic is None:
        return positions.get(joint.name)
    leader = positions.get(joint.mimic.joint)
    return None if leader is None else joint.mimic.multiplier * leader + joint.mimic.offset


def moving_frames(arm: ArmModel, positions: Mapping[str, float]) -> list[FrameTransform]:
    """Frames behind moving joints; a frame whose joint was not read is left out."""
    frames = []
    for joint in arm.joints:
        position = None if joint.kind == "fixed" else position_of(joint, positions)
        if position is not None:
            frames.append(FrameTransform(joint.parent, joint.child, joint_pose(joint, position)))
    return frames


def fixed_frames(arm: ArmModel) -> list[FrameTransform]:
    """Frames behind fixed joints."""
    return [
        FrameTransform(joint.parent, joint.child, joint_pose(joint, 0.0))
        for joint in arm.joints
        if joint.kind == "fixed"
    ]


def forward(arm: ArmModel, positions: Mapping[str, float], frame: str) -> Pose:
    """Where a frame is in the root frame (forward kinematics).

    Args:
        arm: the arm.
        positions: of the driven joints [rad] or [m].
        frame: a link's name.

    Raises:
        ConfigError: no such frame.
        GoalRefused: the position of a joint on the way is missing.
    """
    parents = {joint.child: joint for joint in arm.joints}
    if frame not in parents and frame != arm.root:
        raise ConfigError("frame", frame, listed("frames", (arm.root, *parents)))
    pose = _IDENTITY
    while frame != arm.root:
        joint = parents[frame]
        position = 0.0 if joint.kind == "fixed" else position_of(joint, positions)
        if position is None:
            raise GoalRefused("positions", sorted(positions), f"the position of {joint.name} is needed")
        pose = compose(joint_pose(joint, position), pose)
        frame = joint.parent
    return pose


def farthest_fixed(arm: ArmModel, frame: str) -> tuple[str, float]:
    """The farthest of the frames that hang on another one by fixed joints alone, that one itself where none does.

    Args:
        arm: any.
        frame: name of the other one.

    Returns:
        Its name, and how far it lies from the other one [m].
    """
    places, left = {frame: _IDENTITY}, [frame]
    while left:
        parent = left.pop()
        for joint in arm.joints:
            if joint.kind == "fixed" and joint.parent == parent:
                places[joint.child] = compose(places[parent], joint_pose(joint, 0.0))
                left.append(joint.child)
    distances = {name: math.hypot(*place.translation) for name, place in places.items()}
    name = max(distances, key=lambda name: distances[name])
    return name, distances[name]
