"""Velocities that are sent again and again, since each counts for a moment only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic, sleep
from types import TracebackType
from typing import Any

from control_msgs.msg import JointJog
from geometry_msgs.msg import TwistStamped, Vector3
from rclpy.duration import Duration

from armature.client.connection import Connection
from armature.client.goals import number
from armature.client.motion import CONTROLLER
from armature.client.readings import Readings
from armature.core.control.readiness import then_enable
from armature.core.jog_limits import LEASE, RENEWAL
from armature.errors import CommandRefused, GoalRefused, listed
from armature.nodes.common import topics

Messages = Mapping[topics.Topic, Any]
"""What is sent, by topic."""
REST_TIME = 5.0  # until what was stopped has come to rest [s]


NOT_BEGUN = "nothing was done, since its with-block was not entered"


def how_to_begin(verb: str) -> str:
    """How to write what lasts as long as a with-block."""
    return f"write: with arm.{verb}(...):" + ("" if verb == "free" else f", or: arm.{verb}(..., seconds=1)")


class Sending:
    """Sends messages of several topics again and again."""

    def __init__(self, connection: Connection) -> None:
        """Args: connection: to the graph."""
        self._connection = connection
        self._publishers: dict[topics.Topic, Any] = {}
        self._timer: Any = None
        self._now: dict[topics.Topic, Any] = {}
        self._ends: dict[topics.Topic, Any] = {}

    def begin(self, messages: Messages, ends: Messages) -> None:
        """Send messages from now on, in place of those of the same topics.

        Args:
            messages: by topic.
            ends: what ends each.

        Raises:
            ProcessError: nobody hears them.
        """
        for topic in messages:
            self._publisher(topic)
        self._connection.run(lambda: self._begin(messages, ends))

    def say(self, topic: topics.Topic, message: Any) -> None:
        """Send a message once, and wait until it is received.

        Raises:
            ProcessError: nobody hears it.
        """
        publisher = self._publisher(topic)
        self._connection.run(lambda: publisher.publish(message))
        publisher.wait_for_all_acked(Duration(seconds=self._connection.patience))

    def end(self, which: Messages) -> None:
        """Send the ends of these, once, and nothing more."""
        self._connection.run(lambda: self._end(tuple(which)))

    @property
    def is_active(self) -> bool:
        """Whether anything is sent now."""
        return bool(self._now)

    def end_all(self) -> None:
        """End all; in the thread of the connection."""
        self._end(tuple(self._now))

    def _publisher(self, topic: topics.Topic) -> Any:
        """The publisher of a topic, once somebody hears it."""
        if topic not in self._publishers:
            node = self._connection.node
            self._publishers[topic] = self._connection.run(lambda: topics.publisher(node, topic))
        publisher = self._publishers[topic]
        self._connection.require(
            lambda: publisher.get_subscription_count() > 0, CONTROLLER, f"it does not hear {topic.name!r}"
        )
        return publisher

    def _begin(self, messages: Messages, ends: Messages) -> None:
        self._now |= messages
        self._ends |= ends
        self._publish()
        if self._timer is None:
            self._timer = self._connection.node.create_timer(LEASE * RENEWAL, self._publish)
        self._timer.reset()

    def _end(self, which: tuple[topics.Topic, ...]) -> None:
        for topic in which:
            if self._now.pop(topic, None) is not None:
                self._publishers[topic].publish(self._ends[topic])
        if not self._now and self._timer is not None:
            self._timer.cancel()

    def _publish(self) -> None:
        for topic, message in self._now.items():
            self._publishers[topic].publish(message)


class Jog:
    """A velocity that lasts as long as its with-block; then the arm slows down within its limits and holds."""

    def __init__(
        self,
        sending: Sending,
        readings: Readings,
        kind: str,
        make: Callable[..., tuple[Messages, Messages]],
        first: Mapping[str, Any],
    ) -> None:
        """Keep a velocity until the with-block begins.

        Args:
            sending: of the arm.
            readings: of the arm.
            kind: jog or twist.
            make: messages of a velocity, and what ends them.
            first: the velocity, as arguments of `make`.
        """
        self._sending = sending
        self._readings = readings
        self._kind = kind
        self._make = make
        self._first = first
        self._messages: dict[topics.Topic, Any] = {}
        self._begun_at = 0.0

    def set(self, **velocity: Any) -> None:
        """Go on at another velocity, written as the first one.

        Raises:
            CommandRefused: the arm takes no commands.
            GoalRefused: an unknown joint, or what is no number.
            ProcessError: the controller does not answer.
        """
        self._require_commands()
        messages, ends = self._make(**velocity)
        self._messages |= messages
        self._sending.begin(messages, ends)

    @property
    def report(self) -> str:
        """Why it was slowed down or refused, as the controller has said since it began; empty where it was not."""
        words = self._readings.last_words(CONTROLLER, self._begun_at)
        return words if words.startswith(self._kind) else ""

    @property
    def has_begun(self) -> bool:
        """Whether its with-block was entered."""
        return self._begun_at > 0.0

    @property
    def name(self) -> str:
        """The verb that made it."""
        return self._kind

    def __repr__(self) -> str:
        return f"{self.name}: begun" if self.has_begun else f"{self.name}: {NOT_BEGUN}; {how_to_begin(self.name)}"

    def run(self, seconds: float) -> None:
        """Go on for a time [s], then end."""
        with self:
            sleep(seconds)

    def __enter__(self) -> Jog:
        self._begun_at = monotonic()
        self.set(**self._first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._sending.end(self._messages)
        self._readings.wait_for_rest(REST_TIME)
        if kind is None:  # a jog has no answer, so the state is
            self._require_commands()

    def _require_commands(self) -> None:
        state = self._readings.state()
        if not state.takes_commands:
            raise CommandRefused(self._kind, f"the state is {state}", then_enable(state.remedy))


def jog_messages(arm_joints: Sequence[str], velocities: Mapping[str, object]) -> tuple[Messages, Messages]:
    """Messages that move joints, and what ends them.

    Args:
        arm_joints: of the arm's controller; any other is the gripper's.
        velocities: by joint [rad/s] or [m/s].

    Raises:
        GoalRefused: what is no number.
    """
    given = {joint: number(joint, value) for joint, value in velocities.items()}
    groups = {
        topics.ARM_CONTROLLER.joint_jog: {joint: given[joint] for joint in given if joint in arm_joints},
        topics.GRIPPER_CONTROLLER.joint_jog: {joint: given[joint] for joint in given if joint not in arm_joints},
    }
    messages = {topic: _joint_jog(group) for topic, group in groups.items() if group}
    return messages, {topic: _joint_jog(dict.fromkeys(groups[topic], 0.0)) for topic in messages}


def twist_messages(frame: str, velocity: Mapping[str, object]) -> tuple[Messages, Messages]:
    """Messages that move the tool, and what ends them.

    Args:
        frame: along whose axes; empty for the root's.
        velocity: x, y, z [m/s], and roll, pitch, yaw about these axes [rad/s]; 0 where they are left out.

    Raises:
        GoalRefused: what is no number, or has another name.
    """
    names = ("x", "y", "z", "roll", "pitch", "yaw")
    for name in velocity:
        if name not in names:
            raise GoalRefused("twist", name, listed("velocities", names))
    given = [number(name, velocity.get(name, 0.0)) for name in names]
    message, end = TwistStamped(), TwistStamped()
    message.header.frame_id = end.header.frame_id = frame
    message.twist.linear = Vector3(x=given[0], y=given[1], z=given[2])
    message.twist.angular = Vector3(x=given[3], y=given[4], z=given[5])
    return {topics.TWIST: message}, {topics.TWIST: end}


def _joint_jog(velocities: Mapping[str, float]) -> JointJog:
    return JointJog(joint_names=list(velocities), velocities=list(velocities.values()))
