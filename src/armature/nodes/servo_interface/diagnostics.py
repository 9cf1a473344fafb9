"""State and diagnostics of the servo interface, from the status and readings of the bus process."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from armature.dynamixel.loop import link
from armature.dynamixel.loop.status import LoopStatus, Problem
from armature.dynamixel.status.cause import names_of
from armature.dynamixel.status.states import Mode
from armature.dynamixel.wiring.arm import ServoWiring
from armature.dynamixel.wiring.confirmed import how_to_confirm
from armature.nodes.common.conversions import diagnostic
from armature.nodes.servo_interface.parameters import ServoConfiguration

_ERRORS = (Mode.FAULT.name, Mode.DISCONNECTED.name)
_WARNINGS = (Mode.PROTECTIVE_STOP.name, Mode.STARTING.name)

# Keys of the values, for programs; units stand behind them.
STATE_KEYS: Mapping[str, str] = {
    "torque": "on, off or partial; unknown where a servo is silent",
    "session": "whose set-points are followed; empty for none",
    "why": "why the arm is so, in words",
    "cause": "why it stopped last, until it is enabled again",
    "remedy": "what to do next, in words",
    "steps": "the steps of the remedy, in their order",
    "step": "at a fault, the request of the remedy that would succeed now; wait where none would",
    "waits_for": "what keeps a recovery from succeeding now, in words",
    "speed_factor": "share of the speed that the controller is to keep to",
    "limits": "reduced, to a tenth, until directions and zeros are confirmed",
    "limits_remedy": "what makes them whole, in words",
    "ending": "yes, once the servo interface was asked to end",
    "free": "joints that hands guide",
}
"""Beside them limits.<joint> (lower, upper, velocity, acceleration, jerk), blocked.<joint>, fault.<servo>.<key>,
and warning.<servo>[.<cause>].<key>."""

PROBLEM_KEYS: Mapping[str, str] = {
    "cause": "what is wrong",
    "detail": "the value and the bound, in words",
    "done": "what was done about it, in words",
    "remedy": "what recovers it, in words",
    "steps": "the steps of the remedy, in their order",
    "step": "of a fault, the request of the remedy that would succeed now; wait where none would",
    "waits_for": "of a fault, what keeps its recovery from succeeding now, in words",
    "time": "when it was found",
}

SERVO_KEYS: Mapping[str, str] = {
    "joint": "its joint; of a joint's second servo <joint>_second",
    "since_s": "how long ago its fault was found",
    "age_s": "of what is read in each cycle",
    "slow_age_s": "of temperature, voltage, torque and hardware error, which are read in turns",
    "temperature_c": "of its motor",
    "voltage_v": "at its plug",
    "torque": "on, off or unknown",
    "hardware_error": "its own errors, by name",
    "firmware": "its version",
    "bus_watchdog": "state of its bus watchdog",
    "mean_load_percent": "root mean square of its share of the stall torque",
    "time_left_s": "until its temperature asks for a stop, if the load lasts",
    "largest_excess_effort": "beyond its known load until now [N·m] or [N]",
    "current_limit_a": "what it may use now, in current-based position control",
    "kept_gains": "with which it was found, and which it keeps until torque is off",
    "free_drive": "how a hand guides its joint",
    "id": "of a joint's second servo",
    "position": "of a joint's second servo [rad] or [m]",
    "load_percent": "of a joint's second servo",
    "current_a": "of a joint's second servo",
    "asked": "how often it was asked",
    "timeouts": "answers that did not come in time",
    "corrupt": "answers that were damaged",
    "refused": "answers that were an error number",
    "stale": "answers that came after they were given up",
    "error_rate": "share of answers that did not come whole",
}


def state(
    status: LoopStatus,
    now: float,
    *,
    is_ending: bool = False,
    is_reduced: bool = False,
    limits: Mapping[str, str] = MappingProxyType({}),
) -> DiagnosticStatus:
    """The state topic: the mode, torque, the session, why, and each fault and warning; under the keys above.

    Args:
        status: of the bus process.
        now: of the wall clock, for the time of faults [s].
        is_ending: whether the servo interface was asked to end.
        is_reduced: whether the limits are a tenth, since the wiring is not confirmed.
        limits: of the joints, as values under their keys.
    """
    values = {"torque": status.torque, "session": status.session, "why": status.why, "cause": status.cause}
    if status.remedy:
        values |= {"remedy": status.remedy, "steps": _join(status.remedy.steps)}
    if status.speed_factor < 1.0:
        values["speed_factor"] = f"{status.speed_factor:.2f}"
    if is_ending:
        values["ending"] = "yes"
    if is_reduced:
        values |= {"limits": "reduced", "limits_remedy": how_to_confirm()}
    if status.advice is not None:
        values |= {"step": status.advice.step.value, "waits_for": status.advice.waits_for}
    if status.free:
        values["free"] = _join(status.free)
    values |= limits
    values |= {f"blocked.{joint}": where for joint, where in status.blocks.items()}
    values |= _problem_values("fault", status.faults, now) | _problem_values("warning", status.warnings, now)
    return diagnostic("servo_interface", _level(status), status.mode, values)


def state_digest(status: LoopStatus) -> Any:
    """What of a status is worth another message on the state topic."""
    why = (status.why, status.cause, status.speed_factor, status.free, status.blocks, status.remedy)
    problems = tuple(map(_without_figures, (*status.faults, *status.warnings)))
    step = status.advice and status.advice.step
    return status.mode, status.torque, status.session, status.protective_stop, why, step, problems


def _without_figures(problem: Problem) -> Any:
    """Without figures, which change all the time."""
    fault, advice = problem.fault, problem.advice
    return fault.joint, fault.cause, fault.done, advice and advice.step


def _problem_values(kind: str, problems: Iterable[Problem], now: float) -> dict[str, str]:
    """Values of the gravest of each joint behind the joint's name, of any other behind its cause too."""
    values: dict[str, str] = {}
    for joint, of_joint in _by_joint(problems).items():
        for problem in of_joint:
            further = "" if problem is of_joint[0] else f".{problem.fault.cause.value}"
            values |= {f"{kind}.{joint}{further}.{key}": text for key, text in _values(problem, now).items()}
    return values


def _values(problem: Problem, now: float) -> dict[str, str]:
    """The values of a fault or a warning."""
    fault, advice = problem.fault, problem.advice
    values = {
        "cause": fault.cause.value,
        "detail": fault.detail,
        "done": fault.done,
        "remedy": str(fault.remedy),
        "steps": _join(fault.remedy.steps),
        "time": datetime.fromtimestamp(now - problem.age, timezone.utc).strftime("%H:%M:%S UTC"),
    }
    return values if advice is None else {**values, "step": advice.step.value, "waits_for": advice.waits_for}


def _join(words: Iterable[str]) -> str:
    return ", ".join(map(str, words))


def _by_joint(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """Of each joint the gravest first."""
    found: dict[str, list[Problem]] = {}
    for problem in sorted(problems, key=lambda problem: problem.fault.cause.gravity):
        found.setdefault(problem.fault.joint, []).append(problem)
    return found


def _level(status: LoopStatus) -> bytes:
    if status.mode in _ERRORS:
        return bytes(DiagnosticStatus.ERROR)
    is_warned = status.mode in _WARNINGS or bool(status.warnings) or bool(status.free)
    return bytes(DiagnosticStatus.WARN if is_warned else DiagnosticStatus.OK)


def diagnostics(
    stamp: Time,
    configuration: ServoConfiguration,
    status: LoopStatus,
    readings: link.CycleReadings | None,
    more: Mapping[str, object],
    now: float,
) -> DiagnosticArray:
    """One status for each servo, one for the bus, and one for each bus where there are several.

    Args:
        stamp: of the message.
        configuration: what the arm is.
        status: the newest of the bus process.
        readings: the newest, if there are any.
        more: values of the ROS half, for the bus.
        now: of the wall clock, for the time of faults [s].
    """
    message = DiagnosticArray()
    message.header.stamp = stamp
    message.status = [_bus(configuration, status, readings, more), *_parts(status)]
    if readings is None:
        return message
    faults, warnings = _by_joint(status.faults), _by_joint(status.warnings)
    for servo, axis in zip(configuration.wiring.servos, readings.joints, strict=True):
        joint = servo.joint
        level, text, values = _condition(faults.get(joint, []), warnings.get(joint, []), axis.position, now)
        values = {"joint": joint, **_measurements(axis), **values, **status.servos.get(joint, {})}
        message.status.append(diagnostic(f"servo_interface: {joint}", level, text, values, f"id {servo.servo_id}"))
        if servo.second is not None:
            message.status.append(_second(servo.second, status, faults, warnings, now))
    return message


def _second(
    servo: ServoWiring,
    status: LoopStatus,
    faults: Mapping[str, list[Problem]],
    warnings: Mapping[str, list[Problem]],
    now: float,
) -> DiagnosticStatus:
    """A joint's second servo, which is in the status and not in the readings."""
    details = status.servos.get(servo.name, {})
    position = float(details.get("position", math.nan))
    level, text, values = _condition(faults.get(servo.name, []), warnings.get(servo.name, []), position, now)
    return diagnostic(
        f"servo_interface: {servo.name}",
        level,
        text,
        {"joint": servo.name, **details, **values},
        f"id {servo.servo_id}",
    )


def _bus(
    configuration: ServoConfiguration,
    status: LoopStatus,
    readings: link.CycleReadings | None,
    more: Mapping[str, object],
) -> DiagnosticStatus:
    values: dict[str, object] = {"state": status.mode, "torque": status.torque, **status.bus, **more}
    if readings is not None:
        values["cycle_time_ms"] = f"{1000.0 * readings.duration:.2f}"
    port = str(configuration.child["port"])
    return diagnostic("servo_interface: bus", _level(status), status.why, values, port)


def _parts(status: LoopStatus) -> list[DiagnosticStatus]:
    return [
        diagnostic(
            f"servo_interface: bus {name}",
            DiagnosticStatus.OK if values["is_open"] else DiagnosticStatus.ERROR,
            "ok" if values["is_open"] else "the port is gone",
            values,
            str(values["port"]),
        )
        for name, values in status.buses.items()
    ]


def _condition(
    faults: list[Problem], warnings: list[Problem], position: float, now: float
) -> tuple[bytes, str, dict[str, str]]:
    """Level, message and values of one servo: the values of what is gravest, the message of all."""
    problems = [*faults, *warnings]
    if not problems:
        if math.isnan(position):
            return DiagnosticStatus.WARN, "no reading in the last cycle", {}
        return DiagnosticStatus.OK, "ok", {}
    values = _values(problems[0], now) | {"since_s": f"{problems[0].age:.1f}"}
    level = DiagnosticStatus.ERROR if faults else DiagnosticStatus.WARN
    text = "; also ".join(f"{each.fault.cause}: {each.fault.detail}" for each in problems)
    return level, text, values


def _measurements(axis: link.JointReading) -> dict[str, str]:
    return {
        "age_s": f"{axis.age:.3f}",
        "slow_age_s": f"{axis.slow_age:.3f}",
        "temperature_c": f"{axis.temperature:.0f}",
        "voltage_v": f"{axis.voltage:.1f}",
        "torque": "unknown" if axis.torque is None else "on" if axis.torque else "off",
        "hardware_error": "unknown" if axis.hardware_error is None else names_of(axis.hardware_error),
    }
