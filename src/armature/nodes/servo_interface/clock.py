"""Conversion of ROS time to the time of the bus loop, for stamps of set-points."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Protocol

from armature.errors import CommandRefused

_JUMP = 0.05  # [s], by ARCHITECTURE.md "Set-points look ahead"
# Both clocks must be read at one moment; on a busy machine the process may be preempted between the two.
_TOGETHER = 0.0001  # [s]
_TRIES = 5
# After a delay, of which a busy machine or a slow simulation has many, ticks come in a crowd and some are lost.
_MOST_CREDIT = 0.5  # [s]


class StampClock(Protocol):
    """Maps stamps to the loop's time."""

    def to_loop(self, stamp: float) -> float:
        """The loop's time of a ROS time [s].

        Raises:
            CommandRefused: the ROS time has jumped, or is not known yet.
        """


class SystemClock:
    """The loop runs on monotonic time; ROS time is the system's, which may be set."""

    def __init__(self, ros_time: Callable[[], float], monotonic: Callable[[], float]) -> None:
        """Args: the two clocks [s]."""
        self._ros_time = ros_time
        self._monotonic = monotonic
        self._offset: float | None = None

    def to_loop(self, stamp: float) -> float:
        """Monotonic time of a ROS time [s].

        Raises:
            CommandRefused: the ROS time has jumped since the last stamp; the next one is mapped anew.
        """
        offset = _offset(self._ros_time, self._monotonic)
        before, self._offset = self._offset, offset
        if before is not None and abs(offset - before) > _JUMP:
            raise clock_jump_refusal(before - offset)
        return stamp + offset


class CycleStamps:
    """ROS time of bus cycles: none is earlier than the one before, unless the ROS time itself was set back."""

    def __init__(self, ros_time: Callable[[], float], monotonic: Callable[[], float]) -> None:
        """Args: the two clocks [s]."""
        self._ros_time = ros_time
        self._monotonic = monotonic
        self._last = -math.inf  # [s]

    def of(self, cycle: float) -> float:
        """ROS time of a cycle's monotonic time [s]."""
        stamp = cycle - _offset(self._ros_time, self._monotonic)
        is_jitter = self._last - _JUMP < stamp < self._last
        self._last = self._last if is_jitter else stamp
        return self._last


class SimulatedClock:
    """The loop runs on simulated time: it stands still, or runs slowly, as the simulation does.

    Where the simulated time jumps, the loop's goes on evenly, since a motion must not jump with it.
    """

    def __init__(self) -> None:
        self._tick: tuple[float, float] | None = None  # the last one: simulated, monotonic [s]
        self._offset: float | None = None  # the loop's time less the simulated one [s]
        self._credit = 0.0  # [s]
        self._loop_time = 0.0  # [s]
        self._lock = threading.Lock()  # between the executor and the bus connection's listener

    def attach(self, loop_time: float) -> None:
        """Continue from the time of a loop that runs already [s]."""
        with self._lock:
            self._loop_time = loop_time
            self._offset = None if self._tick is None else loop_time - self._tick[0]

    def tick(self, simulated: float, monotonic: float) -> tuple[float, float]:
        """Take a new simulated time.

        Args:
            simulated: [s].
            monotonic: when [s].

        Returns:
            The loop's time, and by how much the simulation's has jumped [s], 0 where it has not.
        """
        with self._lock:
            jump = self._jump(simulated, monotonic)
            self._tick = (simulated, monotonic)
            if self._offset is None or jump:
                self._offset = self._loop_time - simulated
            self._loop_time = simulated + self._offset
            return self._loop_time, jump

    def to_loop(self, stamp: float) -> float:
        """The loop's time of a simulated time [s].

        Raises:
            CommandRefused: no simulated time has come yet.
        """
        if self._offset is None:
            raise CommandRefused("set-points", "no time has come on /clock yet", "start the simulation")
        return stamp + self._offset

    def to_simulated(self, loop_time: float) -> float | None:
        """The simulated time of a time of the loop [s]; None before its first time."""
        return None if self._offset is None else loop_time - self._offset

    def _jump(self, simulated: float, monotonic: float) -> float:
        if self._tick is None:
            return 0.0
        passed, ahead = simulated - self._tick[0], simulated - self._tick[0] - (monotonic - self._tick[1])
        is_jump = passed < 0.0 or ahead > _JUMP + self._credit
        self._credit = min(_MOST_CREDIT, max(0.0, self._credit - ahead))
        return passed if is_jump else 0.0


def clock_jump_refusal(seconds: float) -> CommandRefused:
    """Why set-points are not followed after the ROS time has jumped [s]."""
    return CommandRefused("set-points", f"the clock jumped by {seconds:.3f} s", "send a new goal")


def _offset(ros_time: Callable[[], float], monotonic: Callable[[], float]) -> float:
    """Monotonic time less ROS time [s], from the two readings that lie closest together."""
    best = (math.inf, 0.0)  # how far apart; the offset [s]
    for _ in range(_TRIES):
        begun = monotonic()
        ros = ros_time()
        apart = monotonic() - begun
        best = min(best, (apart, begun + apart / 2.0 - ros))
        if apart < _TOGETHER:
            break
    return best[1]
