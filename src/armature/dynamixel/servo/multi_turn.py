"""A servo that counts whole turns, and forgets them when it starts anew."""

from __future__ import annotations

import math
from dataclasses import dataclass

from armature.core.model.arm import Limit
from armature.dynamixel.protocol.base import Answer
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.wiring.servo import ServoWiring

# What was last known is then wrong, and only a process that knows nothing believes the servo again.
_UNSEEN = " (or, if it was turned while nobody read it: all torque off, end the graph, start it again)"


@dataclass(eq=False)
class MultiTurnAxis(Axis):
    """Compares each position with the one before: nothing turns by half a turn between two readings.

    A servo that has started anew reads a position within one turn (e-Manual, "Present Position(132)"). While whole
    turns are missing its position is not known, and NaN.
    """

    place: int | None = None  # where it truly is, as far as its turns were followed [tick]

    def take(self, answer: Answer, now: float) -> None:
        """Take the block that the servo answered, and whether whole turns are missing in it."""
        super().take(answer, now)
        turn, ticks = self.wiring.model.resolution, self.ticks or 0
        self.lost_turns = 0 if self.place is None else round((ticks - self.place) / turn)
        self.place = ticks - self.lost_turns * turn
        if self.lost_turns:
            self.position = math.nan

    def what_was_lost(self) -> str:
        """How Present Position differs from where the joint is, in words; empty where it does not."""
        if not self.lost_turns:
            return ""
        wiring = self.wiring
        reads, place = wiring.to_position(self.ticks or 0), wiring.to_position(self.place or 0)
        count = abs(self.lost_turns)
        away = "a whole turn" if count == 1 else f"{count} whole turns"
        away += f" of the servo away from {place:.4f}, where it was last"
        return f"it reads {reads:.4f}, {away}: it has started anew and forgotten its turns, or was turned unseen"

    def what_a_start_loses(self, homing_offset: int) -> str:
        """Why it must not start anew where it is, in words; empty where it may.

        Args:
            homing_offset: of the servo [tick].
        """
        turn, wiring = self.wiring.model.resolution, self.wiring
        if self.place is None or 0 <= self.place - homing_offset < turn:
            return ""
        lower, upper = sorted(wiring.to_position(ticks) for ticks in (homing_offset, homing_offset + turn))
        return (
            f"it is at {wiring.to_position(self.place):.4f} and would forget its whole turns by starting anew; "
            f"with its torque off, bring it by hand to between {lower:.4f} and {upper:.4f}"
            + (_UNSEEN if self.lost_turns else "")
        )


def axis_of(wiring: ServoWiring, limit: Limit) -> Axis:
    """The axis of a servo; turns are followed where its joint needs more than the one that a start leaves."""
    ends = (wiring.to_ticks(end) if math.isfinite(end) else -1 for end in (limit.lower, limit.upper))
    fits = all(0 <= end < wiring.model.resolution for end in ends)
    return MultiTurnAxis(wiring) if wiring.mode.counts_turns and not fits else Axis(wiring)
