"""Which request would succeed at a fault now, as one word: the page offers that one alone."""

from __future__ import annotations

from collections.abc import Iterable

from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.status.remedy import Step
from armature.dynamixel.status.states import Fault

# The earlier, the sooner: an arm that is to be let down is cleared once, after that.
_ORDER = (Step.TORQUE_OFF, Step.DISABLE, Step.CLEAR_FAULTS, Step.WAIT)


def step(fault: Fault, axis: Axis, persists: str) -> Step:
    """The first request that the remedy names, unless it would be refused or change nothing; else to wait.

    Args:
        fault: of a servo.
        axis: that servo.
        persists: why clear_faults would refuse it, in words; empty where it would not.
    """
    named = next((named for named in fault.remedy.steps if named in _ORDER), Step.WAIT)
    is_vain = bool(persists) if named is Step.CLEAR_FAULTS else named is Step.TORQUE_OFF and not axis.torque
    return Step.WAIT if is_vain else named


def first(steps: Iterable[str]) -> str:
    """Of the steps at several faults the one to be tried first; empty where there are none."""
    return str(min((Step(step) for step in steps), key=_ORDER.index, default=""))
