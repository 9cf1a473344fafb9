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
from armature.nodes.recorder.raw import RawSubscription, compatible_qos, message_class
from armature.recording.recorder.recorder import Recorder


class RawSubscriptions:
    """Subscriptions that feed a recorder and adapt to the QoS that publishers offer."""

    def __init__(self, node: Node, names: Iterable[str], recorder: Recorder) -> None:
        """Subscribe to the topics of the graph.

        Args:
            node: whose subscriptions they are.
            names: further topics.
            recorder: receives each message.

        Raises:
            ConfigError: a name is not a valid topic name.
        """
        self._node, self._recorder = node, recorder
        self._subscribed: dict[str, RawSubscription] = {}
        self._extra = [self._resolve(name) for name in names]
        for topic in (*topics.TOPICS, *_action_topics()):
            self._subscribe(node.resolve_topic_name(topic.name), topic.kind, topic.qos)

    def update(self) -> None:
        """Subscribe to topics that have appeared, and adapt to changed QoS; call it about once a second."""
        for name in {*self._subscribed, *self._extra}:
            self._adjust(name)

    def _resolve(self, name: str) -> str:
        try:
            validate_topic_name(name)
            return str(self._node.resolve_topic_name(name))
        except InvalidTopicNameException as error:
            raise ConfigError("parameter topics", name, "write a topic name, such as /camera/image") from error

    def _adjust(self, name: str) -> None:
        """Subscribe to a topic that has appeared; relax the QoS where publishers offer less."""
        offers = self._node.get_publishers_info_by_topic(name)
        profiles = [offer.qos_profile for offer in offers]
        subscription = self._subscribed.get(name)
        if subscription is None:
            if offers:
                self._subscribe_by_name(name, offers[0].topic_type, compatible_qos(profiles))
            return
        subscription.publishers = len(offers)
        qos = compatible_qos([subscription.qos, *profiles])
        if (qos.reliability, qos.durability) != (subscription.qos.reliability, subscription.qos.durability):
            subscription.close()
            self._subscribe(name, subscription.kind, qos)

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
                self._node, name, kind, qos, self._recorder.receive, self._recorder.count_lost
            )
        except RecordingError as error:
            if name in self._extra:  # it would be logged again every second
                self._extra.remove(name)
            self._node.get_logger().error(f"{name} is not recorded: {error}")


def _action_topics() -> list[topics.Topic]:
    name = f"{topics.FOLLOW_JOINT_TRAJECTORY.name}/_action"
    feedback = topics.FOLLOW_JOINT_TRAJECTORY.kind.Impl.FeedbackMessage
    latched = replace(topics.STATE, name=f"{name}/status", kind=GoalStatusArray)
    return [topics.Topic(f"{name}/feedback", feedback, QoSProfile(depth=10)), latched]
