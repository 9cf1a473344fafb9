"""Joints that nothing drives, fixed at a place: in the arm's model and in the text of its URDF alike."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from armature.core.model.arm import ArmModel, Friction, Joint
from armature.core.model.xml_text import parse

# Children of a joint's element that only a moving joint has.
_OF_MOVING = ("axis", "limit", "mimic", "dynamics", "safety_controller", "calibration")
_NO_AXIS = (1.0, 0.0, 0.0)  # the URDF's default
_UPRIGHT = 1e-9  # cosine of a pitch at which roll and yaw turn about one axis


def fix_joints(arm: ArmModel, places: Mapping[str, float]) -> ArmModel:
    """The arm with some of its driven joints fixed, and with those that mimic them.

    Args:
        arm: any.
        places: positions by joint [rad] or [m].
    """
    if not places:
        return arm
    joints = tuple(_fixed(joint, places) for joint in arm.joints)
    gripper = tuple(name for name in arm.gripper if name not in places)
    return replace(arm, joints=joints, urdf=_rewritten(arm, joints), gripper=gripper)


def _fixed(joint: Joint, places: Mapping[str, float]) -> Joint:
    mimic = joint.mimic
    if mimic is not None and mimic.joint in places:
        return _placed(joint, mimic.multiplier * places[mimic.joint] + mimic.offset)
    return _placed(joint, places[joint.name]) if joint.name in places else joint


def _placed(joint: Joint, position: float) -> Joint:
    """The joint as a fixed one, its child where the position has it [rad] or [m]."""
    turned, axis = _from_rpy(joint.rpy), np.array(joint.axis)
    xyz = np.array(joint.xyz)
    if joint.kind == "prismatic":
        xyz = xyz + turned @ axis * position
    else:
        turned = turned @ _about(axis, position)
    x, y, z = xyz.tolist()
    fixed = replace(joint, kind="fixed", xyz=(x, y, z), rpy=_to_rpy(turned))
    return replace(fixed, axis=_NO_AXIS, limit=None, mimic=None, friction=Friction())


def _about(axis: np.ndarray, angle: float) -> np.ndarray:
    """Rotation about a unit axis (Rodrigues' formula)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turned: np.ndarray = np.eye(3) + math.sin(angle) * cross + (1.0 - math.cos(angle)) * cross @ cross
    return turned


def _from_rpy(rpy: tuple[float, float, float]) -> np.ndarray:
    roll, pitch, yaw = (_about(axis, angle) for axis, angle in zip(np.eye(3), rpy, strict=True))
    turned: np.ndarray = yaw @ pitch @ roll
    return turned


def _to_rpy(turned: np.ndarray) -> tuple[float, float, float]:
    flat = math.hypot(turned[0, 0], turned[1, 0])
    pitch = math.atan2(-turned[2, 0], flat)
    if flat < _UPRIGHT:
        return math.atan2(-turned[1, 2], turned[1, 1]), pitch, 0.0
    return math.atan2(turned[2, 1], turned[2, 2]), pitch, math.atan2(turned[1, 0], turned[0, 0])


def _rewritten(arm: ArmModel, joints: tuple[Joint, ...]) -> str:
    """The URDF's text with those joints fixed that were not."""
    robot = parse(arm.urdf)
    elements = {element.get("name"): element for element in robot.findall("joint")}
    for before, joint in zip(arm.joints, joints, strict=True):
        if joint is not before:
            _write(joint, elements[joint.name])
    return ElementTree.tostring(robot, encoding="unicode")


def _write(joint: Joint, element: ElementTree.Element) -> None:
    element.set("type", "fixed")
    for child in [child for child in element if child.tag in (*_OF_MOVING, "origin")]:
        element.remove(child)
    origin = {name: " ".join(map(repr, values)) for name, values in (("xyz", joint.xyz), ("rpy", joint.rpy))}
    ElementTree.SubElement(element, "origin", origin)
