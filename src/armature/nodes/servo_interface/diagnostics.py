"""State and diagnostics of the servo interface, from what the bus child tells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from armature.dynamixel.loop import link
from armature.dynamixel.status.cause import Cause, names_of
from armature.dynamixel.status.states import Mode
from armature.dynamixel.wiring.arm import ServoWiring
from armature.nodes.common.conversions import diagnostic
from armature.nodes.servo_interface.parameters import ServoConfiguration

_ERRORS = (Mode.FAULT.name, Mode.DISCONNECTED.name)
_WARNINGS = (Mode.PROTECTIVE_STOP.name, Mode.STARTING.name)
_TOLD = ("cause", "detail", "done", "remedy")
_FORESEEN = ("step", "waits for")  # of faults alone
Problem = Mapping[str, Any]  # a fault or a warning, as the status has it


def state(status: link.Status, now: float, *, is_ending: bool = False) -> DiagnosticStatus:
    """The state topic: the mode, torque, the session, why, and each fault and warning.

    Args:
        status: what the child told.
        now: of the wall clock, for the time of faults [s].
        is_ending: whether the servo interface was asked to end.
    """
    values = {"torque": status.torque, "session": status.session, "why": status.why, "cause": status.cause}
    if status.remedy:
        values |= {"remedy": status.remedy, "steps": ", ".join(status.steps)}
    if status.speed_factor < 1.0:
        values["speed_factor"] = f"{status.speed_factor:.2f}"
    if is_ending:
        values["ending"] = "yes"
    if status.step:
        values |= {"step": status.step, "waits for": status.waits_for}
    if status.free:
        values["free"] = ", ".join(status.free)
    values |= {f"blocked.{joint}": where for joint, where in status.blocks.items()}
    values |= _told("fault", status.faults, now) | _told("warning", status.warnings, now)
    return diagnostic("servo_interface", _level(status), status.mode, values)


def shown(status: link.Status) -> Any:
    """What of a status is worth another message on the state topic."""
    faults, warnings = (
        tuple((problem["joint"], problem["cause"], problem["done"]) for problem in problems)
        for problems in (status.faults, status.warnings)
    )
    steps = (status.step, *(problem.get("step") for problem in status.faults))
    why = (status.why, status.cause, status.speed_factor, status.free, status.blocks, status.remedy, steps)
    return status.mode, status.torque, status.session, status.protective_stop, why, faults, warnings


def _told(kind: str, problems: Iterable[Problem], now: float) -> dict[str, str]:
    """The gravest of each joint by the joint's name, any other with its cause behind that."""
    told = {}
    for joint, of_joint in _by_joint(problems).items():
        for problem in of_joint:
            name = f"{kind}.{joint}" if problem is of_joint[0] else f"{kind}.{joint}.{_cause(problem).value}"
            parts = (_in_words(problem), _since(problem, now), problem["done"], problem["remedy"])
            told[name] = "; ".join(parts)
    return told


def _by_joint(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """Of each joint the gravest first."""
    found: dict[str, list[Problem]] = {}
    for problem in sorted(problems, key=lambda problem: _cause(problem).gravity):
        found.setdefault(problem["joint"], []).append(problem)
    return found


def _cause(problem: Problem) -> Cause:
    return Cause(problem["cause"])


def _in_words(problem: Problem) -> str:
    return f"{problem['cause']}: {problem['detail']}"


def _since(problem: Problem, now: float) -> str:
    return "since " + datetime.fromtimestamp(now - problem["age"], timezone.utc).strftime("%H:%M:%S UTC")


def _level(status: link.Status) -> bytes:
    if status.mode in _ERRORS:
        return bytes(DiagnosticStatus.ERROR)
    is_warned = status.mode in _WARNINGS or bool(status.warnings) or bool(status.free)
    return bytes(DiagnosticStatus.WARN if is_warned else DiagnosticStatus.OK)


def diagnostics(
    stamp: Time,
    configuration: ServoConfiguration,
    status: link.Status,
    readings: link.Readings | None,
    more: Mapping[str, object],
    now: float,
) -> DiagnosticArray:
    """One status for each servo, one for the bus, and one for each bus where there are several.

    Args:
        stamp: of the message.
        configuration: what the arm is.
        status: what the child told last.
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
    for servo, axis in zip(configuration.wiring.servos, readings.axes, strict=True):
        joint = servo.joint
        level, text, values = _condition(faults.get(joint, []), warnings.get(joint, []), axis.position, now)
        values = {**_measured(axis), **values, **status.servos.get(joint, {})}
        message.status.append(diagnostic(f"servo_interface: {joint}", level, text, values, f"id {servo.servo_id}"))
        if servo.second is not None:
            message.status.append(_second(servo.second, status, faults, warnings, now))
    return message


def _second(
    servo: ServoWiring,
    status: link.Status,
    faults: Mapping[str, list[Problem]],
    warnings: Mapping[str, list[Problem]],
    now: float,
) -> DiagnosticStatus:
    """A joint's second servo, of which the status tells and not the readings."""
    told = status.servos.get(servo.name, {})
    position = float(told.get("position", math.nan))
    level, text, values = _condition(faults.get(servo.name, []), warnings.get(servo.name, []), position, now)
    return diagnostic(f"servo_interface: {servo.name}", level, text, {**told, **values}, f"id {servo.servo_id}")


def _bus(
    configuration: ServoConfiguration,
    status: link.Status,
    readings: link.Readings | None,
    more: Mapping[str, object],
) -> DiagnosticStatus:
    values: dict[str, object] = {"state": status.mode, "torque": status.torque, **status.bus, **more}
    if readings is not None:
        values["cycle time [ms]"] = f"{1000.0 * readings.duration:.2f}"
    port = str(configuration.child["port"])
    return diagnostic("servo_interface: bus", _level(status), status.why, values, port)


def _parts(status: link.Status) -> list[DiagnosticStatus]:
    return [
        diagnostic(
            f"servo_interface: bus {name}",
            DiagnosticStatus.OK if values["is open"] else DiagnosticStatus.ERROR,
            "ok" if values["is open"] else "the port is gone",
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
    gravest = problems[0]
    told = {name: gravest[name] for name in (*_TOLD, *_FORESEEN) if name in gravest}
    told |= {"steps": ", ".join(gravest.get("steps", ()))}
    times = {"since [s]": f"{gravest['age']:.1f}", "time": _since(gravest, now)}
    level = DiagnosticStatus.ERROR if faults else DiagnosticStatus.WARN
    return level, "; also ".join(map(_in_words, problems)), {**told, **times}


def _measured(axis: link.AxisReading) -> dict[str, str]:
    return {
        "age [s]": f"{axis.age:.3f}",
        "age of temperature, voltage, torque, error [s]": f"{axis.slow_age:.3f}",
        "temperature [°C]": f"{axis.temperature:.0f}",
        "voltage [V]": f"{axis.voltage:.1f}",
        "torque": "unknown" if math.isnan(axis.torque) else "on" if axis.torque else "off",
        "hardware error": "unknown" if math.isnan(axis.hardware_error) else names_of(int(axis.hardware_error)),
    }
