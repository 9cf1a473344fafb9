"""Messages of the servo interface, from what the bus child tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from builtin_interfaces.msg import Time
from control_msgs.msg import DynamicJointState, InterfaceValue
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import JointState

from armature.dynamixel import link
from armature.dynamixel.axis import HARDWARE_ERRORS
from armature.dynamixel.mode import Mode
from armature.nodes.conversions import diagnostic
from armature.nodes.servo_parameters import ServoConfiguration

_ERRORS = (Mode.FAULT.name, Mode.DISCONNECTED.name)
_WARNINGS = (Mode.PROTECTIVE_STOP.name, Mode.STARTING.name)


def joint_state(stamp: Time, joints: Sequence[str], readings: link.Readings) -> JointState:
    """Only joints that were read in this cycle; effort is NaN, since no factor to N·m is calibrated."""
    read = [(j, a) for j, a in zip(joints, readings.axes, strict=True) if math.isfinite(a.position)]
    message = JointState()
    message.header.stamp = stamp
    message.name = [joint for joint, _ in read]
    message.position = [axis.position for _, axis in read]
    message.velocity = [axis.velocity for _, axis in read]
    message.effort = [math.nan] * len(read)
    return message


def commanded(stamp: Time, joints: Sequence[str], readings: link.Readings, session: str) -> JointState:
    """What is being commanded now, and in which arming session (as the frame id, like that of set-points)."""
    known = [(j, a) for j, a in zip(joints, readings.axes, strict=True) if math.isfinite(a.commanded_position)]
    message = JointState()
    message.header.stamp = stamp
    message.header.frame_id = session
    message.name = [joint for joint, _ in known]
    message.position = [axis.commanded_position for _, axis in known]
    message.velocity = [axis.commanded_velocity for _, axis in known]
    return message


def dynamic_state(stamp: Time, joints: Sequence[str], readings: link.Readings) -> DynamicJointState:
    """All that is known of each servo; what was not read is left out, its age says since when."""
    message = DynamicJointState()
    message.header.stamp = stamp
    message.joint_names = list(joints)
    message.interface_values = [_interfaces(axis) for axis in readings.axes]
    return message


def _interfaces(axis: link.AxisReading) -> InterfaceValue:
    values = {
        "position": axis.position,
        "velocity": axis.velocity,
        "current": axis.current,
        "load": axis.load,
        "temperature": axis.temperature,
        "voltage": axis.voltage,
        "age": axis.age,
        "torque_enabled": axis.torque,
        "hardware_error": axis.hardware_error,
    }
    known = {name: value for name, value in values.items() if math.isfinite(value)}
    return InterfaceValue(interface_names=list(known), values=list(known.values()))


def state(status: link.Status) -> DiagnosticStatus:
    """The state topic: the mode, torque, the arming session, why, and each fault."""
    return diagnostic("servo_interface", _level(status), status.mode, _state_values(status))


def shown(status: link.Status) -> Any:
    """What of a status is worth another message on the state topic."""
    faults = tuple((fault["joint"], fault["cause"]) for fault in status.faults)
    return status.mode, status.torque, status.session, status.why, faults


def _state_values(status: link.Status) -> dict[str, str]:
    values = {"torque": status.torque, "session": status.session, "why": status.why}
    for fault in status.faults:
        values[f"fault.{fault['joint']}"] = (
            f"{fault['cause']}: {fault['detail']}; {fault['done']}; {fault['remedy']}"
        )
    return values


def _level(status: link.Status) -> bytes:
    if status.mode in _ERRORS:
        return bytes(DiagnosticStatus.ERROR)
    return bytes(DiagnosticStatus.WARN if status.mode in _WARNINGS else DiagnosticStatus.OK)


def diagnostics(
    stamp: Time, configuration: ServoConfiguration, status: link.Status, readings: link.Readings | None
) -> DiagnosticArray:
    """One status for each servo, one for the bus."""
    faults = {fault["joint"]: fault for fault in status.faults}
    message = DiagnosticArray()
    message.header.stamp = stamp
    message.status = [_bus(configuration, status, readings)]
    if readings is not None:
        for servo, axis in zip(configuration.wiring.servos, readings.axes, strict=True):
            message.status.append(_servo(servo.joint, servo.servo_id, axis, faults.get(servo.joint)))
    return message


def _bus(
    configuration: ServoConfiguration, status: link.Status, readings: link.Readings | None
) -> DiagnosticStatus:
    values: dict[str, object] = {"state": status.mode, "torque": status.torque, **status.bus}
    if readings is not None:
        values["cycle time [ms]"] = f"{1000.0 * readings.duration:.2f}"
    port = str(configuration.child["port"])
    return diagnostic("servo_interface: bus", _level(status), status.why, values, port)


def _servo(joint: str, servo_id: int, axis: link.AxisReading, fault: Any) -> DiagnosticStatus:
    values = {
        "age [s]": f"{axis.age:.3f}",
        "temperature [°C]": f"{axis.temperature:.0f}",
        "voltage [V]": f"{axis.voltage:.1f}",
        "torque": "unknown" if math.isnan(axis.torque) else "on" if axis.torque else "off",
        "hardware error": _error_names(axis),
    }
    level, message = DiagnosticStatus.OK, "ok"
    if fault is not None:
        level, message = DiagnosticStatus.ERROR, f"{fault['cause']}: {fault['detail']}"
        values |= {"done": fault["done"], "remedy": fault["remedy"], "since [s]": f"{fault['age']:.1f}"}
    elif math.isnan(axis.position):
        level, message = DiagnosticStatus.WARN, "no reading in the last cycle"
    return diagnostic(f"servo_interface: {joint}", level, message, values, f"id {servo_id}")


def _error_names(axis: link.AxisReading) -> str:
    bits = int(axis.hardware_error)
    return ", ".join(name for bit, name in HARDWARE_ERRORS.items() if bits & 1 << bit) or "none"
