"""What a start reads of a robot's files, checked without any servo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from armature.cli.servos.start_check import check_parameters, describe_tool
from armature.core.arrays import Array
from armature.core.kinematics.collision import TOLERANCE, Clearances, CollisionModel
from armature.core.kinematics.drive_ratings import DriveRatings
from armature.core.kinematics.dynamics import Torques
from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.arm import ArmModel
from armature.core.model.poses import completed, find_park
from armature.description.page_files import page_files
from armature.dynamixel.commissioning.inspection import CheckResult, Verdict
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.faults.supervision import STRAINED
from armature.dynamixel.wiring.arm import Wiring
from armature.dynamixel.wiring.confirmed import NOT_CONFIRMED, how_to_confirm
from armature.errors import ConfigError
from armature.nodes.common.parameters.wanted import wanted
from armature.nodes.common.robot_files import drive_ratings, read_given_poses
from armature.nodes.servo_interface.parameters import ServoParameters
from armature.robots import Robot

_FAULTS = "faults."
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


def check_robot(robot: Robot, arm: ArmModel, wiring: Wiring) -> Iterator[CheckResult]:
    """Check the files of a robot as a start does; the URDF and the wiring file are read already.

    Args:
        robot: whose files they are.
        arm: of the URDF.
        wiring: of the wiring file.
    """
    if not wiring.is_confirmed:
        yield CheckResult("wiring", Verdict.WARNING, NOT_CONFIRMED, how_to_confirm())
    try:
        poses = _read_poses(robot, arm)
    except ConfigError as error:
        yield from (CheckResult("poses", Verdict.FAILURE, str(part)) for part in error.parts)
        return
    notes, refusals = check_parameters(robot, arm, wiring, poses)
    for refused in refusals.found:
        subject = "poses" if refused.where.endswith("park_pose") else "parameters"
        yield CheckResult(subject, Verdict.FAILURE, str(refused))
    yield from (CheckResult("parameters", Verdict.WARNING, note) for note in notes)
    if refusals.found:
        return
    tool, farther = describe_tool(robot, arm)
    yield CheckResult("tool", Verdict.OK, tool)
    if farther:
        yield CheckResult("tool", Verdict.WARNING, farther)
    for name, why in page_files(arm, robot.urdf)[1].items():
        yield CheckResult("3D view", Verdict.WARNING, f"{name} is not shown: {why}")
    detail = f"{robot.urdf.name}, {robot.wiring.name}, {robot.poses.name}: {len(wiring.servos)} joints"
    yield CheckResult("files", Verdict.OK, detail)
    mechanics = Mechanics(arm, [joint.name for joint in arm.driven])
    places = {
        name: np.array([completed(pose, arm)[joint] for joint in mechanics.joints]) for name, pose in poses.items()
    }
    yield from _check_apart(mechanics, places)
    yield from _check_held(mechanics, places, drive_ratings(wiring))


def _check_apart(mechanics: Mechanics, places: Mapping[str, Array]) -> Iterator[CheckResult]:
    """Warn of poses in which parts overlap that may not: no move leads there."""
    clearances = Clearances(mechanics, TOLERANCE)
    for name, place in places.items():
        for (first, second), distance in clearances.at(place).items():
            if distance < -TOLERANCE:
                detail = f"pose {name}: {first} and {second} overlap there by {-1000.0 * distance:.1f} mm"
                pair = f'"{first} {second}" in checks.allowed_pairs'
                remedy = f"no move leads there: change it or, if they do not touch in truth, write {pair}"
                yield CheckResult("poses", Verdict.WARNING, detail, remedy)


def _check_held(
    mechanics: Mechanics, places: Mapping[str, Array], drives: Mapping[str, DriveRatings]
) -> Iterator[CheckResult]:
    """Warn of poses in which a joint weighs more than its servos hold for long."""
    torques = Torques(mechanics, drives)
    for name, place in places.items():
        carried = torques.loads(place[None])[0]
        for joint, torque in zip(mechanics.joints, np.abs(carried).tolist(), strict=True):
            if torque > STRAINED * (most := drives[joint].stall_torque):
                detail = f"pose {name}: {joint} carries {torque:.2f} N·m there, its servos give {most:.2f} at most"
                remedy = f"use a stronger servo, a second one or a gear; {STRAINED:.0%} of it is held for long"
                yield CheckResult("poses", Verdict.WARNING, detail, remedy)


def servo_parameters(robot: Robot) -> dict[str, Any]:
    """The servo interface's parameters by dotted names: its defaults, and over them a robot's parameter files."""
    defaults = {each.name: each.default for each in wanted(ServoParameters).values()}
    return defaults | {each.name: each.value for each in robot.given if each.is_for(_NODE)}


def _read_poses(robot: Robot, arm: ArmModel) -> Mapping[str, Pose]:
    return read_given_poses(robot.poses, arm, "poses file")


def check_way(robot: Robot, arm: ArmModel, given: Mapping[str, Any], present: Pose) -> Iterator[CheckResult]:
    """Check whether the straight way from the present position to the park pose is free.

    Args:
        robot: for its poses, which have been checked.
        arm: of the URDF.
        given: the servo interface's parameters.
        present: positions of all joints [rad] or [m].
    """
    name = str(given["park_pose"])
    park = find_park(_read_poses(robot, arm), name, arm)
    start, end = (np.array([pose[joint] for joint in present]) for pose in (present, {**present, **park}))
    clearances = Clearances(Mechanics(arm, tuple(present)), TOLERANCE).at(start)
    yield from (_overlap(*pair, depth) for pair, depth in clearances.items() if depth < -TOLERANCE)
    contact = CollisionModel(arm).first_contact(tuple(present), start, end)
    if contact is None:
        yield CheckResult("park", Verdict.OK, f"the straight way from here to {name} is free")
        return
    detail = f"{contact.first} would meet {contact.second} at {contact.fraction:.0%} of the way to {name}"
    remedy = (
        "the arm cannot park from here: once it is enabled, move it to where the way is free before it is disabled"
    )
    yield CheckResult("park", Verdict.WARNING, detail, remedy)


def _overlap(first: str, second: str, distance: float) -> CheckResult:
    detail = f"{first} and {second} overlap by {-1000.0 * distance:.1f} mm where the arm stands"
    remedy = (
        "move it by hand out of there, or jog it out once it is enabled; where it truly is free, a direction or a "
        "zero is wrong: armature calibrate"
    )
    return CheckResult("collision", Verdict.WARNING, detail, remedy)
