"""How a goal ends."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from armature.errors import ArmatureError, GoalRefused


class End(enum.Enum):
    """Terminal states of an action's goal."""

    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    ABORTED = "aborted"


class Code(enum.IntEnum):
    """Error codes of control_msgs/FollowJointTrajectory."""

    SUCCESSFUL = 0
    INVALID_GOAL = -1
    INVALID_JOINTS = -2
    OLD_HEADER_TIMESTAMP = -3
    PATH_TOLERANCE_VIOLATED = -4
    GOAL_TOLERANCE_VIOLATED = -5


@dataclass(frozen=True)
class Outcome:
    """The end of a goal, with the reason in words."""

    end: End
    code: Code
    message: str
    is_stalled: bool = False  # a gripper that something stopped
    astray: tuple[str, ...] = ()  # joints that did not follow


OnEnd = Callable[[Outcome], None]
"""Called once with the end of a goal."""


# Fields whose refusal has an error code of its own.
_CODES = {"joint_names": Code.INVALID_JOINTS, "header.stamp": Code.OLD_HEADER_TIMESTAMP}


def refused(error: ArmatureError) -> Outcome:
    """The end of a goal that was refused before anything moved."""
    where = error.where if isinstance(error, GoalRefused) else ""
    return aborted(str(error), _CODES.get(where, Code.INVALID_GOAL))


def aborted(message: str, code: Code = Code.INVALID_GOAL) -> Outcome:
    """A goal ended by something else than itself; the action has no code of its own for most reasons."""
    return Outcome(End.ABORTED, code, message)
