"""Messages of the servo interface, from what the bus child tells."""

from __future__ import annotations

import math
from collections.abc import Sequence

from builtin_interfaces.msg import Time
from control_msgs.msg import DynamicJointState, InterfaceValue
from sensor_msgs.msg import JointState

from armature.dynamixel.loop import link
from armature.nodes.common.conversions import set_session


def joint_state(stamp: Time, joints: Sequence[str], readings: link.CycleReadings) -> JointState:
    """Only joints that were read in this cycle; effort is NaN where no factor to N·m is calibrated."""
    read = [(j, a) for j, a in zip(joints, readings.joints, strict=True) if math.isfinite(a.position)]
    message = JointState()
    message.header.stamp = stamp
    message.name = [joint for joint, _ in read]
    message.position = [axis.position for _, axis in read]
    message.velocity = [axis.velocity for _, axis in read]
    message.effort = [axis.effort for _, axis in read]
    return message


def commanded(stamp: Time, joints: Sequence[str], readings: link.CycleReadings, session: str) -> JointState:
    """What is being commanded now, and in which session (as the frame id, like that of set-points)."""
    known = [(j, a) for j, a in zip(joints, readings.joints, strict=True) if math.isfinite(a.commanded_position)]
    message = JointState()
    message.header.stamp = stamp
    set_session(message, session)
    message.name = [joint for joint, _ in known]
    message.position = [axis.commanded_position for _, axis in known]
    message.velocity = [axis.commanded_velocity for _, axis in known]
    return message


def dynamic_state(stamp: Time, joints: Sequence[str], readings: link.CycleReadings) -> DynamicJointState:
    """All that is known of each servo; what was not read is left out, its age says since when."""
    message = DynamicJointState()
    message.header.stamp = stamp
    message.joint_names = list(joints)
    message.interface_values = [_interfaces(axis) for axis in readings.joints]
    return message


def _interfaces(axis: link.JointReading) -> InterfaceValue:
    values = {
        "position": axis.position,
        "velocity": axis.velocity,
        "effort": axis.effort,
        "current": axis.current,
        "load": axis.load,
        "temperature": axis.temperature,
        "voltage": axis.voltage,
        "age": axis.age,
        "slow_age": axis.slow_age,
        "torque_enabled": _number(axis.torque),
        "hardware_error": _number(axis.hardware_error),
    }
    known = {name: value for name, value in values.items() if math.isfinite(value)}
    return InterfaceValue(interface_names=list(known), values=list(known.values()))


def _number(value: int | None) -> float:
    """As the message has it, which knows numbers alone."""
    return math.nan if value is None else float(value)
