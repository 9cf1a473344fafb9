"""What a start reads of a robot's files, checked without any servo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from armature.core.kinematics.collision import TOLERANCE, Clearances, CollisionModel, require_apart
from armature.core.kinematics.drive_ratings import DriveRatings
from armature.core.kinematics.dynamics import Torques
from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.arm import ArmModel
from armature.core.model.poses import find_park, read_poses
from armature.description.files import read_text
from armature.dynamixel.commissioning.inspection import CheckResult, Verdict
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.faults.supervision import STRAINED
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import ArmatureError, ConfigError
from armature.nodes.common.robot_files import drive_ratings
from armature.robots import Robot

_FAULTS = "faults."
_NODE = "/servo_interface"
_CONTROLLER = "/arm_controller"

Pose = Mapping[str, float]


def read_policy(given: Mapping[str, Any]) -> FaultPolicy:
    """The policy of faults in the servo interface's parameters.

    Raises:
        ConfigError: a value that cannot be used.
    """
    return FaultPolicy.read(
        {name.removeprefix(_FAULTS): v for name, v in given.items() if name.startswith(_FAULTS)}
    )


def check_robot(robot: Robot, arm: ArmModel, wiring: Wiring, given: Mapping[str, Any]) -> Iterator[CheckResult]:
    """Check the files of a robot as a start does; the URDF and the wiring file are read already.

    Args:
        robot: whose files they are.
        arm: of the URDF.
        wiring: of the wiring file.
        given: the servo interface's parameters, by dotted names.
    """
    if not wiring.is_confirmed:
        detail = "directions and zeros are not confirmed: every motion is a tenth as fast"
        yield CheckResult("wiring", Verdict.WARNING, detail, "test them by hand: armature calibrate")
    results = [*_check_parameters(given), *_check_poses(robot, arm, wiring, given)]
    yield from results
    if not any(result.verdict is Verdict.FAILURE for result in results):
        detail = f"{robot.urdf.name}, {robot.wiring.name}, {robot.poses.name}: {len(wiring.servos)} joints"
        yield CheckResult("files", Verdict.OK, detail)


def _check_parameters(given: Mapping[str, Any]) -> Iterator[CheckResult]:
    try:
        read_policy(given)
    except ConfigError as error:
        yield CheckResult("parameters", Verdict.FAILURE, str(error))


def _check_poses(robot: Robot, arm: ArmModel, wiring: Wiring, given: Mapping[str, Any]) -> Iterator[CheckResult]:
    try:
        poses = _read_poses(robot, arm)
        mechanics = Mechanics(arm, [joint.name for joint in arm.driven])
        require_park(mechanics, poses, wiring.narrow_limits(arm), given)
    except ArmatureError as error:
        yield CheckResult("poses", Verdict.FAILURE, str(error))
        return
    yield from _check_apart(mechanics, poses, _allowed_pairs(robot))
    yield from _check_held(mechanics, poses, drive_ratings(wiring))


def _allowed_pairs(robot: Robot) -> set[frozenset[str]]:
    """Links that may touch by the arm controller's parameter."""
    given = {each.name: each.value for each in robot.given if each.is_for(_CONTROLLER)}
    pairs = given.get("checks.allowed_pairs")
    return {frozenset(str(pair).split()) for pair in pairs} if isinstance(pairs, tuple) else set()


def _check_apart(
    mechanics: Mechanics, poses: Mapping[str, Pose], allowed: set[frozenset[str]]
) -> Iterator[CheckResult]:
    """Warn of poses in which parts overlap that may not: no move leads there."""
    clearances = Clearances(mechanics, TOLERANCE)
    for name, pose in poses.items():
        found = clearances.at(np.array([pose[joint] for joint in mechanics.joints]))
        for (first, second), distance in found.items():
            if distance < -TOLERANCE and {first, second} not in allowed:
                detail = f"pose {name}: {first} and {second} overlap there by {-1000.0 * distance:.1f} mm"
                pair = f'"{first} {second}" in checks.allowed_pairs'
                remedy = f"no move leads there: change it or, if they do not touch in truth, write {pair}"
                yield CheckResult("poses", Verdict.WARNING, detail, remedy)


def _check_held(
    mechanics: Mechanics, poses: Mapping[str, Pose], drives: Mapping[str, DriveRatings]
) -> Iterator[CheckResult]:
    """Warn of poses in which a joint weighs more than its servos hold for long."""
    torques = Torques(mechanics, drives)
    for name, pose in poses.items():
        carried = torques.loads(np.array([[pose[joint] for joint in mechanics.joints]]))[0]
        for joint, torque in zip(mechanics.joints, np.abs(carried).tolist(), strict=True):
            if torque > STRAINED * (most := drives[joint].stall_torque):
                detail = f"pose {name}: {joint} carries {torque:.2f} N·m there, its servos give {most:.2f} at most"
                remedy = f"use a stronger servo, a second one or a gear; {STRAINED:.0%} of it is held for long"
                yield CheckResult("poses", Verdict.WARNING, detail, remedy)


def require_park(
    mechanics: Mechanics, poses: Mapping[str, Pose], narrowed: ArmModel, given: Mapping[str, Any]
) -> None:
    """Refuse poses with which the arm would not start.

    Args:
        mechanics: of all its driven joints.
        poses: the named ones.
        narrowed: the arm within the limits of its wiring.
        given: the servo interface's parameters.

    Raises:
        ConfigError: no park pose that the arm can take.
    """
    name, park = _find_park(poses, narrowed, given)
    position = np.array([park[joint] for joint in mechanics.joints])
    require_apart(Clearances(mechanics, TOLERANCE), name, position)


def servo_parameters(robot: Robot) -> dict[str, Any]:
    """The servo interface's parameters in a robot's parameter files, by dotted names."""
    return {each.name: each.value for each in robot.given if each.is_for(_NODE)}


def _read_poses(robot: Robot, arm: ArmModel) -> Mapping[str, Pose]:
    text = read_text("poses file", robot.poses, "name a file that can be read as text")
    return read_poses(text, arm, robot.poses.name)


def _find_park(poses: Mapping[str, Pose], arm: ArmModel, given: Mapping[str, Any]) -> tuple[str, Pose]:
    """Name and positions of the pose in which the arm parks, which lies within its limits."""
    name = str(given.get("park_pose", "park"))
    return name, find_park(poses, name, arm)


def check_way(robot: Robot, arm: ArmModel, given: Mapping[str, Any], present: Pose) -> Iterator[CheckResult]:
    """Check whether the straight way from the present position to the park pose is free.

    Args:
        robot: for its poses, which have been checked.
        arm: of the URDF.
        given: the servo interface's parameters.
        present: positions of all joints [rad] or [m].
    """
    name, park = _find_park(_read_poses(robot, arm), arm, given)
    start, end = (np.array([pose[joint] for joint in park]) for pose in (present, park))
    contact = CollisionModel(arm).first_contact(tuple(park), start, end)
    if contact is None:
        yield CheckResult("park", Verdict.OK, f"the straight way from here to {name} is free")
        return
    detail = f"{contact.first} would meet {contact.second} at {contact.fraction:.0%} of the way to {name}"
    remedy = (
        "the arm cannot park from here: once it is enabled, move it to where the way is free before it is disabled"
    )
    yield CheckResult("park", Verdict.WARNING, detail, remedy)
