"""Time that passes for nodes of one process only while nothing else is left to do."""

from __future__ import annotations

import time

from rclpy.clock import ClockType, ROSClock
from rclpy.parameter import Parameter
from rclpy.time import Time

SIMULATED = Parameter("use_sim_time", value=True)
STEP = 0.005  # [s]
# Within one process DDS delivers as it publishes; an answer to an answer to a message takes a round each.
_ROUNDS = 4


class VirtualTime:
    """Moves the clocks of nodes in steps, and lets their executor finish in between."""

    def __init__(self, executor, begin=10_000.0):
        """Args: who runs the nodes' callbacks, and the time to begin with [s]."""
        self.now = begin  # [s]
        self._executor = executor
        self._clocks = []

    def lead(self, node):
        """Let a node, which is under simulated time, live on this one."""
        self._lead(node.get_clock())

    def clock(self):
        """A clock that shows it, in place of the machine's steady one."""
        clock = ROSClock()
        clock._set_ros_time_is_active(True)
        return self._lead(clock)

    def _lead(self, clock):
        self._clocks.append(clock)
        self._set(clock)
        return clock

    def step(self):
        """Let one step pass, and everything happen that it leads to."""
        self.skip(STEP)
        for _ in range(_ROUNDS):
            self._finish()

    def skip(self, seconds):
        """Let time pass in which nobody does anything [s]."""
        self.now += seconds
        for clock in self._clocks:
            self._set(clock)

    def keep_pace(self):
        """Let one step pass, and take no less of the machine's time for it."""
        end = time.monotonic() + STEP
        self.step()
        while (left := end - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left)

    def _set(self, clock):
        clock.set_ros_time_override(Time(seconds=self.now, clock_type=ClockType.ROS_TIME))

    def _finish(self):
        task = self._executor.create_task(lambda: None)
        while not task.done():
            self._executor.spin_once(timeout_sec=1.0)
