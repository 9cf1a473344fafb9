"""The state of an arm, and how its motions have ended, in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from armature.dynamixel.status.states import Mode


@dataclass(frozen=True)
class ArmFault:
    """One thing that is wrong with a servo, or soon will be."""

    servo: str  # its joint; of a joint's second servo <joint>_second
    cause: str  # as faults.md names it, with underscores
    detail: str = ""  # the value and the bound
    done: str = ""  # what was done about it
    remedy: str = ""  # what recovers it
    step: str = ""  # the request of the remedy that would succeed now; wait where none would
    waits_for: str = ""  # what keeps its recovery from succeeding now
    time: str = ""  # when it was found

    def __str__(self) -> str:
        return "; ".join(filter(None, (f"{self.servo}: {self.cause}: {self.detail}", self.done, self.remedy)))


@dataclass(frozen=True)
class ArmState:
    """What the arm does, and why."""

    name: str  # STARTING, DISABLED, HOLDING, ENABLED, MOVING, PARKING, FAULT, PROTECTIVE_STOP or DISCONNECTED
    torque: str = "unknown"  # on, off, partial or unknown
    why: str = ""  # what happened last
    cause: str = ""  # why it stopped last, until it is enabled again
    remedy: str = ""  # what to do next
    step: str = ""  # at a fault, the request of the remedy that would succeed now; wait where none would
    waits_for: str = ""  # what keeps a recovery from succeeding now
    free: tuple[str, ...] = ()  # joints that hands guide
    joints: tuple[str, ...] = ()  # all of the arm, the gripper's too
    faults: tuple[ArmFault, ...] = ()
    warnings: tuple[ArmFault, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict, repr=False)  # all that was told, by its key

    @property
    def takes_commands(self) -> bool:
        """Whether motions are accepted now."""
        return Mode[self.name].takes_commands if self.name in Mode.__members__ else False

    def __str__(self) -> str:
        return f"{self.name} ({self.why})" if self.why else self.name

    @staticmethod
    def parse(name: str, values: Mapping[str, str]) -> ArmState:
        """The state of a message of the state topic, from its text and its values."""
        plain = {key: values[key] for key in _PLAIN if key in values}
        return ArmState(
            name,
            **plain,
            free=tuple(filter(None, values.get("free", "").split(", "))),
            joints=tuple(key.removeprefix(_LIMITS) for key in values if key.startswith(_LIMITS)),
            faults=_problems("fault.", values),
            warnings=_problems("warning.", values),
            values=values,
        )


@dataclass(frozen=True)
class MotionEnd:
    """How a motion has ended."""

    is_reached: bool
    message: str
    code: int = 0  # of control_msgs/FollowJointTrajectory
    is_stalled: bool = False  # a gripper that something stopped, and that holds it


_LIMITS = "limits."
_PLAIN = ("torque", "why", "cause", "remedy", "step", "waits_for")
_KEYS = {each.name for each in fields(ArmFault)} - {"servo"}


def _problems(prefix: str, values: Mapping[str, str]) -> tuple[ArmFault, ...]:
    """Faults or warnings, whose keys are <prefix><servo>[.<cause>].<key>."""
    found: dict[str, dict[str, str]] = {}
    for key, text in values.items():
        place, _, name = key.removeprefix(prefix).rpartition(".")
        if key.startswith(prefix) and name in _KEYS:
            found.setdefault(place, {})[name] = text
    return tuple(
        ArmFault(place.removesuffix(f".{given['cause']}"), **given)
        for place, given in found.items()
        if "cause" in given
    )
