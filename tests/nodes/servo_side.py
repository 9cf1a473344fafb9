"""The other side of the controllers' topics: follows set-points by the rules of the servo interface."""

from __future__ import annotations

import math
from dataclasses import replace

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import JointState

from armature.core.control.blocked import BlockedDirection
from armature.core.trajectory.stopping import Dynamics
from armature.dynamixel.motion.setpoints import Setpoints
from armature.errors import GoalRefused
from armature.nodes.common import topics
from armature.nodes.common.conversions import diagnostic, to_segment, to_stamp

CYCLE = 0.01  # [s]


class ServoSide:
    """Publishes state, commanded and joint states; keeps every segment, and what it had to refuse."""

    def __init__(self, node, arm, rest):
        self._node = node
        self.position = dict(rest)  # what is commanded [rad] or [m]
        self.velocity = dict.fromkeys(rest, 0.0)
        self.offset = dict.fromkeys(rest, 0.0)  # measured less commanded [rad] or [m]
        self.stuck = {}  # measured position of a joint that does not move, by joint [rad] or [m]
        self.effort = {}  # measured, of joints whose servo knows it [N·m] or [N]
        self.unread = set()  # joints that do not answer
        self.segments = []
        self.refused = []  # why
        self.trace = []  # commanded positions of every cycle
        limits = {joint.name: joint.limit for joint in arm.driven}
        self._setpoints = Setpoints(limits, dict.fromkeys(limits, Dynamics(4.0, 40.0)))
        self._setpoints.hold(rest)
        self._cycles = 0
        self._state = topics.publisher(node, topics.STATE)
        self._commanded = topics.publisher(node, topics.COMMANDED)
        self._joint_states = topics.publisher(node, topics.JOINT_STATES)
        self._session = ""
        topics.subscription(node, topics.SETPOINTS, self._take)
        node.create_timer(CYCLE, self._cycle)

    def be(self, state, session="", why="", **values):
        """Say a state, with further values; leaving ENABLED holds where the joints are."""
        if state != "ENABLED":
            self._setpoints.hold(self.position)
            self.velocity = dict.fromkeys(self.position, 0.0)
        self._session = session
        values = {"torque": "on", "session": session, "why": why, **values}
        self._state.publish(diagnostic("servo_interface", DiagnosticStatus.OK, state, values))
        self._say_commanded(self._now())

    def _now(self):
        return self._node.get_clock().now().nanoseconds * 1e-9

    def _take(self, message):
        self.segments.append(message)
        if message.header.frame_id != self._session:
            return
        if not message.points:
            self._back_off(message.joint_names)
            return
        segment = replace(to_segment(message, ("gripper",)), serial=len(self.segments))
        try:
            self._setpoints.accept(segment, self._now())
        except GoalRefused as error:
            self.refused.append(str(error))

    def _back_off(self, joints):
        """Joints that do not follow go back to where they are, in a session that takes no late segment."""
        places = {j: self.stuck.get(j, self.position[j] + self.offset[j]) for j in joints}
        blocks = {
            f"blocked.{joint}": str(BlockedDirection(place, 1 if self.position[joint] > place else -1))
            for joint, place in places.items()
        }
        self._setpoints.stop(self._now())
        self._setpoints.retreat(places, self._now())
        name, _, number = self._session.partition(".")
        self.be("ENABLED", f"{name}.{int(number or 0) + 1}", f"blocked at {joints[0]}", **blocks)

    def _cycle(self):
        now = self._now()
        for joint, setpoint in self._setpoints.sample(now).items():
            self.position[joint], self.velocity[joint] = setpoint.position, setpoint.velocity
        self.trace.append((now, dict(self.position)))
        read = [joint for joint in self.position if joint not in self.unread]
        message = self._message(now, read)
        message.position = [self.stuck.get(j, self.position[j] + self.offset[j]) for j in read]
        message.velocity = [0.0 if j in self.stuck else self.velocity[j] for j in read]
        message.effort = [self.effort.get(j, math.nan) for j in read]
        self._joint_states.publish(message)
        self._cycles += 1
        if self._cycles % 5 == 0:
            self._say_commanded(now)

    def _say_commanded(self, now):
        message = self._message(now, list(self.position))
        message.position = list(self.position.values())
        message.velocity = list(self.velocity.values())
        self._commanded.publish(message)

    @staticmethod
    def _message(now, names):
        message = JointState(name=names)
        message.header.stamp = to_stamp(round(now * 1e9))
        return message
