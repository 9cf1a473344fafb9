"""The time that the bus loop lives on."""

from __future__ import annotations

from armature.dynamixel.loop import link

# On a busy machine the time is told late. A leap of the loop's time would be one of the arm; so it catches up, at
# most so many times as fast as the computer's time passes, unless it is this far behind.
_FASTEST, _LEAP = 5.0, 0.5  # -, [s]


class LoopClock:
    """Monotonic time, or that of a simulation as the ROS half tells it.

    A simulated servo lives on its simulation's time, so a motion must too, and every wait for a servo.
    """

    def __init__(self, mailbox: link.Mailbox, *, is_simulated: bool) -> None:
        """Args: where the ROS half tells the time, and whether it counts."""
        self._mailbox = mailbox
        self._is_simulated = is_simulated
        self._serial = 0  # of what was told last
        self._newest = 0.0  # told [s]
        self._time = 0.0  # [s]; follows it
        self._at = 0.0  # monotonic [s]

    def at(self, monotonic: float, *, has_client: bool) -> float:
        """The loop's time; it never goes back [s].

        Args:
            monotonic: the present, or when the present cycle was due [s].
            has_client: whether there is a ROS half. Without one, what is under way still comes to its end.
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
