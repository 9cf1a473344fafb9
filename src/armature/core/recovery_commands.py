"""The commands that messages tell a person to run, word for word; the page names its buttons instead."""

from __future__ import annotations

import re

ENABLE = "armature enable"
DISABLE = "armature disable"
CLEAR = "armature clear"
RELEASE = "armature release"
TORQUE_OFF = "armature torque-off"
STOP = "armature stop"
STATUS = "armature status"
GRIPPER = "armature gripper"
PAYLOAD = "armature payload"
SAVE_POSE = "armature pose save"
END_FREE_DRIVE = "armature free --end"
RESTART_CONTROLLER = "armature restart arm_controller"
RESTART_SERVO_INTERFACE = "armature restart servo_interface"
DOWN = "armature down"
UP = "armature up"

OF_ONE_ARM = (
    *("up", "down", "status", "restart", "logs", "fault"),
    *("enable", "disable", "clear", "release", "torque-off", "stop"),
    *("move", "gripper", "free", "payload", "pose", "record"),
)
"""All that take the namespace of an arm, and that a message may name."""

_COMMAND = re.compile(rf"\barmature (?:{'|'.join(OF_ONE_ARM)})\b(?![-\w]| --namespace)")


def in_namespace(text: str, namespace: str) -> str:
    """A text whose commands mean the arm of a namespace, where others may run too; done twice it is the same.

    Args:
        text: any.
        namespace: of the arm, with its slashes or without; empty where it has none.
    """
    name = namespace.strip("/")
    return _COMMAND.sub(rf"\g<0> --namespace {name}", text) if name else text
