"""The range of motion by hand: a person moves each joint from stop to stop."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from armature.cli.servos.calibration.live_view import Step
from armature.cli.servos.calibration.table import range_lines
from armature.cli.servos.calibration.watch import Watch
from armature.cli.terminal import ENTER, PERIOD, QUIT, LiveTable, read_key, say, single_keys
from armature.dynamixel.commissioning.calibration import Placement, Range, Ticks, read_goal_range
from armature.dynamixel.servo.registers import Registers

_TASK = "Move each joint by hand from stop to stop, then press Enter"


def measure_ranges(watch: Watch, registers: Registers) -> dict[str, Range] | None:
    """Ranges of the joints while the person moves them from stop to stop; None where they end it.

    Raises:
        CommandRefused: torque has come on.
    """
    firsts = [item for item in watch.placed if not item.servo.is_second]
    servos = {item.servo.joint: read_goal_range(registers, item.servo) for item in firsts}
    live, ranges = LiveTable(sys.stderr), dict[str, Range]()
    watch.step = Step(f"{_TASK}.")
    with single_keys():
        say(f"{_TASK}; q ends without saving.")
        while (pressed := read_key(PERIOD)) not in ENTER:
            if pressed == QUIT:
                return None
            _extend(ranges, firsts, watch.read())
            live.show(range_lines(watch.wired.arm, ranges, servos))
    return ranges


def _extend(ranges: dict[str, Range], placed: Sequence[Placement], reading: Ticks) -> None:
    for item in placed:
        ticks = reading[item.servo.name]
        if ticks is not None:
            found = ranges.get(item.servo.joint, Range())
            ranges[item.servo.joint] = found.including(item.position(ticks))
