"""What the bus child tells its ROS half when something has changed: typed at both ends, packed here alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import NOTHING, STARTED_ANEW, Remedy, Step
from armature.dynamixel.status.states import Fault, WayOut

_KIND = b"s"


@dataclass(frozen=True)
class Problem:
    """A fault or a warning, as it is at the time of its status."""

    fault: Fault
    age: float  # since it was found [s]; the two halves may live on different clocks
    way_out: WayOut | None = None  # of faults alone


@dataclass(frozen=True)
class Status:
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
    way_out: WayOut | None = None  # of all faults


def without_bus(mode: str, why: str, remedy: Remedy = STARTED_ANEW) -> Status:
    """While there is no bus process."""
    return Status(mode, "unknown", "", why, False, remedy=remedy)


def starting(*, protective_stop: bool) -> Status:
    """Before a bus process has told anything."""
    return replace(without_bus("STARTING", "starting the bus process"), protective_stop=protective_stop)


# To bytes and back


def pack_status(status: Status) -> bytes:
    """Socket message of a status."""
    plain = {each.name: getattr(status, each.name) for each in fields(status)}
    plain |= {name: [_problem(problem) for problem in plain[name]] for name in ("faults", "warnings")}
    plain |= {"remedy": _remedy(status.remedy), "way_out": _way_out(status.way_out)}
    return _KIND + json.dumps(plain).encode()


def unpack_status(message: bytes) -> Status:
    """Status of a socket message."""
    plain = json.loads(message[1:])
    plain |= {name: tuple(map(_to_problem, plain[name])) for name in ("faults", "warnings")}
    plain |= {"remedy": _to_remedy(plain["remedy"]), "way_out": _to_way_out(plain["way_out"])}
    return Status(**{**plain, "free": tuple(plain["free"])})


def _problem(problem: Problem) -> dict[str, Any]:
    fault = problem.fault
    told = {**vars(fault), "cause": fault.cause.value, "remedy": _remedy(fault.remedy)}
    return {"fault": told, "age": problem.age, "way_out": _way_out(problem.way_out)}


def _to_problem(plain: Mapping[str, Any]) -> Problem:
    told = plain["fault"]
    fault = Fault(**{**told, "cause": Cause(told["cause"]), "remedy": _to_remedy(told["remedy"])})
    return Problem(fault, plain["age"], _to_way_out(plain["way_out"]))


def _way_out(way: WayOut | None) -> dict[str, Any] | None:
    return (
        None
        if way is None
        else {"remedy": _remedy(way.remedy), "step": way.step.value, "waits_for": way.waits_for}
    )


def _to_way_out(plain: Mapping[str, Any] | None) -> WayOut | None:
    return None if plain is None else WayOut(_to_remedy(plain["remedy"]), Step(plain["step"]), plain["waits_for"])


def _remedy(remedy: Remedy) -> list[str]:
    return [str(remedy), *(step.value for step in remedy.steps)]


def _to_remedy(plain: list[str]) -> Remedy:
    text, *steps = plain
    return Remedy(text, *map(Step, steps))
