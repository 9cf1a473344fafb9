"""The test of directions by hand: a person pushes each joint and says whether its number grows as it should."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from armature.cli.servos.calibration.live_view import Step
from armature.cli.servos.calibration.positive_direction import describe_positive
from armature.cli.servos.calibration.side_view import side_view
from armature.cli.servos.calibration.table import joint_position
from armature.cli.servos.calibration.watch import Watch
from armature.cli.terminal import PERIOD, QUIT, LiveTable, read_key, say, single_keys, table
from armature.dynamixel.commissioning.calibration import Placement, Range, Ticks, least_motion, require_reach
from armature.errors import CommandRefused

_YES, _FLIP = "y", "f"


def confirm_directions(watch: Watch, placed: tuple[Placement, ...]) -> tuple[Placement, ...] | None:
    """Have a person push each joint, and agree to its sign or turn it round.

    Returns:
        The placements, some of them with another direction; None where the person ends it.

    Raises:
        CommandRefused: torque has come on.
    """
    items = list(placed)
    watch.placed = items
    arm, pose = watch.wired.arm, watch.calibration.pose
    positive = {item.servo.joint: describe_positive(arm, item.servo.joint, pose) for item in items}
    with single_keys():
        say("Push each joint in turn. y: its number grows as told; f: it falls, so turn its direction; q ends.")
        for index in range(len(items)):
            if not _test_one(watch, _Test(items, index, positive)):
                return None
    return tuple(items)


@dataclass(frozen=True)
class _Test:
    """One joint of all that are pushed in turn."""

    items: list[Placement]
    index: int
    positive: Mapping[str, str]  # what happens where a joint's position grows, in words

    @property
    def item(self) -> Placement:
        """As it is placed now."""
        return self.items[self.index]

    @property
    def task(self) -> str:
        """What the page says, which has an arrow there."""
        name, positive = self.item.servo.name, self.positive[self.item.servo.joint]
        return (
            f"Push {name} along the arrow, where {positive}. Does its number grow? (y, or f to turn its direction)"
        )

    @property
    def question(self) -> str:
        """What the person is asked."""
        return f"push it. Does its number grow where {self.positive[self.item.servo.joint]}?"


def _test_one(watch: Watch, test: _Test) -> bool:
    """Until the person agrees to one joint's sign; False where they end it."""
    live, moved = LiveTable(sys.stderr), Range()
    limit = watch.wired.arm.limit(test.item.servo.joint)
    while True:
        item = test.item
        watch.step = Step(test.task, asked=item.servo)
        reading = watch.read()
        ticks = reading[item.servo.name]
        if ticks is not None:
            moved = moved.including(item.position(ticks))
        live.show(_lines(watch, test, reading))
        pressed = read_key(PERIOD)
        if pressed == QUIT:
            return False
        if pressed == _FLIP:
            live, moved = LiveTable(sys.stderr), Range()
            test.items[test.index] = _flipped(watch, item)
        if pressed == _YES:
            if moved.is_moved(limit):
                return True
            needed = joint_position(watch.wired.arm, item.servo.joint, least_motion(limit))
            say(f"{item.servo.name} has not moved yet: push it back and forth by {needed}, and watch its number")
            live = LiveTable(sys.stderr)


def _flipped(watch: Watch, item: Placement) -> Placement:
    """The same joint with the other direction, unless its servo could not reach its limits so."""
    other = watch.calibration.flip(item)
    try:
        require_reach(other.servo, watch.wired.arm.limit(item.servo.joint))
    except CommandRefused as error:
        say(f"error: {error}")
        return item
    say(f"{item.servo.name}: direction will be {other.servo.direction}; push it once more")
    return other


def _lines(watch: Watch, test: _Test, reading: Ticks) -> list[str]:
    arm, rows = watch.wired.arm, [["", "joint", "position", "direction", "positive is"]]
    for number, item in enumerate(test.items):
        ticks, joint = reading[item.servo.name], item.servo.joint
        position = "not read" if ticks is None else joint_position(arm, joint, item.position(ticks))
        mark = ">" if number == test.index else "ok" if number < test.index else ""
        rows.append([mark, item.servo.name, position, f"{item.servo.direction:+d}", test.positive[joint]])
    present = {**watch.calibration.pose, **watch.positions(reading)}
    return [*table(rows), *side_view(arm, present, "now"), f"{test.item.servo.name}: {test.question} (y, f, q)"]
