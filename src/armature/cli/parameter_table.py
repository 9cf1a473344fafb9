"""All parameters of all nodes, from the dataclasses that they read, and parameter files checked by them."""

from __future__ import annotations

import importlib
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from armature.core.model.parameter_file import GivenParameter
from armature.dynamixel.faults import policy
from armature.errors import ConfigError, nearest
from armature.nodes.common.parameters.parameters import ROS_OWN, is_shared
from armature.nodes.common.parameters.wanted import Wanted, wanted
from armature.robots import NODES

# Node, module, class, what its names begin with.
READ = (
    ("servo_interface", "nodes.servo_interface.parameters", "ServoParameters", ""),
    ("servo_interface", "nodes.servo_interface.parameters", "StartParameters", ""),
    ("servo_interface", "nodes.servo_interface.parameters", "JointParameters", "<joint>."),
    ("servo_interface", "dynamixel.free_drive.settings", "FreeDriveSettings", "free_drive."),
    ("arm_controller", "nodes.arm_controller.group_node", "GroupParameters", ""),
    ("arm_controller", "nodes.arm_controller.arm_controller", "ArmJoint", "limits.<joint>."),
    ("arm_controller", "nodes.arm_controller.jtc_parameters", "TrajectoryParameters", ""),
    ("arm_controller", "nodes.arm_controller.jtc_parameters", "JointConstraints", "constraints.<joint>."),
    ("arm_controller", "nodes.arm_controller.checks", "CheckParameters", ""),
    ("arm_controller", "nodes.arm_controller.moves", "MoveParameters", ""),
    ("arm_controller", "nodes.arm_controller.arm_controller", "FeedforwardParameters", ""),
    ("gripper_controller", "nodes.arm_controller.group_node", "GroupParameters", ""),
    ("gripper_controller", "nodes.arm_controller.gripper_controller", "GripperJoint", "limits.<joint>."),
    ("gripper_controller", "nodes.arm_controller.gripper_controller", "GripperParameters", ""),
    ("gripper_controller", "nodes.arm_controller.gripper_controller", "GainParameters", "<joint>."),
    ("state_publisher", "nodes.state_publisher.node", "Parameters", ""),
    ("recorder", "nodes.recorder.parameters", "Settings", ""),
    ("recorder", "recording.recorder.limits", "RecorderLimits", ""),
    ("monitor", "nodes.monitor.parameters", "Parameters", ""),
    (
        "every node that moves joints (under /**)",
        "nodes.common.parameters.joint_limits",
        "JointLimits",
        "limits.<joint>.",
    ),
)
_ALL = "every node"
JOINT = "<joint>"


def known_parameters() -> Iterator[tuple[str, Wanted]]:
    """Node and parameter, in the order of the page; `<joint>` in a name stands for that of each joint."""
    for node, module, name, prefix in READ:
        for each in wanted(class_in(module, name), prefix).values():
            yield node, each
    texts, bounds = policy.meanings(), policy.ranges()
    for name, value in policy.FaultPolicy().settings().items():
        about, within = texts[name], bounds.get(name)
        yield "servo_interface", Wanted(f"faults.{name}", type(value), value, about, within, changes=False)


def check_given(given: Iterable[GivenParameter], joints: Iterable[str]) -> None:
    """Refuse what the nodes would refuse by their names, types and bounds.

    Args:
        given: by parameter files, whose nodes are known.
        joints: of the arm.

    Raises:
        ConfigError: with the file, the line, and what would work.
    """
    known = _by_node(tuple(joints))
    for each in given:
        if each.name.startswith(ROS_OWN):
            continue
        for node in _nodes(each):
            if each.name in known[node]:
                _check(each, known[node][each.name])
            elif not is_shared(each.name):
                allowed = f"/{node} has no such parameter; {nearest(each.name, known[node])}"
                raise ConfigError(f"{each.where}: parameter {each.name}", each.value, allowed)


def _check(given: GivenParameter, known: Wanted) -> None:
    try:
        known.checked(given.value)
    except ConfigError as error:
        raise ConfigError(f"{given.where}: {error.where}", error.value, error.allowed) from error


def _nodes(given: GivenParameter) -> tuple[str, ...]:
    name = given.nodes.rpartition("/")[2]
    return NODES if name.startswith("*") else (name,)


def _by_node(joints: tuple[str, ...]) -> Mapping[str, dict[str, Wanted]]:
    found: dict[str, dict[str, Wanted]] = {node: {} for node in NODES}
    for node, each in known_parameters():
        names = [each.name.replace(JOINT, joint) for joint in joints] if JOINT in each.name else [each.name]
        for name in names:
            for owner in NODES if node.startswith(_ALL) else (node,):
                found[owner][name] = replace(each, name=name)
    return found


def class_in(module: str, name: str) -> type:
    """A class of parameters, of which the module alone is loaded.

    Raises:
        LookupError: there is none.
    """
    found = getattr(importlib.import_module(f"armature.{module}"), name, None)
    if found is None:
        raise LookupError(f"no {name} in {module}; READ in {__file__} names it")
    return typing.cast(type, found)
