"""The other side of the controllers' topics: plays back set-points as the servo interface does."""

from __future__ import annotations

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import JointState

from armature.nodes import topics
from armature.nodes.conversions import diagnostic, to_seconds, to_stamp, to_trajectory

CYCLE = 0.01  # [s]


class ServoSide:
    """Publishes state, commanded and joint states; keeps every piece, and how far each was from the one before."""

    def __init__(self, node, rest):
        self._node = node
        self.position = dict(rest)  # what is commanded [rad] or [m]
        self.velocity = dict.fromkeys(rest, 0.0)
        self.offset = dict.fromkeys(rest, 0.0)  # measured less commanded [rad] or [m]
        self.stuck = {}  # measured position of a joint that does not move, by joint [rad] or [m]
        self.unread = set()  # joints that do not answer
        self.pieces = []
        self.jumps = []
        self.trace = []  # commanded positions of every cycle
        self._playing = {}
        self._cycles = 0
        self._state = topics.publisher(node, topics.STATE)
        self._commanded = topics.publisher(node, topics.COMMANDED)
        self._joint_states = topics.publisher(node, topics.JOINT_STATES)
        self._session = ""
        topics.subscription(node, topics.SETPOINTS, self._take)
        node.create_timer(CYCLE, self._cycle)

    def be(self, state, session="", why=""):
        """Say a state; leaving ARMED drops what was played."""
        if state != "ARMED":
            self._playing.clear()
            self.velocity = dict.fromkeys(self.position, 0.0)
        self._session = session
        values = {"torque": "on", "session": session, "why": why}
        self._state.publish(diagnostic("servo_interface", DiagnosticStatus.OK, state, values))
        self._say_commanded(self._now())

    def _now(self):
        return self._node.get_clock().now().nanoseconds * 1e-9

    def _take(self, message):
        self.pieces.append(message)
        if message.header.frame_id != self._session:
            return
        trajectory, start = to_trajectory(message), to_seconds(message.header.stamp)
        at = max(self._now(), start)
        first = trajectory.sample(at - start).position
        before = [self._sampled(joint, at)[0] for joint in trajectory.joints]
        self.jumps.append(float(np.abs(first - before).max()))
        for column, joint in enumerate(trajectory.joints):
            self._playing[joint] = (start, trajectory, column, self._playing.get(joint))

    def _sampled(self, joint, now):
        playing = self._playing.get(joint)
        while playing is not None and now < playing[0]:
            playing = playing[3]
        if playing is None:
            return self.position[joint], 0.0
        start, trajectory, column, _ = playing
        state = trajectory.sample(now - start)
        return float(state.position[column]), float(state.velocity[column])

    def _cycle(self):
        now = self._now()
        for joint in self.position:
            self.position[joint], self.velocity[joint] = self._sampled(joint, now)
            start, trajectory, column, _ = self._playing.get(joint, (now, None, 0, None))
            if trajectory is not None and now >= start:
                self._playing[joint] = (start, trajectory, column, None)
        self.trace.append((now, dict(self.position)))
        read = [joint for joint in self.position if joint not in self.unread]
        message = self._message(now, read)
        message.position = [self.stuck.get(j, self.position[j] + self.offset[j]) for j in read]
        message.velocity = [0.0 if j in self.stuck else self.velocity[j] for j in read]
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
