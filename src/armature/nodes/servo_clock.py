"""ROS time to monotonic time, for set-points that carry a stamp."""

from __future__ import annotations

from collections.abc import Callable

from armature.errors import CommandRefused

_JUMP = 0.05  # [s], by ARCHITECTURE.md "Set-points look ahead"
# Both clocks must be read at one moment; on a busy machine the process may be put aside between the two.
_TOGETHER = 0.005  # [s]
_TRIES = 5


class StampClock:
    """Maps stamps, and notices when the ROS time jumps."""

    def __init__(self, ros_time: Callable[[], float], monotonic: Callable[[], float]) -> None:
        """Args: the two clocks [s]."""
        self._ros_time = ros_time
        self._monotonic = monotonic
        self._offset: float | None = None

    def to_monotonic(self, stamp: float) -> float:
        """Monotonic time of a ROS time [s].

        Raises:
            CommandRefused: the ROS time has jumped since the last stamp; the next one is mapped anew.
        """
        offset = self._measure()
        before, self._offset = self._offset, offset
        if before is not None and abs(offset - before) > _JUMP:
            raise CommandRefused("set-points", f"the clock jumped by {before - offset:.3f} s", "send a new goal")
        return stamp + offset

    def _measure(self) -> float:
        for _ in range(_TRIES):
            begun = self._monotonic()
            offset = begun - self._ros_time()
            if self._monotonic() - begun < _TOGETHER:
                break
        return offset
