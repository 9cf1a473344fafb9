"""Which driven joints are the gripper's: by what hangs on them, and by their names.

docs/reference/robot_files.md states the rule for people; the wiring file can say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from armature.core.model.arm import TOOL, Joint

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ALIKE = 1e-4  # of the limits of fingers that move alike [m] or [rad]
_FINGER = {"jaw", "finger", "claw", "knuckle", "thumb"}
_GRIPPER = {"gripper", "hand"} | _FINGER
# A joint that is called so turns what grips, and does not grip.
_WRIST = {"shoulder", "elbow", "forearm", "waist", "wrist", "roll", "pitch", "yaw", "rotate"}


def find_gripper(joints: Sequence[Joint]) -> tuple[str, ...]:
    """Names of the driven joints that are the gripper's, in the order of the URDF.

    Args:
        joints: of the whole arm.
    """
    children = children_of(joints)
    behind = {joint.name: _behind(joint, children) for joint in joints if joint.is_driven}
    leaders = {joint.mimic.joint for joint in joints if joint.mimic is not None}
    found: set[str] = set()
    for name in sorted(behind, key=lambda name: len(behind[name])):  # the outermost first
        joint, *carried = behind[name]
        hanging = [other.name for other in carried if other.is_driven]
        if any(other.child == TOOL for other in behind[name]) or not found.issuperset(hanging):
            continue
        is_end = not hanging and (joint.kind == "prismatic" or name in leaders or _moves_finger(joint))
        if _names_gripper(name) or (is_end and not _words(name) & _WRIST):
            found.add(name)
    # What has nothing else to move is an arm, whatever it is called.
    return tuple(name for name in behind if name in found) if len(found) < len(behind) else ()


def facing(bounds: Sequence[tuple[str, float, float]]) -> tuple[float, ...]:
    """How each joint of a gripper moves where the first one does: 1 alike, -1 mirrored, 0 neither.

    Args:
        bounds: the unit, the lower and the upper limit of each.
    """
    return tuple(_facing(bounds[0], each) for each in bounds)


def _facing(first: tuple[str, float, float], other: tuple[str, float, float]) -> float:
    (unit, lower, upper), (its_unit, its_lower, its_upper) = first, other
    if its_unit != unit:
        return 0.0
    if max(abs(its_lower - lower), abs(its_upper - upper)) <= _ALIKE:
        return 1.0
    return -1.0 if max(abs(its_lower + upper), abs(its_upper + lower)) <= _ALIKE else 0.0


def moves_as_one(joints: Sequence[Joint]) -> bool:
    """Whether one position is enough for all joints of a gripper."""
    bounds = [(joint.unit, joint.limit.lower, joint.limit.upper) for joint in joints if joint.limit is not None]
    return not bounds or 0.0 not in facing(bounds)


def children_of(joints: Sequence[Joint]) -> dict[str, list[Joint]]:
    """The joints that hang on each link that carries some."""
    children: dict[str, list[Joint]] = {}
    for joint in joints:
        children.setdefault(joint.parent, []).append(joint)
    return children


def _behind(joint: Joint, children: dict[str, list[Joint]]) -> list[Joint]:
    """A joint, and all that hang on it."""
    found = [joint]
    for each in found:  # which grows meanwhile
        found += children.get(each.child, ())
    return found


def _moves_finger(joint: Joint) -> bool:
    """Whether its links say so: a joint before a whole gripper or hand is the arm's last one."""
    fingers, whole = _words(joint.child) & _FINGER, _names_gripper(joint.child) and _names_gripper(joint.parent)
    return whole or bool(fingers and _names_gripper(joint.child))


def _names_gripper(name: str) -> bool:
    words = _words(name)
    return bool(words & _GRIPPER) and not words & _WRIST


def _words(name: str) -> set[str]:
    """Words of a name, in singular: left_finger2, jointGripper, GRIPPER JAWS."""
    return {word.lower().removesuffix("s") if len(word) > 3 else word.lower() for word in _WORD.findall(name)}
