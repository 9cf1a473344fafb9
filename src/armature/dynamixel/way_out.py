"""Which request would succeed at a fault, as a word that a program can read: the page offers that one alone."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from armature.dynamixel.axis import Axis
from armature.dynamixel.cause import Cause
from armature.dynamixel.mode import Fault


class Step(str, Enum):
    """A request by the name of its service; the earlier, the sooner it is to be tried."""

    CLEAR_FAULTS = "clear_faults"
    DISARM = "disarm"  # which parks the arm; what it has latched can be cleared then
    TORQUE_OFF = "torque_off"  # the arm sinks, and must be supported
    WAIT = "wait"  # it ends by itself, or once its cause is gone

    def __str__(self) -> str:
        return self.value


def step(fault: Fault, axis: Axis, persists: str, *, can_park: bool) -> Step:
    """The step that would succeed at one fault.

    Args:
        fault: of a servo.
        axis: that servo.
        persists: why clear_faults would refuse it, in words; empty where it would not.
        can_park: whether the arm can park with the faults that it has.
    """
    if not fault.needs_clearing:
        return Step.WAIT
    if not persists:
        return Step.CLEAR_FAULTS
    is_latched = bool(axis.hardware_error) or fault.cause in (Cause.LIMIT, Cause.TURNS_LOST)
    if not axis.torque or axis.misses or not is_latched:
        return Step.WAIT
    return Step.DISARM if can_park else Step.TORQUE_OFF


def first(steps: Iterable[str]) -> str:
    """Of the steps at several faults the one to be tried first; empty where there are none."""
    return str(min((Step(step) for step in steps), key=list(Step).index, default=""))
