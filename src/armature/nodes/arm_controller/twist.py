"""Cartesian jogs: a twist of the tool counts for a lease, within which the joints' velocities are updated."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from geometry_msgs.msg import TwistStamped

from armature.core.arrays import Array
from armature.core.kinematics.collision_scaling import CollisionScaling
from armature.core.kinematics.twist_servo import TwistServo, check_twist
from armature.core.planning.twist_motion import TwistMotion
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import ArmatureError, GoalRefused
from armature.nodes.arm_controller.group_node import GroupNode
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_seconds

# Within a lease the joints' velocities are worked out again this often [s].
_PERIOD = 0.05


class TwistJog:
    """Moves the tool while twists come.

    Args:
        node: the controller of the arm.
        servo: of the tool.
        guard: slows motions down before a collision.
        frames: of the root and of the tool.
        on_takeover: called with the reason when a twist takes over the arm.
    """

    def __init__(
        self,
        node: GroupNode,
        servo: TwistServo,
        guard: CollisionScaling,
        frames: tuple[str, str],
        on_takeover: Callable[[str], None],
    ) -> None:
        self._node = node
        self._control = node.control
        self._servo = servo
        self._guard = guard
        self._root, self._tool = frames
        self._on_takeover = on_takeover
        self._twist = np.zeros(6)
        # The last one that moves the tool: where no other follows, it stops on that one's way.
        self._way = (self._twist, False)
        self._until = 0.0  # when the lease ends [s]
        self._next_update = math.inf  # when the joints' velocities are worked out again [s]
        topics.subscription(node, topics.TWIST, node.paced.taker(self._on_twist))

    def drop(self) -> None:
        """Drop the twist: something else moves the arm now."""
        self._next_update = math.inf

    def _on_twist(self, message: TwistStamped) -> bool:
        try:
            in_tool, twist = self._parse(message)
            self._until = self._node.now() + self._control.state.settings.lease
            if self._is_held(twist, in_tool):
                return True  # the next update takes it on
            self._twist = twist
            if twist.any():
                self._way = (twist, in_tool)
            self._press()
        except ArmatureError as error:
            self.drop()
            self._node.refuse("twist", error)
            return False
        self._on_takeover("replaced by a jog")
        self._next_update = self._node.now() + _PERIOD
        return True

    def _is_held(self, twist: Array, in_tool: bool) -> bool:
        """Whether a twist is the one that moves the tool already, and will be updated."""
        is_same = twist.any() and in_tool == self._way[1] and (twist == self._twist).all()
        return bool(is_same) and self._node.now() < self._next_update < math.inf

    def update(self) -> None:
        """Within a lease, keep the tool in its direction; called while something moves."""
        now = self._node.now()
        if now < self._next_update:
            return
        self._next_update = now + _PERIOD
        if now >= self._until - _PERIOD:
            self.drop()  # the motion under way ends with the lease
            return
        try:
            self._press()
        except ArmatureError as error:
            self.drop()
            self._node.refuse("twist", error)

    def _press(self) -> None:
        now = self._node.now()
        if self._twist.any():
            self._control.state.speed.check("twist")
        if self._twist.any() or self._control.state.motion.is_moving(now):
            self._control.follow_for_lease(self._build, self._until - now, now)
            self._node.publish_now()

    def _build(self, state: State, held: float) -> Trajectory:
        limits = self._control.state.limits
        press = TwistMotion(self._servo, limits, state, *self._way)
        share = self._control.state.speed.of_jogs if self._twist.any() else 0.0
        motion, why = self._guard.scale(lambda part: press.build(part * share, held))
        if why or (share and press.reason):
            self._node.reports.warn(f"twist: {why or press.reason}")
        return motion

    def _parse(self, message: TwistStamped) -> tuple[bool, Array]:
        """Whether a twist is given along the tool's axes, and the twist."""
        frame = self._node.own_frame(message.header.frame_id)
        if frame not in ("", self._root, self._tool):
            raise GoalRefused("header.frame_id", frame, f"use {self._root} or {self._tool}")
        stamp, lease = to_seconds(message.header.stamp), self._control.state.settings.lease
        late = self._node.now() - stamp
        if stamp > 0.0 and late > lease:
            raise GoalRefused("header.stamp", f"{late:.3f} s ago", "a twist counts for its lease only")
        linear, angular = message.twist.linear, message.twist.angular
        twist = np.array([linear.x, linear.y, linear.z, angular.x, angular.y, angular.z])
        check_twist(twist)
        return frame == self._tool, twist
