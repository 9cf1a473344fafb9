"""Whole turns of a servo, which it counts, and loses when it restarts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from armature.core.model.arm import Limit
from armature.core.recovery_commands import DOWN, TORQUE_OFF, UP
from armature.dynamixel.wiring.servo import ServoWiring

# What was last known is then wrong, and only a process that knows nothing believes the servo again.
_AGAIN = f"support the arm, run {TORQUE_OFF}, then {DOWN}, then {UP}"
_IF_TURNED_UNREAD = f" (or, if it was turned while nobody read it: {_AGAIN})"


@dataclass(eq=False)
class TurnCounter:
    """Compares each position with the one before: nothing turns by half a turn between two readings.

    A servo that has restarted reads a position within one turn (e-Manual, "Present Position(132)").
    """

    wiring: ServoWiring
    ticks: int = 0  # as read last
    place: int | None = None  # where it truly is, as far as its turns were followed [tick]
    lost: int = 0  # whole turns by which the position that it reports is wrong

    def update(self, ticks: int) -> None:
        """Take the position that the servo reports [tick], and find how many whole turns are missing in it."""
        turn = self.wiring.model.resolution
        self.ticks = ticks
        self.lost = 0 if self.place is None else round((ticks - self.place) / turn)
        self.place = ticks - self.lost * turn

    def describe_loss(self) -> str:
        """How Present Position differs from where the joint is, in words; empty where it does not."""
        if not self.lost:
            return ""
        wiring = self.wiring
        reads, place = wiring.to_position(self.ticks), wiring.to_position(self.place or 0)
        count = abs(self.lost)
        away = "a whole turn" if count == 1 else f"{count} whole turns"
        away += f" of the servo away from {place:.4f}, where it was last"
        why = "it has restarted and lost its turn count, or was turned while it was not read"
        return f"it reads {reads:.4f}, {away}: {why}"

    def why_not_restart(self, homing_offset: int) -> str:
        """Why it must not restart where it is, in words; empty where it may.

        Args:
            homing_offset: of the servo [tick].
        """
        turn, wiring = self.wiring.model.resolution, self.wiring
        if self.place is None or 0 <= self.place - homing_offset < turn:
            return ""
        lower, upper = sorted(wiring.to_position(ticks) for ticks in (homing_offset, homing_offset + turn))
        return (
            f"it is at {wiring.to_position(self.place):.4f} and would lose its whole turns by a restart; "
            f"with its torque off, bring it by hand to between {lower:.4f} and {upper:.4f}"
            + (_IF_TURNED_UNREAD if self.lost else "")
        )


def turn_counter(wiring: ServoWiring, limit: Limit) -> TurnCounter | None:
    """A counter for a servo whose joint needs more than the one turn that a start leaves; None for any other."""
    ends = (wiring.to_ticks(end) if math.isfinite(end) else -1 for end in (limit.lower, limit.upper))
    fits = all(0 <= end < wiring.model.resolution for end in ends)
    return TurnCounter(wiring) if wiring.mode.counts_turns and not fits else None
