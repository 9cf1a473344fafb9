"""All parameters of all nodes, from the dataclasses that they read."""

from __future__ import annotations

import importlib
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from armature.dynamixel.faults import policy
from armature.nodes.common.parameters.wanted import Wanted, wanted
from armature.robots import NODES

# Node, module, class, what its names begin with.
READ = (
    ("servo_interface", "nodes.common.parameters.payload", "KeptPayload", ""),
    ("servo_interface", "nodes.servo_interface.parameters", "ServoParameters", ""),
    ("servo_interface", "nodes.servo_interface.parameters", "StartParameters", ""),
    ("servo_interface", "nodes.servo_interface.parameters", "JointParameters", "<joint>."),
    ("servo_interface", "dynamixel.free_drive.settings", "FreeDriveSettings", "free_drive."),
    ("arm_controller", "nodes.arm_controller.group_node", "GroupParameters", ""),
    ("arm_controller", "nodes.arm_controller.arm_controller", "ArmJoint", "limits.<joint>."),
    ("arm_controller", "nodes.arm_controller.jtc_parameters", "TrajectoryParameters", ""),
    ("arm_controller", "nodes.arm_controller.jtc_parameters", "JointConstraints", "constraints.<joint>."),
    ("arm_controller", "nodes.arm_controller.jtc_parameters", "FixedParameters", ""),
    ("arm_controller", "nodes.arm_controller.jtc_parameters", "JointGains", "gains.<joint>."),
    ("arm_controller", "nodes.arm_controller.checks", "CheckParameters", ""),
    ("arm_controller", "nodes.common.parameters.payload", "PayloadParameters", ""),
    ("arm_controller", "nodes.common.parameters.payload", "KeptPayload", ""),
    ("arm_controller", "nodes.arm_controller.moves", "MoveParameters", ""),
    ("arm_controller", "nodes.arm_controller.arm_controller", "FeedforwardParameters", ""),
    ("gripper_controller", "nodes.arm_controller.group_node", "GroupParameters", ""),
    ("gripper_controller", "nodes.arm_controller.gripper_controller", "GripperJoint", "limits.<joint>."),
    ("gripper_controller", "nodes.arm_controller.gripper_controller", "GripperParameters", ""),
    ("gripper_controller", "nodes.arm_controller.gripper_controller", "GainParameters", "<joint>."),
    ("gripper_controller", "nodes.arm_controller.jtc_parameters", "FixedGripperParameters", ""),
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
# Classes of which a node declares what is given alone, since it counts for nothing or has one value.
TAKEN = ("FixedParameters", "JointGains", "FixedGripperParameters")
_ALL = "every node"
_LIMITS = "limits."
_CONTROLLERS = ("arm_controller", "gripper_controller")
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


def known_by_node(joints: Sequence[str], gripper: Collection[str] | None) -> Mapping[str, dict[str, Wanted]]:
    """The parameters of each node by their names.

    Args:
        joints: of the arm.
        gripper: those of the gripper among them; None for any.
    """
    found: dict[str, dict[str, Wanted]] = {node: {} for node in NODES}
    for node, each in known_parameters():
        for name in _names(node, each.name, joints, gripper):
            for owner in NODES if node.startswith(_ALL) else (node,):
                found[owner][name] = replace(each, name=name)
    return found


def _names(node: str, name: str, joints: Sequence[str], gripper: Collection[str] | None) -> list[str]:
    if JOINT not in name:
        return [name]
    return [name.replace(JOINT, joint) for joint in joints_of(node, name, joints, gripper)]


def joints_of(node: str, prefix: str, joints: Sequence[str], gripper: Collection[str] | None) -> list[str]:
    """The joints that a node has parameters of.

    Args:
        node: its name.
        prefix: what the parameters' names begin with; limits count for all nodes.
        joints: of the arm.
        gripper: those of the gripper among them; None for any.
    """
    if gripper is None or prefix.startswith(_LIMITS) or node not in _CONTROLLERS:
        return list(joints)
    return [joint for joint in joints if (joint in gripper) == (node == "gripper_controller")]


def class_in(module: str, name: str) -> type:
    """A class of parameters, of which the module alone is loaded.

    Raises:
        LookupError: there is none.
    """
    found = getattr(importlib.import_module(f"armature.{module}"), name, None)
    if found is None:
        raise LookupError(f"no {name} in {module}; READ in {__file__} names it")
    return typing.cast(type, found)
