"""What the nodes of an arm would refuse at their start, by the same code, before any process is started."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING
from pathlib import Path
from typing import Any

from armature.cli.parameter_check import find_refused, in_order, notes_of
from armature.cli.parameter_table import JOINT, READ, TAKEN, class_in, joints_of
from armature.core.control.motion import SpeedScaling
from armature.core.kinematics.kinematics import farthest_fixed
from armature.core.model.arm import TOOL, ArmModel
from armature.core.model.parameter_file import GivenParameter, value_for
from armature.core.model.poses import completed
from armature.core.planning.moves import MoveSettings
from armature.core.refusals import Refusals
from armature.dynamixel.motion.grip import max_lead
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import ConfigError, GoalRefused, format_value
from armature.graph import EMULATED, full_name, park_pose, processes
from armature.nodes.arm_controller.checks import make_checks
from armature.nodes.arm_controller.gripper_controller import GainParameters
from armature.nodes.arm_controller.group_node import group_limits
from armature.nodes.arm_controller.jtc_parameters import read_trajectory_parameters, take_gripper_parameters
from armature.nodes.arm_controller.moves import MoveParameters
from armature.nodes.common.parameters.joint_limits import read_limits
from armature.nodes.common.parameters.parameters import NodeToBe, located, read
from armature.nodes.common.parameters.wanted import wanted
from armature.nodes.common.robot_files import read_robot
from armature.nodes.servo_interface.parameters import JointParameters, ServoConfiguration
from armature.robots import NODES, Robot

Poses = Mapping[str, Mapping[str, float]]
_NOTICED = 1e-3  # how far a frame may be from the tool without a word [m]
# What the graph gives itself: process, parameter, and where a user gives it. Others are the graph's alone.
_GIVEN_BY = {
    (None, "urdf"): "--urdf or urdf:=",
    (None, "wiring"): "--wiring or wiring:=",
    (None, "poses"): "--poses or poses:=",
    ("monitor", "host"): "--http or http_host:=",
    ("monitor", "port"): "--http or http_port:=",
    ("servo_interface", "port"): "--port or port:=",
    ("arm_controller", "park_pose"): "park_pose of /servo_interface",
    ("servo_interface", "checks.allowed_pairs"): "checks.allowed_pairs of /arm_controller",
}


def require_startable(robot: Robot, namespace: str = "") -> tuple[str, ...]:
    """Refuse an arm whose files cannot be read, or with which a node would refuse to start.

    Args:
        robot: its files; what is wrong with the form of its parameter files may stand in it.
        namespace: of the graph.

    Returns:
        What there is to be said of parameters that count for nothing.

    Raises:
        ConfigError: with the file, the element, and what would work; of parameters all that cannot be used.
    """
    notes, refusals, _ = check_start(robot, namespace)
    refusals.raise_all()
    return notes


def check_start(robot: Robot, namespace: str = "") -> tuple[tuple[str, ...], Refusals, str]:
    """What there is to be said of parameters, what of the files `require_startable` would refuse, and the tool.

    Args:
        robot: see there.
        namespace: of the graph.
    """
    try:
        described = read_robot(robot.urdf, robot.wiring, robot.poses)
    except ConfigError as error:
        return (), Refusals([error]), ""
    notes, refusals = check_parameters(robot, described.arm, described.wiring, described.poses, namespace)
    return notes, refusals, ". ".join(filter(None, describe_tool(robot, described.arm, namespace)))


def describe_tool(robot: Robot, arm: ArmModel, namespace: str = "") -> tuple[str, str]:
    """The tool's frame with what changes it, and which frame lies farther out; "" where none does.

    Args:
        robot: for its parameters.
        arm: as it is wired.
        namespace: of the graph.
    """
    given = value_for(robot.given, full_name(namespace, "arm_controller"), "tool_frame")
    if given and given.value:
        return f"{given.value}, by tool_frame in {given.where}", ""
    frame, distance = farthest_fixed(arm, arm.tool)
    is_farther = arm.tool != TOOL and distance > _NOTICED
    farther = f"{frame} lies {distance:.2f} m farther out; if that is the tool, give tool_frame: {frame}"
    return f"{arm.tool}; tool_frame in arm.yaml changes it", farther if is_farther else ""


def find_unreadable(robot: Robot, arm: ArmModel, wiring: Wiring) -> tuple[ConfigError, ...]:
    """What is wrong with the form of parameter files, and with names, types and bounds in them."""
    gripper = {joint.name for joint in arm.gripper_joints}
    return Refusals([*robot.refused, *find_refused(robot.given, wiring.joints, gripper)]).found


def check_parameters(
    robot: Robot, arm: ArmModel, wiring: Wiring, poses: Poses, namespace: str = ""
) -> tuple[tuple[str, ...], Refusals]:
    """Read parameters, and the park pose, as the nodes do.

    Args:
        robot: whose files they are.
        arm: as it is wired.
        wiring: its wiring.
        poses: its poses.
        namespace: of the graph.

    Returns:
        What there is to be said of parameters that count for nothing, and all that cannot be used, with the file
        and the line that give each.
    """
    refusals = Refusals(find_unreadable(robot, arm, wiring))
    notes = [*notes_of(robot.given, wiring.joints, namespace), *_overridden(robot, namespace)]
    given: tuple[GivenParameter, ...] | None = None
    left = _without(refusals, robot.given)
    while given != left:  # until nothing more is refused of what is left
        given = left
        told, found = _read_as_nodes(robot, given, arm, wiring, poses, namespace)
        notes += told
        refusals.add(found.found)
        left = _without(found, given)
    return tuple(dict.fromkeys(notes)), Refusals(in_order(refusals.found))


def _overridden(robot: Robot, namespace: str) -> Iterator[str]:
    """What a file gives, and the graph gives otherwise behind it."""
    for process in processes(robot, EMULATED, Path(), namespace=namespace):
        nodes = (process.name, *(("gripper_controller",) if process.name == "arm_controller" else ()))
        for each in robot.given if process.is_node else ():
            value = list(each.value) if isinstance(each.value, tuple) else each.value
            is_read = each.node in nodes and each.is_for(full_name(namespace, each.node))
            if is_read and process.parameters.get(each.name, value) != value:
                by = _GIVEN_BY.get((None, each.name)) or _GIVEN_BY.get((process.name, each.name), "")
                why = f"it is given by {by}" if by else "the graph gives its own"
                yield f"{each.where}: parameter {each.name}: {format_value(value)} counts for nothing; {why}"


def _gains_apart(nodes: Mapping[str, Any], arm: ArmModel, wiring: Wiring) -> Iterator[str]:
    """Fingers whose force would be limited for other gains than their servos have."""
    fingers = {joint.name for joint in arm.gripper_joints}
    for servo in wiring.servos:
        if servo.joint not in fingers or math.isinf(max_lead(servo, 1.0)):  # as where it limits its current
            continue
        prefix, factory = f"{servo.joint}.", servo.model.default(Role.POSITION_P_GAIN)
        ours = read(nodes["gripper_controller"], GainParameters, prefix).position_p_gain
        servos = read(nodes["servo_interface"], JointParameters, prefix)
        if (max(ours, 0) or factory) != (servos.position_p_gain if servos.position_p_gain >= 0 else factory):
            told = f"{ours} of /gripper_controller, {servos.position_p_gain} of /servo_interface"
            yield f"parameter {prefix}position_p_gain: force is limited for another one ({told}); give the same"
        if servos.position_i_gain > 0:
            why = "brings back the torque that is taken away from a finger at an object; give 0"
            yield f"parameter {prefix}position_i_gain: {servos.position_i_gain} {why}"


def _without(refusals: Refusals, given: Iterable[GivenParameter]) -> tuple[GivenParameter, ...]:
    """What is given beside that which is refused."""
    refused = {error.where for error in refusals.found}
    return tuple(each for each in given if f"{each.where}: parameter {each.name}" not in refused)


def _read_as_nodes(
    robot: Robot, given: Sequence[GivenParameter], arm: ArmModel, wiring: Wiring, poses: Poses, namespace: str
) -> tuple[list[str], Refusals]:
    """Read parameters as the nodes do; what there is to be said of them, and what is refused."""
    everything = [*_by_the_graph(robot), *given, *_park(robot, namespace)]
    nodes = {name: NodeToBe(full_name(namespace, name), everything) for name in NODES}
    refusals, notes = Refusals(), list[str]()
    _read_all(nodes, arm, wiring, refusals)
    with refusals.noted():
        ServoConfiguration.of_files(nodes["servo_interface"], arm, wiring, poses, robot.wiring_text)
    for name in ("gripper_controller", "monitor"):
        with refusals.noted():
            read_limits(nodes[name], arm, wiring)
    with refusals.noted():
        notes += take_gripper_parameters(nodes["gripper_controller"], [joint.name for joint in arm.gripper_joints])
    with refusals.noted():
        notes += _require_controller(nodes["arm_controller"], arm, wiring, poses)
    with refusals.noted():
        notes += _gains_apart(nodes, arm, wiring)
    return notes, refusals


def _read_all(nodes: Mapping[str, Any], arm: ArmModel, wiring: Wiring, refusals: Refusals) -> None:
    """Let the dataclasses that nodes read refuse what they do not take."""
    gripper = {joint.name for joint in arm.gripper_joints}
    for name, module, kind, prefix in READ:
        joints = joints_of(name, prefix, wiring.joints, gripper) if JOINT in prefix else [""]
        for joint in joints if name in nodes and kind not in TAKEN else ():
            with refusals.noted():
                _read(nodes[name], class_in(module, kind), prefix.replace(JOINT, joint))


def _read(node: Any, kind: type, prefix: str) -> None:
    """Let a node's parameters refuse what they do not take; the node itself has defaults for some texts."""
    texts = {field: "" for field, each in wanted(kind).items() if each.default is MISSING}
    read(node, kind, prefix, **texts)


def _by_the_graph(robot: Robot) -> list[GivenParameter]:
    """What the graph gives to the node that has no defaults for it; no port is opened."""
    files = {"urdf": robot.urdf, "wiring": robot.wiring, "poses": robot.poses, "port": ""}
    return [GivenParameter("/**/servo_interface", name, str(value), "-p") for name, value in files.items()]


def _park(robot: Robot, namespace: str) -> list[GivenParameter]:
    """The servo interface's park pose, which the graph gives to the controller too, over what the files say."""
    name = park_pose(robot, namespace)
    return [GivenParameter("/**/arm_controller", "park_pose", name, "-p")] if name else []


def _require_controller(node: Any, arm: ArmModel, wiring: Wiring, poses: Poses) -> list[str]:
    joints, refusals = tuple(joint.name for joint in arm.arm_joints), Refusals()
    limits = group_limits(read_limits(node, arm, wiring), joints)
    notes: list[str] = []
    with refusals.noted(), located(node):
        given, *_, told = read_trajectory_parameters(node, limits)
        notes += told
        _require_speed(given.speed_scaling__initial_scaling_factor)
    moves = read(node, MoveParameters)
    with refusals.noted(), located(node):
        MoveSettings(moves.moves__blend, moves.moves__blend_distance)
    with refusals.noted(), located(node):
        checks = make_checks(node, arm, joints, wiring)
        if moves.park_pose in poses:
            checks.require_apart(moves.park_pose, completed(poses[moves.park_pose], arm))
    refusals.raise_all()
    return notes


def _require_speed(factor: float) -> None:
    try:
        SpeedScaling().set_factor(factor)
    except GoalRefused as error:
        where = "parameter speed_scaling.initial_scaling_factor"
        raise ConfigError(where, error.value, error.allowed) from error
