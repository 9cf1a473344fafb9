"""The test of directions by hand: a person pushes each joint and says whether its number grows as it should."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from armature.cli.servos.calibration.positive_direction import describe_positive
from armature.cli.servos.calibration.side_view import side_view
from armature.cli.servos.calibration.table import joint_position
from armature.cli.servos.wiring import WiredArm
from armature.cli.terminal import QUIT, LiveTable, read_key, say, single_keys, table
from armature.dynamixel.commissioning.calibration import Calibration, Placement, Range, Ticks, require_reach
from armature.errors import CommandRefused

_PERIOD = 0.1  # of the live table [s]
_YES, _FLIP = "y", "f"


def confirm_directions(
    wired: WiredArm, calibration: Calibration, placed: tuple[Placement, ...]
) -> tuple[Placement, ...] | None:
    """Have a person push each joint, and agree to its sign or turn it round.

    Returns:
        The placements, some of them with another direction; None where the person ends it.

    Raises:
        CommandRefused: torque has come on.
    """
    items = list(placed)
    with single_keys():
        say("Push each joint in turn. y: its number grows as told; f: it falls, so turn its direction; q ends.")
        for index in range(len(items)):
            if not _test_one(wired, calibration, items, index):
                return None
    return tuple(items)


def _test_one(wired: WiredArm, calibration: Calibration, items: list[Placement], index: int) -> bool:
    """Until the person agrees to one joint's sign; False where they end it."""
    live, moved = LiveTable(sys.stderr), Range()
    while True:
        reading = calibration.read()
        item = items[index]
        ticks = reading[item.servo.name]
        if ticks is not None:
            moved = moved.including(item.position(ticks))
        live.show(_lines(wired, calibration.pose, items, index, reading))
        pressed = read_key(_PERIOD)
        if pressed == QUIT:
            return False
        if pressed == _FLIP:
            live, moved = LiveTable(sys.stderr), Range()
            items[index] = _flipped(wired, calibration, item)
        if pressed == _YES:
            if moved.is_moved(wired.arm.limit(item.servo.joint)):
                return True
            say(f"{item.servo.name} has not moved yet: push it back and forth, and watch its number")
            live = LiveTable(sys.stderr)


def _flipped(wired: WiredArm, calibration: Calibration, item: Placement) -> Placement:
    """The same joint with the other direction, unless its servo could not reach its limits so."""
    other = calibration.flip(item)
    try:
        require_reach(other.servo, wired.arm.limit(item.servo.joint))
    except CommandRefused as error:
        say(f"error: {error}")
        return item
    say(f"{item.servo.name}: direction will be {other.servo.direction}; push it once more")
    return other


def _lines(
    wired: WiredArm, pose: Mapping[str, float], items: list[Placement], index: int, reading: Ticks
) -> list[str]:
    rows = [["", "joint", "position", "direction", "positive is"]]
    present = dict(pose)
    for number, item in enumerate(items):
        ticks, joint = reading[item.servo.name], item.servo.joint
        position = "not read" if ticks is None else joint_position(wired.arm, joint, item.position(ticks))
        if ticks is not None and not item.servo.is_second:
            present[joint] = item.position(ticks)
        mark = ">" if number == index else "ok" if number < index else ""
        sign = f"{item.servo.direction:+d}"
        rows.append([mark, item.servo.name, position, sign, describe_positive(wired.arm, joint, pose)])
    ask = f"{items[index].servo.name}: push it. Does its number grow where {rows[index + 1][4]}? (y, f, q)"
    return [*table(rows), *side_view(wired.arm, present, "now"), ask]
