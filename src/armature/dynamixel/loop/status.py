"""What the bus process reports to the ROS half on a change: typed at both ends, packed here alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import NOTHING, WAIT_FOR_RESTART, RecoveryStep, Remedy
from armature.dynamixel.status.states import Fault, RecoveryAdvice

_KIND = b"s"


@dataclass(frozen=True)
class Problem:
    """A fault or a warning, as it is at the time of its status."""

    fault: Fault
    age: float  # since it was found [s]; the two halves may live on different clocks
    advice: RecoveryAdvice | None = None  # of faults alone


@dataclass(frozen=True)
class LoopStatus:
    """What changes seldom."""

    mode: str
    torque: str
    session: str
    why: str
    protective_stop: bool  # whether it is latched, whatever the mode is
    faults: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    cause: str = ""  # key of why the arm stopped last, until it is enabled again
    bus: Mapping[str, Any] = field(default_factory=dict)  # how the bus and its process do
    buses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # how each does, where there are several
    servos: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # how each servo does, by joint
    speed_factor: float = 1.0  # of the controller's speed, while something asks for less
    wants_park: bool = False  # whether a fault's policy is to park
    free: tuple[str, ...] = ()  # joints that are guided by hand, or limp for it
    blocks: Mapping[str, str] = field(default_factory=dict)  # where joints came against something, by joint
    remedy: Remedy = NOTHING  # what to do next until the arm takes commands
    advice: RecoveryAdvice | None = None  # of all faults


def status_without_bus(mode: str, why: str, remedy: Remedy = WAIT_FOR_RESTART) -> LoopStatus:
    """While there is no bus process."""
    return LoopStatus(mode, "unknown", "", why, False, remedy=remedy)


def status_while_starting(*, protective_stop: bool) -> LoopStatus:
    """Before a bus process has reported anything."""
    return replace(status_without_bus("STARTING", "starting the bus process"), protective_stop=protective_stop)


# To bytes and back


def pack_status(status: LoopStatus) -> bytes:
    """Socket message of a status."""
    plain = {each.name: getattr(status, each.name) for each in fields(status)}
    plain |= {name: [_pack_problem(problem) for problem in plain[name]] for name in ("faults", "warnings")}
    plain |= {"remedy": _pack_remedy(status.remedy), "advice": _pack_advice(status.advice)}
    return _KIND + json.dumps(plain).encode()


def unpack_status(message: bytes) -> LoopStatus:
    """Status of a socket message."""
    plain = json.loads(message[1:])
    plain |= {name: tuple(map(_unpack_problem, plain[name])) for name in ("faults", "warnings")}
    plain |= {"remedy": _unpack_remedy(plain["remedy"]), "advice": _unpack_advice(plain["advice"])}
    return LoopStatus(**{**plain, "free": tuple(plain["free"])})


def _pack_problem(problem: Problem) -> dict[str, Any]:
    fault = problem.fault
    packed = {**vars(fault), "cause": fault.cause.value, "remedy": _pack_remedy(fault.remedy)}
    return {"fault": packed, "age": problem.age, "advice": _pack_advice(problem.advice)}


def _unpack_problem(plain: Mapping[str, Any]) -> Problem:
    packed = plain["fault"]
    fault = Fault(**{**packed, "cause": Cause(packed["cause"]), "remedy": _unpack_remedy(packed["remedy"])})
    return Problem(fault, plain["age"], _unpack_advice(plain["advice"]))


def _pack_advice(advice: RecoveryAdvice | None) -> dict[str, Any] | None:
    return (
        None
        if advice is None
        else {"remedy": _pack_remedy(advice.remedy), "step": advice.step.value, "waits_for": advice.waits_for}
    )


def _unpack_advice(plain: Mapping[str, Any] | None) -> RecoveryAdvice | None:
    return (
        None
        if plain is None
        else RecoveryAdvice(_unpack_remedy(plain["remedy"]), RecoveryStep(plain["step"]), plain["waits_for"])
    )


def _pack_remedy(remedy: Remedy) -> list[str]:
    return [str(remedy), *(step.value for step in remedy.steps)]


def _unpack_remedy(plain: list[str]) -> Remedy:
    text, *steps = plain
    return Remedy(text, *map(RecoveryStep, steps))
