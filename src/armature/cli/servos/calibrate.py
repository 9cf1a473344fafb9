"""The command that measures zero offsets and ranges of motion for the wiring file; torque stays off."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from armature.cli.arguments import add_http, add_json, add_port, add_robot, same_arm
from armature.cli.servos.calibration.directions import confirm_directions
from armature.cli.servos.calibration.live_view import NO_VIEW, Step, live_view, view_address
from armature.cli.servos.calibration.ranges import measure_ranges
from armature.cli.servos.calibration.restore import restore
from armature.cli.servos.calibration.side_view import side_view
from armature.cli.servos.calibration.table import CalibrationResult, fields, pose_lines, result_lines
from armature.cli.servos.calibration.watch import Watch
from armature.cli.servos.port import chosen_ports
from armature.cli.servos.wiring import WiredArm, announce, require_own, save, wired_arm
from armature.cli.terminal import ENTER, PERIOD, QUIT, LiveTable, read_key, require_person, say, single_keys
from armature.core.model.poses import completed
from armature.dynamixel.commissioning.calibration import (
    Calibration,
    Placement,
    Range,
    Ticks,
    require_reach,
)
from armature.dynamixel.commissioning.settings import narrow_limits
from armature.dynamixel.protocol.multi_bus import bus_of
from armature.dynamixel.protocol.port import LATENCY
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.presence import check_presence
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.wiring.arm import ServoWiring
from armature.dynamixel.wiring.confirmed import NOT_CONFIRMED, how_to_confirm
from armature.dynamixel.wiring.edit import (
    entry_of,
    with_confirmation,
    with_directions,
    with_ranges,
    with_zero_offsets,
)
from armature.errors import CommandRefused, ConfigError, listed, named
from armature.nodes.common.robot_files import read_given_poses

_READINGS = 10  # for one offset
_SPACING = 0.05  # between them [s]
_ZERO = "zero"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which joints, in which pose, and whether to ask."""
    parser.add_argument("joints", metavar="JOINT", nargs="*", help="default: all")
    pose_help = "all joints at 0 (default), or a named pose"
    parser.add_argument("--pose", metavar="NAME", default=_ZERO, help=pose_help)
    parser.add_argument("--yes", action="store_true", help="measure the arm as it stands, without asking")
    parser.add_argument("--restore", action="store_true", help="put the last backup of the wiring file back")
    add_robot(parser)
    add_port(parser)
    add_http(parser, f"of the page with the live 3D view, or {NO_VIEW}; ")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Measure zero offsets while the arm stands in a known pose, and save them."""
    if options.restore:
        return restore(options)
    http, wired = view_address(options), wired_arm(options)
    require_own(wired)
    servos = _chosen_servos(wired, options.joints)
    pose = _find_pose(options.pose, wired, servos)
    # A file that could not be written is refused before a person places the arm.
    _edit(wired, servos, {} if options.yes else _full_ranges(wired, servos))
    if not options.yes:
        require_person("calibration", "add --yes to measure the arm as it stands")
    ports = chosen_ports(options.port, wired.wiring.buses)
    announce(options, wired.robot, ports, wired.wiring.buses)
    bus = bus_of(wired.wiring, ports, LATENCY)
    bus.open()
    try:
        check_presence(bus, servos)
        registers = Registers(bus)
        calibration = Calibration(registers, servos, pose)
        if options.yes:
            placed = _read_placement(wired, calibration, calibration.read)
            result = _make_result(wired, registers, placed, {})
        else:
            with live_view(wired, http) as show:
                result = _ask_person(options, Watch(wired, bus, calibration, show), registers)
        _save_result(options, wired, registers, result)
    except KeyboardInterrupt:
        remedy = "nothing was written, unless a line above says that it was saved"
        raise CommandRefused("calibration", "interrupted", remedy) from None
    finally:
        bus.close()
    return 0


def _chosen_servos(wired: WiredArm, joints: list[str]) -> tuple[ServoWiring, ...]:
    """The servos of the named joints, or all; of a joint with two servos both."""
    chosen = [wired.servo(joint).joint for joint in joints] or wired.wiring.joints
    return tuple(servo for servo in wired.wiring.all_servos if servo.joint in chosen)


def _find_pose(name: str, wired: WiredArm, servos: tuple[ServoWiring, ...]) -> Mapping[str, float]:
    """The named pose; "zero" is all joints at 0, a gripper as near as it goes, unless the file has a pose zero."""
    poses = _read_poses(wired)
    if name in poses:
        return completed(poses[name], wired.arm)
    if name != _ZERO:
        raise ConfigError("--pose", name, listed("poses", (_ZERO, *poses)))
    arm = wired.arm
    for joint in {servo.joint for servo in servos}.difference(arm.gripper):
        limit = arm.limit(joint)
        if not limit.lower <= 0.0 <= limit.upper:
            bounds = f"{named(joint)} would be at 0, its limits are {limit.lower:g} to {limit.upper:g}"
            remedy = "choose a pose of the file with --pose, or name the joints to be calibrated"
            raise ConfigError("--pose", name, f"{bounds}; {remedy}")
    return completed({joint.name: 0.0 for joint in arm.arm_joints}, arm)


def _read_poses(wired: WiredArm) -> dict[str, dict[str, float]]:
    return read_given_poses(str(wired.robot.poses), wired.arm)


def _ask_person(options: argparse.Namespace, watch: Watch, registers: Registers) -> CalibrationResult:
    """Have the person place the arm, move it through its range, and confirm.

    Raises:
        CommandRefused: the person quits or declines; nothing was written.
    """
    wired = watch.wired
    try:
        placed = _await_placement(options.pose, watch)
        tested = _test_directions(watch, placed)
        watch.placed = tested or placed
        ranges = _ask_for_ranges(watch, registers)
        result = _make_result(wired, registers, tested or placed, ranges, is_tested=tested is not None)
        say("\n".join(result_lines(wired.arm, result)))
        registers_too = ", and to the servos," if result.limits else ""
        if watch.confirm(f"Write this to {wired.file}{registers_too} now?"):
            return result
    except KeyboardInterrupt:
        say()
    raise _early_end()


def _test_directions(watch: Watch, placed: tuple[Placement, ...]) -> tuple[Placement, ...] | None:
    """Test the directions, unless the person would rather not: then nothing is confirmed."""
    watch.placed = placed
    reply = watch.ask("Test the directions by hand? Until then every motion is a tenth as fast. [Y/n]")
    if reply == QUIT:
        raise _early_end()
    if reply not in ("", "y", "yes"):
        return None
    tested = confirm_directions(watch, placed)
    if tested is None:
        raise _early_end()
    return tested


def _ask_for_ranges(watch: Watch, registers: Registers) -> dict[str, Range]:
    """Measure the joints' ranges, if that is wanted."""
    reply = watch.ask("Measure the range of motion too? [y/N]")
    if reply not in (QUIT, "y", "yes"):
        return {}
    ranges = None if reply == QUIT else measure_ranges(watch, registers)
    if ranges is None:
        raise _early_end()
    return ranges


def _early_end() -> CommandRefused:
    return CommandRefused(
        "calibration", "ended before it was saved", "nothing was written; start again when ready"
    )


def _await_placement(pose: str, watch: Watch) -> tuple[Placement, ...]:
    """Show the joints until the person confirms that they stand in the pose."""
    arm, calibration, live = watch.wired.arm, watch.calibration, LiveTable(sys.stderr)
    task = f"Place the arm by hand in the pose {pose}, hold it, and press Enter"
    watch.step = Step(f"{task}.", wanted=calibration.pose)
    with single_keys():
        say("\n".join(side_view(arm, calibration.pose, f"the pose {pose}")))
        say(f"{task}; q ends.")
        while (pressed := read_key(PERIOD)) != QUIT:
            live.show(pose_lines(arm, calibration, watch.read()))
            if pressed in ENTER:
                try:
                    return _read_placement(watch.wired, calibration, watch.read)
                except CommandRefused as error:
                    say(f"error: {error}")
                    live = LiveTable(sys.stderr)
    raise _early_end()


def _read_placement(wired: WiredArm, calibration: Calibration, read: Callable[[], Ticks]) -> tuple[Placement, ...]:
    """Read the zero offsets of the arm as it stands.

    Raises:
        CommandRefused: a joint was not read, moved, or could not reach its limits.
    """
    readings: list[Ticks] = []
    for _ in range(_READINGS):
        time.sleep(_SPACING)
        readings.append(read())
    placed = calibration.compute(readings)
    for item in placed:
        require_reach(item.servo, wired.arm.limit(item.servo.joint))
    return placed


def _make_result(
    wired: WiredArm,
    registers: Registers,
    placed: tuple[Placement, ...],
    ranges: Mapping[str, Range],
    *,
    is_tested: bool = False,
) -> CalibrationResult:
    """Collect what would be written, and check the new wiring file as the graph would read it."""
    kept = {
        joint: found.snapped_to(limit)
        for joint, found in ranges.items()
        if found.is_moved(limit := wired.arm.limit(joint)) and math.isfinite(limit.upper - limit.lower)
    }
    text = _edit(wired, tuple(item.servo for item in placed), kept)
    wiring = wired.parse(text)
    # Of joints that were left out holds what was confirmed before.
    is_all = len(placed) == len(wiring.all_servos) or wired.wiring.is_confirmed
    if is_confirmed := is_tested and is_all:
        text = with_confirmation(text, wiring.digest, wired.file.name)
        wired.parse(text)
    limits = tuple(
        (item.servo, setting)
        for item in placed
        for setting in narrow_limits(registers, item.servo, wired.arm.limit(item.servo.joint))
        if setting.differs
    )
    return CalibrationResult(placed, ranges, kept, limits, _read_poses(wired), text, is_confirmed)


def _edit(wired: WiredArm, servos: tuple[ServoWiring, ...], ranges: Mapping[str, Range]) -> str:
    """The wiring file with the zero offsets of these servos and the ranges of these joints."""
    offsets = {entry_of(servo): servo.zero_offset for servo in servos}
    text = with_zero_offsets(wired.content.decode("utf-8"), offsets, wired.file.name)
    before = {servo.name: servo.direction for servo in wired.wiring.all_servos}
    turned = {entry_of(one): one.direction for one in servos if one.direction != before[one.name]}
    text = with_directions(text, turned, wired.file.name)
    ends = {joint: (found.least, found.greatest) for joint, found in ranges.items()}
    sliding = [joint.name for joint in wired.arm.driven if joint.kind == "prismatic"]
    return with_ranges(text, ends, sliding, wired.file.name)


def _full_ranges(wired: WiredArm, servos: tuple[ServoWiring, ...]) -> dict[str, Range]:
    limits = {servo.joint: wired.arm.limit(servo.joint) for servo in servos}
    return {joint: Range(limit.lower, limit.upper) for joint, limit in limits.items()}


def _save_result(
    options: argparse.Namespace, wired: WiredArm, registers: Registers, result: CalibrationResult
) -> None:
    """Save the file, then write the servos' position limits to match it."""
    backup = save(wired, result.text, datetime.now())
    say(f"saved {wired.file}; backup: {backup.name}")
    for servo, setting in result.limits:
        registers.write_verified(Axis(servo), setting.role, setting.wanted)
        say(f"wrote {setting.register} := {setting.wanted} of {servo.name}")
    if result.is_confirmed:
        say("directions and zeros are confirmed: the next start has whole limits")
    else:
        say(f"{NOT_CONFIRMED}; {how_to_confirm(same_arm(options))}")
    if options.json:
        print(json.dumps(fields(wired.file, backup, result), ensure_ascii=False))
    elif options.yes:
        print("\n".join(result_lines(wired.arm, result)))
