"""The time that the bus loop lives on."""

from __future__ import annotations

from armature.dynamixel import link


class LoopClock:
    """Monotonic time, or that of a simulation as the ROS half tells it.

    A simulated servo lives on its simulation's time, so a motion must too, and every wait for a servo.
    """

    def __init__(self, told: link.Mailbox, *, is_simulated: bool) -> None:
        """Args: where the ROS half tells the time, and whether it counts."""
        self._told = told
        self._is_simulated = is_simulated
        self._serial = 0  # of what was told last
        self._time = 0.0  # [s]
        self._at = 0.0  # monotonic [s]

    def at(self, monotonic: float, *, is_led: bool) -> float:
        """The loop's time; it never goes back [s].

        Args:
            monotonic: the present, or when the present cycle was due [s].
            is_led: whether there is a ROS half. Without one, what is under way still comes to its end.
        """
        if not self._is_simulated:
            return monotonic
        found = self._told.read(self._serial)
        if found is not None:
            self._serial, data = found
            self._time = max(self._time, link.unpack_clock(data))
        elif self._serial and not is_led:
            self._time += max(0.0, monotonic - self._at)
        self._at = monotonic
        return self._time
