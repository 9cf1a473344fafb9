"""The result of a calibration, as tables for a person and fields for a program."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from armature.cli.terminal import table
from armature.core.model.arm import ArmModel
from armature.dynamixel.commissioning.calibration import Calibration, Placement, Range, Ticks
from armature.dynamixel.commissioning.settings import Setting
from armature.dynamixel.wiring.arm import ServoWiring

_MOVED_ZERO = math.radians(1.0)  # of a servo: less is a hand's inaccuracy
_ROUNDING = 1e-4  # [rad] or [m], of the file


@dataclass(frozen=True)
class CalibrationResult:
    """What was measured, and what is to be written to the file and the servos."""

    placed: tuple[Placement, ...]
    ranges: Mapping[str, Range]  # by joint, of those that a person was asked to move
    kept: Mapping[str, Range]  # of the joints that were moved, as the file will have them
    limits: tuple[tuple[ServoWiring, Setting], ...]  # position limits in servos that exclude a part of the range
    poses: Mapping[str, Mapping[str, float]]  # of the arm, by name and joint [rad] or [m]
    text: str  # the new wiring file
    is_confirmed: bool = False  # whether directions and zeros of all joints were tested by hand


def pose_lines(arm: ArmModel, calibration: Calibration, reading: Ticks) -> list[str]:
    """The joints' positions now, and the zero offsets that they would get."""
    rows = [["joint", "target", "position", "servo angle", "zero offset", "new offset"]]
    for servo in calibration.servos:
        ticks = reading[servo.name]
        target = joint_position(arm, servo.joint, calibration.pose[servo.joint])
        if ticks is None:
            rows.append([servo.name, target, "not read", "", _degrees(servo.zero_offset), ""])
            continue
        position = joint_position(arm, servo.joint, servo.to_position(ticks))
        angles = ticks * servo.model.position_unit, servo.zero_offset, calibration.place(servo, ticks).offset
        rows.append([servo.name, target, position, *map(_degrees, angles)])
    return table(rows)


def range_lines(arm: ArmModel, ranges: Mapping[str, Range], servos: Mapping[str, Range]) -> list[str]:
    """The ranges through which the joints were moved, beside the limits of the URDF and of the servos."""
    rows = [["joint", "measured", "URDF", "servo"]]
    for joint, found in ranges.items():
        limit = arm.limit(joint)
        urdf, servo = Range(limit.lower, limit.upper), servos[joint]
        rows.append([joint, *(_span(arm, joint, item) for item in (found, urdf, servo))])
    return table(rows)


def result_lines(arm: ArmModel, result: CalibrationResult) -> list[str]:
    """What will be written, with warnings."""
    rows = [("joint", "zero offset", "will be", "change")]
    for item in result.placed:
        values = item.before.zero_offset, item.servo.zero_offset, item.servo.zero_offset - item.before.zero_offset
        was, becomes, change = map(_degrees, values)
        rows.append((item.servo.name, was, becomes, change))
    turned = [item.servo for item in result.placed if item.servo.direction != item.before.direction]
    flips = [f"{servo.name}: its direction will be {servo.direction}" for servo in turned]
    return [*table(rows), *flips, *_range_lines(arm, result), *_limit_lines(result), *_warnings(arm, result)]


def _range_lines(arm: ArmModel, result: CalibrationResult) -> Iterator[str]:
    for joint, kept in result.kept.items():
        yield f"{joint}: its range will be {_span(arm, joint, kept)}"


def _limit_lines(result: CalibrationResult) -> Iterator[str]:
    for servo, setting in result.limits:
        yield (
            f"{servo.name}: {setting.register} of its servo, {setting.now}, excludes a part of the URDF's range; "
            f"it will be {setting.wanted}"
        )


def _warnings(arm: ArmModel, result: CalibrationResult) -> Iterator[str]:
    for joint in result.kept:
        found = result.ranges[joint]
        limit = arm.limit(joint)
        ends = ("lower", found.least, limit.lower), ("upper", found.greatest, limit.upper)
        for (end, reached, bound), lacks in zip(ends, found.ends_short_of(limit), strict=True):
            if lacks:
                message = f"it went to {joint_position(arm, joint, reached)}, the URDF's {end} limit is"
                remedy = "positions beyond will be refused; see what was in its way, or narrow the URDF's limits"
                yield f"warning: {joint}: {message} {joint_position(arm, joint, bound)}; {remedy}"
    if still := [joint for joint in result.ranges if joint not in result.kept]:
        yield f"not moved: {', '.join(still)}"
    yield from _outlived_ranges(arm, result)
    yield from _lost_poses(arm, result)


def _outlived_ranges(arm: ArmModel, result: CalibrationResult) -> Iterator[str]:
    """Ranges that the file keeps although their zero has moved."""
    for item in result.placed:
        kept, turned = item.servo.range, abs(item.servo.zero_offset - item.before.zero_offset)
        if kept is not None and item.servo.joint not in result.kept and turned > _MOVED_ZERO:
            joint = item.servo.joint
            message = f"its range, {_span(arm, joint, Range(*kept))}, was measured with another zero offset"
            yield f"warning: {joint}: {message}; calibrate again and move it from stop to stop"


def _lost_poses(arm: ArmModel, result: CalibrationResult) -> Iterator[str]:
    """Named poses that the arm can no longer reach."""
    for joint, kept in result.kept.items():
        for name, pose in result.poses.items():
            if joint in pose and not kept.least - _ROUNDING <= pose[joint] <= kept.greatest + _ROUNDING:
                message = f"the pose {name} has it at {joint_position(arm, joint, pose[joint])}, beyond its range"
                remedy = "no move goes there, no start parks there: change the pose, or measure the range again"
                yield f"warning: {joint}: {message}; {remedy}"


def fields(file: Path, backup: Path, result: CalibrationResult) -> dict[str, Any]:
    """The same for a program, angles in [rad]."""
    joints = [
        {"joint": item.servo.name, "ticks": item.ticks, "was": item.before.zero_offset, "zero_offset": item.offset}
        | {"direction": item.servo.direction}
        for item in result.placed
    ]
    limits = [
        {"joint": servo.name, "register": setting.register, "was": setting.now, "written": setting.wanted}
        for servo, setting in result.limits
    ]
    ranges = {joint: [kept.least, kept.greatest] for joint, kept in result.kept.items()}
    return {"file": str(file), "backup": str(backup), "joints": joints, "limits": limits, "ranges": ranges} | {
        "confirmed": result.is_confirmed
    }


def _degrees(angle: float) -> str:
    return f"{_tenths(math.degrees(angle))} deg"


def joint_position(arm: ArmModel, joint: str, position: float) -> str:
    """A joint position with its unit, for people."""
    is_sliding = arm.joint(joint).kind == "prismatic"
    return f"{_tenths(1000.0 * position)} mm" if is_sliding else _degrees(position)


def _span(arm: ArmModel, joint: str, span: Range) -> str:
    """A range with its unit; empty if it has no end."""
    if not math.isfinite(span.greatest - span.least):
        return ""
    return f"{joint_position(arm, joint, span.least).split()[0]} to {joint_position(arm, joint, span.greatest)}"


def _tenths(number: float) -> str:
    return f"{round(number, 1) + 0.0:.1f}"  # without a negative zero
