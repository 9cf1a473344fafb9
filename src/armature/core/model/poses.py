"""Named poses of an arm: a position for every joint of the arm, and for the gripper's where they matter."""

from __future__ import annotations

from collections.abc import Mapping

from armature.core.model.arm import ArmModel, Joint
from armature.core.model.document import read_document
from armature.core.model.units import quantity
from armature.errors import ConfigError, apart, bounds, listed, named


def read_poses(text: str, arm: ArmModel, source: str = "poses.yaml") -> dict[str, dict[str, float]]:
    """Read a file of named poses.

    Args:
        text: the file's content.
        arm: the arm that takes the poses.
        source: the file's name, for errors.

    Returns:
        For each pose the positions of its driven joints [rad] or [m], in the order of the URDF; a gripper that
        it leaves out stays as it is.

    Raises:
        ConfigError: not YAML, an unknown or missing joint, a missing unit, a position outside the limit.
    """
    content = read_document(text, source)
    if not isinstance(content, Mapping):
        raise ConfigError(source, content, "poses are written as name, then joint: position")
    return {str(name): _pose(entry, arm, f"{source}: {name}") for name, entry in content.items()}


def find_park(poses: Mapping[str, Mapping[str, float]], name: str, arm: ArmModel) -> Mapping[str, float]:
    """The pose in which the arm parks.

    Args:
        poses: named ones.
        name: which one the parameter `park_pose` says.
        arm: with the limits that hold: the URDF's, and those that ranges and parameters leave of them.

    Raises:
        ConfigError: there is no such pose, or it is beyond the limits.
    """
    if name not in poses:
        allowed = f"{listed('poses', poses)}; add it, or set park_pose of /servo_interface to one of them"
        raise ConfigError("parameter park_pose", name, allowed)
    for joint, position in poses[name].items():
        limit = arm.limit(joint)
        if not limit.allows(position):
            limits = bounds(limit.lower, limit.upper, position, "g")
            allowed = f"{named(joint)} would be at {apart(position, limit.lower, 'g')}, its limits are {limits}"
            remedy = "change the pose, or what narrows them: a range of the wiring file, limits of parameters"
            raise ConfigError("park_pose", name, f"{allowed}; {remedy}")
    return poses[name]


def completed(pose: Mapping[str, float], arm: ArmModel) -> dict[str, float]:
    """A position for every driven joint [rad] or [m]: that of the pose, else of a gripper the one nearest to 0."""
    return {joint.name: pose.get(joint.name, _nearest_to_zero(joint)) for joint in arm.driven}


def _nearest_to_zero(joint: Joint) -> float:
    return 0.0 if joint.limit is None else min(max(0.0, joint.limit.lower), joint.limit.upper)


def _pose(entry: object, arm: ArmModel, where: str) -> dict[str, float]:
    if not isinstance(entry, Mapping):
        raise ConfigError(where, entry, "a pose is written as joint: position")
    names = [joint.name for joint in arm.driven]
    for name in entry:
        if name not in names:
            raise ConfigError(where, name, listed(f"joints of {named(arm.name)}", names))
    missing = [name for name in names if name not in entry and name not in arm.gripper]
    if missing:
        raise ConfigError(where, missing[0], f"a pose places every joint of the arm; add {', '.join(missing)}")
    placed = [joint for joint in arm.driven if joint.name in entry]
    return {joint.name: _position(entry[joint.name], joint, f"{where}.{joint.name}") for joint in placed}


def _position(value: object, joint: Joint, where: str) -> float:
    position = quantity(where, value, ("m", "mm") if joint.kind == "prismatic" else ("rad", "deg"))
    limit = joint.limit
    if limit is not None and not limit.allows(position):
        raise ConfigError(where, value, f"the URDF allows {joint.bounds_beyond(position)}")
    return position
