"""Which way a joint's positive direction is, in words that a person beside the arm can check."""

from __future__ import annotations

import math
from collections.abc import Mapping

from armature.core.kinematics.kinematics import Vector, compose, forward, joint_pose, rotate
from armature.core.model.arm import ArmModel, Joint

# REP-103: x forward, y left, z up.
_WORDS = (("forward", "back"), ("left", "right"), ("up", "down"))
_SEEN_FROM = (("the front", "behind"), ("its left", "its right"), ("above", "below"))
_MINOR = 0.5  # share of the greatest component from which on another one is named too
_UPRIGHT = 0.9  # cosine from which on an axis counts as vertical
_STEP = 1e-3  # by which fingers are moved to see whether they part [m]
_LEVER = 0.02  # nearer to the axis than this a tip only turns [m]


def describe_positive(arm: ArmModel, name: str, pose: Mapping[str, float]) -> str:
    """What happens where the position of a joint grows, seen by somebody who stands behind the arm's base.

    Args:
        arm: the arm.
        name: of a driven joint.
        pose: positions of the driven joints [rad] or [m].
    """
    joint = arm.joint(name)
    frame = compose(forward(arm, pose, joint.parent), joint_pose(joint, pose[name]))
    axis = rotate(frame.rotation, joint.axis)
    if joint.kind == "prismatic":
        return _fingers(arm, joint, pose) or f"it slides {_direction(axis)}"
    tip = max(
        (_minus(forward(arm, pose, link).translation, frame.translation) for link in _behind(arm, joint)),
        key=_length,
    )
    motion = _cross(axis, tip)
    if abs(axis[2]) > _UPRIGHT or _length(motion) < _LEVER:
        return f"it turns counter-clockwise, seen from {_seen_from(axis)}"
    return f"its far end moves {_direction(motion)}"


def _fingers(arm: ArmModel, joint: Joint, pose: Mapping[str, float]) -> str:
    """Whether fingers part or close; empty where there is one alone."""
    others = [other for other in arm.joints if other.mimic is not None and other.mimic.joint == joint.name]
    if not others or others[0].kind != "prismatic":
        return ""
    moved = {**pose, joint.name: pose[joint.name] + _STEP}
    before, after = (
        _length(_minus(*(forward(arm, at, link).translation for link in (joint.child, others[0].child))))
        for at in (pose, moved)
    )
    return "the fingers part" if after > before else "the fingers close"


def _behind(arm: ArmModel, joint: Joint) -> list[str]:
    """Links that a joint moves."""
    links = [joint.child]
    for link in links:  # which grows meanwhile
        links += [each.child for each in arm.joints if each.parent == link]
    return links


def _direction(vector: Vector) -> str:
    greatest = max(map(abs, vector))
    parts = [
        words[part < 0.0] for part, words in zip(vector, _WORDS, strict=True) if abs(part) >= _MINOR * greatest
    ]
    return " and ".join(parts)


def _seen_from(axis: Vector) -> str:
    column = max(range(3), key=lambda index: abs(axis[index]))
    return _SEEN_FROM[column][axis[column] < 0.0]


def _cross(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def _minus(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def _length(vector: Vector) -> float:
    return math.hypot(*vector)
