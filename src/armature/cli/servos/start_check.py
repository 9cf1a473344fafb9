"""What the nodes of an arm would refuse at their start, by the same code, before any process is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any

from armature.cli.parameter_table import JOINT, READ, check_given, class_in
from armature.core.model.arm import ArmModel
from armature.core.model.parameter_file import GivenParameter
from armature.core.model.poses import completed
from armature.core.planning.moves import MoveSettings
from armature.dynamixel.wiring.arm import Wiring
from armature.graph import park_pose
from armature.nodes.arm_controller.checks import make_checks
from armature.nodes.arm_controller.group_node import group_limits
from armature.nodes.arm_controller.jtc_parameters import TrajectoryParameters, read_constraints
from armature.nodes.arm_controller.moves import MoveParameters
from armature.nodes.common.parameters.joint_limits import read_limits
from armature.nodes.common.parameters.parameters import NodeToBe, located, read
from armature.nodes.common.parameters.wanted import wanted
from armature.nodes.common.robot_files import read_robot
from armature.nodes.servo_interface.parameters import ServoConfiguration
from armature.robots import NODES, Robot

Poses = Mapping[str, Mapping[str, float]]


def require_startable(robot: Robot) -> None:
    """Refuse an arm whose files cannot be read, or with which a node would refuse to start.

    Raises:
        ConfigError: with the file, the element, and what would work.
    """
    described = read_robot(robot.urdf, robot.wiring, robot.poses)
    check_given(robot.given, described.wiring.joints)
    require_configurable(robot, described.arm, described.wiring, described.poses)


def require_configurable(robot: Robot, arm: ArmModel, wiring: Wiring, poses: Poses) -> None:
    """Refuse parameters, and a park pose, with which a node would refuse to start.

    Args:
        robot: whose files they are; names and types of its parameters have been checked.
        arm: as it is wired.
        wiring: its wiring.
        poses: its poses.

    Raises:
        ConfigError: with the file and the line that give the parameter.
    """
    nodes = {name: NodeToBe(f"/{name}", [*_by_the_graph(robot), *robot.given, *_park(robot)]) for name in NODES}
    for name, module, kind, prefix in READ:
        for whole in [prefix.replace(JOINT, joint) for joint in wiring.joints] if JOINT in prefix else [prefix]:
            if name in nodes:
                _read(nodes[name], class_in(module, kind), whole)
    ServoConfiguration.of_files(nodes["servo_interface"], arm, wiring, poses, robot.wiring_text)
    for name in ("gripper_controller", "monitor"):
        read_limits(nodes[name], arm, wiring)
    _require_controller(nodes["arm_controller"], arm, wiring, poses)


def _read(node: Any, kind: type, prefix: str) -> None:
    """Let a node's parameters refuse what they do not take; the node itself has defaults for some texts."""
    texts = {field: "" for field, each in wanted(kind).items() if each.default is MISSING}
    read(node, kind, prefix, **texts)


def _by_the_graph(robot: Robot) -> list[GivenParameter]:
    """What the graph gives to the node that has no defaults for it; no port is opened."""
    files = {"urdf": robot.urdf, "wiring": robot.wiring, "poses": robot.poses, "port": ""}
    return [GivenParameter("/servo_interface", name, str(value), "-p") for name, value in files.items()]


def _park(robot: Robot) -> list[GivenParameter]:
    """The servo interface's park pose, which the graph gives to the controller too, over what the files say."""
    name = park_pose(robot)
    return [GivenParameter("/arm_controller", "park_pose", name, "-p")] if name else []


def _require_controller(node: Any, arm: ArmModel, wiring: Wiring, poses: Poses) -> None:
    joints = tuple(joint.name for joint in arm.arm_joints)
    limits = group_limits(read_limits(node, arm, wiring), joints)
    given = read(node, MoveParameters)
    with located(node):
        read_constraints(node, read(node, TrajectoryParameters), limits)
        MoveSettings(given.moves__blend, given.moves__blend_distance)
        checks = make_checks(node, arm, joints, wiring)
        if given.park_pose in poses:
            checks.require_apart(given.park_pose, completed(poses[given.park_pose], arm))
