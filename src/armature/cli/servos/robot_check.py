"""What a start reads of a robot's files, checked without any servo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from armature.core.kinematics.collision import CollisionModel
from armature.core.model.arm import ArmModel
from armature.core.model.parameter_file import GivenParameter, read_parameters
from armature.core.model.poses import read_poses
from armature.dynamixel.commissioning.inspection import CheckResult, Verdict
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import ArmatureError, ConfigError
from armature.robots import Robot

_ROUNDING = 1e-6  # of a pose that meets its limit [rad] or [m]
_FAULTS = "faults."
_PARK = "park_pose"
_NODE = "/servo_interface"

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
        require_poses(robot, arm, wiring, given)
    except ArmatureError as error:
        yield CheckResult("poses", Verdict.FAILURE, str(error))


def require_poses(robot: Robot, arm: ArmModel, wiring: Wiring, given: Mapping[str, Any]) -> None:
    """Refuse poses with which the arm would not start. Arguments as `check_robot`.

    Raises:
        ConfigError: poses that cannot be read or used, or no park pose that the arm can take.
    """
    poses = read_poses(_text_of(robot), arm, robot.poses.name)
    park = find_park(poses, given)
    require_reachable(park, poses[park], wiring.narrow_limits(arm))
    _require_apart(park, poses[park], arm)


def servo_parameters(robot: Robot) -> dict[str, Any]:
    """The servo interface's parameters in a robot's parameter files, by dotted names."""
    return {each.name: each.value for each in given_parameters(robot) if each.is_for(_NODE)}


def given_parameters(robot: Robot) -> list[GivenParameter]:
    """All that a robot's parameter files give, in their order."""
    texts = {str(file): file.read_text("utf-8") for file in robot.parameters}
    return [each for file, text in texts.items() for each in read_parameters(text, file)]


def _text_of(robot: Robot) -> str:
    try:
        return robot.poses.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("poses file", str(robot.poses), "name a file that can be read as text") from error


def find_park(poses: Mapping[str, Pose], given: Mapping[str, Any]) -> str:
    """The name of the pose in which the arm parks.

    Raises:
        ConfigError: there is no such pose.
    """
    name = str(given.get(_PARK, "park"))
    if name not in poses:
        raise ConfigError(f"parameter {_PARK}", name, f"poses are {', '.join(poses)}")
    return name


def require_reachable(name: str, pose: Pose, arm: ArmModel) -> None:
    """Refuse a park pose beyond the limits of the URDF or the ranges of the wiring file.

    Raises:
        ConfigError: with the joint and its limits.
    """
    for joint, position in pose.items():
        limit = arm.limit(joint)
        if not limit.lower - _ROUNDING <= position <= limit.upper + _ROUNDING:
            allowed = f"{joint} would be at {position:g}, its limits are {limit.lower:g} to {limit.upper:g}"
            raise ConfigError(f"parameter {_PARK}", name, allowed)


def _require_apart(name: str, pose: Pose, arm: ArmModel) -> None:
    """Refuse a park pose in which the arm touches itself or the floor: no way leads there.

    Raises:
        ConfigError: with the parts; or MuJoCo cannot use the URDF or a mesh.
    """
    joints = tuple(pose)
    found = CollisionModel(arm).overlap(joints, np.array([pose[joint] for joint in joints]))
    if found is not None:
        (first, second), depth = found
        allowed = f"{first} and {second} overlap there by {1000.0 * depth:.1f} mm, so the arm could not park"
        raise ConfigError(f"parameter {_PARK}", name, allowed)


def check_way(robot: Robot, arm: ArmModel, given: Mapping[str, Any], present: Pose) -> Iterator[CheckResult]:
    """Check whether the straight way from the present position to the park pose is free.

    Args:
        robot: for its poses, which have been checked.
        arm: of the URDF.
        given: the servo interface's parameters.
        present: positions of all joints [rad] or [m].
    """
    poses = read_poses(_text_of(robot), arm, robot.poses.name)
    name = find_park(poses, given)
    joints = tuple(poses[name])
    start, end = (np.array([pose[joint] for joint in joints]) for pose in (present, poses[name]))
    contact = CollisionModel(arm).first_contact(joints, start, end)
    if contact is None:
        yield CheckResult("park", Verdict.OK, f"the straight way from here to {name} is free")
        return
    detail = f"{contact.first} would meet {contact.second} at {contact.fraction:.0%} of the way to {name}"
    remedy = (
        "the arm cannot park from here: once it is enabled, move it to where the way is free before it is disabled"
    )
    yield CheckResult("park", Verdict.WARNING, detail, remedy)
