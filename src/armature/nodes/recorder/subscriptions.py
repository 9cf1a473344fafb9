"""Which topics are recorded: those of the graph, and those that a parameter names, whatever their types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from action_msgs.msg import GoalStatusArray
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.validate_topic_name import validate_topic_name

from armature.errors import ConfigError, RecordingError
from armature.nodes.common import topics
from armature.nodes.recorder.raw import RawSubscription, common, message_class
from armature.recording.recorder.recorder import Recorder


class RawSubscriptions:
    """Feeds a recorder, and follows what publishers offer."""

    def __init__(self, node: Node, names: Iterable[str], recorder: Recorder) -> None:
        """Subscribe to the topics of the graph.

        Args:
            node: whose subscriptions they are.
            names: of further topics.
            recorder: gets each message.

        Raises:
            ConfigError: one of the names is none of a topic.
        """
        self._node, self._recorder = node, recorder
        self._subscribed: dict[str, RawSubscription] = {}
        self._extra = [self._resolve(name) for name in names]
        for topic in (*topics.TOPICS, *_action_topics()):
            self._subscribe(node.resolve_topic_name(topic.name), topic.kind, topic.qos)

    def look(self) -> None:
        """Subscribe to what has appeared, and adapt to what is offered; from time to time."""
        for name in {*self._subscribed, *self._extra}:
            self._adjust(name)

    def _resolve(self, name: str) -> str:
        try:
            validate_topic_name(name)
            return str(self._node.resolve_topic_name(name))
        except InvalidTopicNameException as error:
            raise ConfigError("parameter topics", name, "a topic's name is needed") from error

    def _adjust(self, name: str) -> None:
        """Subscribe to a topic that appeared; loosen a subscription that its publishers do not serve."""
        offers = self._node.get_publishers_info_by_topic(name)
        profiles = [offer.qos_profile for offer in offers]
        found = self._subscribed.get(name)
        if found is None:
            if offers:
                self._subscribe_by_name(name, offers[0].topic_type, common(profiles))
            return
        found.publishers = len(offers)
        wanted = common([found.qos, *profiles])
        if (wanted.reliability, wanted.durability) != (found.qos.reliability, found.qos.durability):
            found.close()
            self._subscribe(name, found.kind, wanted)

    def _subscribe_by_name(self, name: str, type_name: str, qos: QoSProfile) -> None:
        try:
            self._subscribe(name, message_class(type_name), qos)
        except (ImportError, AttributeError):
            self._extra.remove(name)
            self._node.get_logger().error(
                f"{name} is not recorded: {type_name} is not installed; source its workspace"
            )

    def _subscribe(self, name: str, kind: Any, qos: QoSProfile) -> None:
        try:
            self._subscribed[name] = RawSubscription(
                self._node, name, kind, qos, self._recorder.receive, self._recorder.lost
            )
        except RecordingError as error:
            if name in self._extra:  # it would be told anew every second
                self._extra.remove(name)
            self._node.get_logger().error(f"{name} is not recorded: {error}")


def _action_topics() -> list[topics.Topic]:
    name = f"{topics.FOLLOW_JOINT_TRAJECTORY.name}/_action"
    feedback = topics.FOLLOW_JOINT_TRAJECTORY.kind.Impl.FeedbackMessage
    latched = replace(topics.STATE, name=f"{name}/status", kind=GoalStatusArray)
    return [topics.Topic(f"{name}/feedback", feedback, QoSProfile(depth=10)), latched]
