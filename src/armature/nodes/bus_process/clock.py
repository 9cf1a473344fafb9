"""The clock of the bus loop."""

from __future__ import annotations

from armature.dynamixel.loop import link

# On a busy machine the simulated time arrives late. A jump of the loop's time would be a jump of the arm; so it
# catches up, at most so many times as fast as real time, unless it is this far behind.
_FASTEST, _LEAP = 5.0, 0.5  # -, [s]


class LoopClock:
    """Monotonic time, or simulated time as the ROS half sends it.

    A simulated servo follows its simulation's time, so a motion must too, and every wait for a servo.
    """

    def __init__(self, mailbox: link.Mailbox, *, is_simulated: bool) -> None:
        """Args: where the ROS half writes the simulated time, and whether it counts."""
        self._mailbox = mailbox
        self._is_simulated = is_simulated
        self._serial = 0  # of the last time that was read
        self._newest = 0.0  # simulated [s]
        self._time = 0.0  # [s]; follows it
        self._at = 0.0  # monotonic [s]

    def at(self, monotonic: float, *, has_client: bool) -> float:
        """The loop's time; it never goes back [s].

        Args:
            monotonic: the present, or when the present cycle was due [s].
            has_client: whether there is a ROS half. Without one, real time passes, so that motions end.
        """
        if not self._is_simulated:
            return monotonic
        elapsed = max(0.0, monotonic - self._at)
        self._at = max(self._at, monotonic)  # when a cycle was due lies behind the present
        found = self._mailbox.read(self._serial)
        if found is not None:
            self._serial, data = found
            self._newest = max(self._newest, link.unpack_clock(data))
        elif self._serial and not has_client:
            self._newest += elapsed
        is_near = self._newest - self._time < _LEAP
        self._time = min(self._newest, self._time + _FASTEST * elapsed) if is_near else self._newest
        return self._time
