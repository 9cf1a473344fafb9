"""States of the servo interface, and the faults that name a joint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import RecoveryStep, Remedy


class Mode(IntEnum):
    """What the arm does and whether it takes commands; torque is a value of its own."""

    STARTING = 0
    DISABLED = 1  # torque off
    HOLDING = 2  # torque on, commands refused
    ENABLED = 3
    MOVING = 4
    PARKING = 5
    FAULT = 6
    PROTECTIVE_STOP = 7
    DISCONNECTED = 8

    @property
    def takes_commands(self) -> bool:
        """Whether set-points of the session are followed."""
        return self in (Mode.ENABLED, Mode.MOVING)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with one joint, or soon will be."""

    joint: str  # or the name of its second servo, see ServoWiring.name
    cause: Cause
    detail: str  # with the value and the bound
    done: str  # what was done about it
    remedy: Remedy  # what recovers it
    needs_clearing: bool  # whether it stays until clear_faults
    since: float  # monotonic [s]

    @property
    def finding(self) -> str:
        """What was found at which joint, without what was and what is to be done."""
        return f"{self.joint}: {self.cause}: {self.detail}"

    def __str__(self) -> str:
        return f"{self.finding}; {self.done}; {self.remedy}"


def describe_state(mode: str, why: str, faults: Iterable[Fault], remedy: str) -> str:
    """A state as the reason of a refusal, which names the remedy itself; in FAULT, the fault that it is for.

    Args:
        mode: the state's name.
        why: what happened last.
        faults: all that there are.
        remedy: the next step.
    """
    if mode == Mode.FAULT.name:
        first = min(faults, key=lambda fault: (fault.remedy != remedy, fault.cause.gravity), default=None)
        why = why if first is None else first.finding
    return f"the state is {mode} ({why.removesuffix(f'; {remedy}')})"


BEING_RECOVERED = "it is being recovered"


@dataclass(frozen=True)
class RecoveryAdvice:
    """How to recover from a fault, or from all of an arm's."""

    remedy: Remedy
    step: RecoveryStep  # the request of it that would succeed now; WAIT where none would
    waits_for: str = ""  # what keeps a recovery from succeeding now, in words; empty where nothing does
