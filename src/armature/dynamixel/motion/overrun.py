"""A guard against pauses of the loop: after one the set-point must not jump to where time has gone on."""

from __future__ import annotations

from collections.abc import Mapping

from armature.core.model.arm import Limit
from armature.dynamixel.motion.setpoints import Setpoint

# A late cycle or two is caught up with; a lurch is not: 5 degrees of a joint that turns by half a turn.
_LONGEST_PAUSE = 0.1  # [s]
_LARGEST_STEP = 0.03  # of the joint's span


class OverrunGuard:
    """What was written last, and when."""

    def __init__(self, limits: Mapping[str, Limit]) -> None:
        """Args: limits by joint, for their span."""
        self._steps = {joint: _LARGEST_STEP * limit.span for joint, limit in limits.items()}
        self._positions: dict[str, float] = {}
        self._at = 0.0

    def reset(self) -> None:
        """Start over with the next write, from goals that the servos have already."""
        self._positions = {}

    def find_pause(self, targets: Mapping[str, Setpoint], now: float) -> float:
        """How long the loop was held up, if the set-points have moved far meanwhile; else 0 [s]."""
        paused = now - self._at
        if paused <= _LONGEST_PAUSE:
            return 0.0
        far = any(abs(targets[joint].position - p) > self._steps[joint] for joint, p in self._positions.items())
        return paused if far else 0.0

    @property
    def positions(self) -> dict[str, float]:
        """Where every joint was sent last [rad] or [m]."""
        return dict(self._positions)

    def note(self, targets: Mapping[str, Setpoint], now: float) -> None:
        """Note that these set-points have been written."""
        self._positions = {joint: target.position for joint, target in targets.items()}
        self._at = now


def describe_pause(paused: float) -> str:
    """A pause of the bus cycle in words [s]."""
    return f"the bus cycle was delayed by {paused:.2f} s; this computer is too busy"
