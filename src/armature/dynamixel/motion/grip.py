"""How much effort the fingers of a gripper may give: what a command asks, at most the wiring's current limit.

A servo in current-based position control gives no more than its Goal Current (e-Manual, "Goal Current(102)").
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from armature.core.trajectory.segments import LoopTime, Segment
from armature.dynamixel.motion.feedforward import Stiffness
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.servo import ServoWiring

# Of the stall torque, with which fingers hold what stops them: far from a servo's overload protection (80 % for
# 1.5 s in the emulator), and at a tenth of the heat.
HOLDING_SHARE = 0.3


def max_lead(servo: ServoWiring, share: float, p_gain: int = 0) -> float:
    """How far ahead of a finger its goal may stay for good [m].

    Args:
        servo: that moves the finger.
        share: of its stall torque, which it may give all the time.
        p_gain: its position P gain; 0 for the factory's.

    Returns:
        The lead; endless where the servo limits its current by itself.
    """
    gain = p_gain or servo.model.default(Role.POSITION_P_GAIN)
    if servo.mode is OperatingMode.CURRENT_BASED_POSITION or not gain:
        return math.inf
    force = share * servo.model.stall_torque * servo.reduction * servo.motors
    return force / Stiffness.of(servo, gain).torque


class Grip:
    """The effort limits of an arm's fingers, which are written when a command asks for others, not in a cycle."""

    def __init__(self, fingers: Iterable[Axis], servos: Servos) -> None:
        """Args: each finger's first servo, and all servos of the arm."""
        self._fingers = {axis.wiring.joint: axis for axis in fingers}
        self._registers = servos.registers
        self._preparation = servos.preparation

    def currents_for(self, segment: Segment[LoopTime]) -> dict[str, int]:
        """What a set-point segment asks of the fingers that it moves: their Goal Current, by joint.

        Raises:
            GoalRefused: a limit that the joint's servo cannot keep to.
        """
        asked = {}
        for joint in segment.trajectory.joints:
            if joint in self._fingers:
                wiring = self._fingers[joint].wiring
                effort = segment.effort_limits.get(joint, 0.0)
                asked[joint] = wiring.goal_current(effort) if effort else wiring.ram.get(Role.GOAL_CURRENT, 0)
        return asked

    def limit_currents(self, currents: Mapping[str, int]) -> None:
        """Let fingers use no more than these currents [register's unit].

        Raises:
            BusError: a servo did not take it.
        """
        for joint, current in currents.items():
            first = self._fingers[joint]
            for axis in (first, first.partner):
                if axis is not None and Role.GOAL_CURRENT in axis.wiring.ram:
                    self._preparation.set_override(axis, {Role.GOAL_CURRENT: current})

    def release(self) -> None:
        """Let all fingers use what the wiring file allows.

        Raises:
            BusError: a servo did not take it.
        """
        self.limit_currents(
            {joint: axis.wiring.ram.get(Role.GOAL_CURRENT, 0) for joint, axis in self._fingers.items()}
        )

    def adopt(self, axes: Iterable[Axis]) -> None:
        """Let servos that hold with less than the wiring's current keep it, until they are commanded otherwise.

        Raises:
            BusError: a servo did not answer.
        """
        for axis in axes:
            usual = axis.wiring.ram.get(Role.GOAL_CURRENT, 0)
            if usual and axis.torque and axis.wiring.joint in self._fingers:
                found = self._registers.read(axis, Role.GOAL_CURRENT)
                if 0 < found < usual:
                    self._preparation.adopt_override(axis, {Role.GOAL_CURRENT: found})
