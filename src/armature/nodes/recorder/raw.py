"""Raw subscriptions: messages as serialized bytes, of topics whose type is known at run time only."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from armature.recording.bag.schema import message_schema, type_hash
from armature.recording.bag.topic import Message, Qos, Topic

_DEPTH = 200  # 1 s of a 200 Hz topic while the executor is busy


class RawSubscription:
    """Receives each message of a topic without deserializing it.

    The log time is when the middleware received it, the publish time its source timestamp.
    """

    # rclpy 7.1's EventsExecutor passes message and information as one tuple, every other executor as two
    # arguments; rclpy reads from the signature whether information is wanted, and __call__ accepts either.
    __signature__ = inspect.signature(lambda message, info: None)

    def __init__(
        self,
        node: Node,
        name: str,
        kind: Any,
        qos: QoSProfile,
        on_message: Callable[[Topic, Message], None],
        on_lost: Callable[[str, int], None],
    ) -> None:
        """Subscribe.

        Args:
            node: whose subscription it is.
            name: of the topic, resolved.
            kind: the message's class.
            qos: what publishers offer; the queue may be deeper.
            on_message: called with each message.
            on_lost: called with the topic's name and how many messages the middleware dropped.

        Raises:
            RecordingError: the type's definition is not installed.
        """
        self.topic = _describe(name, kind, qos)
        self.kind, self.qos = kind, qos
        self.publishers = 0
        self._node, self._on_message, self._on_lost = node, on_message, on_lost
        self._sequences: dict[str, int] = {}
        own = QoSProfile(depth=max(qos.depth, _DEPTH), reliability=qos.reliability, durability=qos.durability)
        # Event handlers can crash EventsExecutor when a subscription is destroyed (ros2/rclpy#1644).
        events = SubscriptionEventCallbacks(use_default_callbacks=False)
        self._subscription = node.create_subscription(kind, name, self, own, raw=True, event_callbacks=events)

    def __call__(self, message: Any, info: Any = None) -> None:
        """Take a message from the executor."""
        data, info = message if info is None else (message, info)
        received = info.get("received_timestamp") or time.time_ns()
        sent = info.get("source_timestamp") or received
        sequence = info.get("publication_sequence_number") or 0
        self._count_gap(info.get("publisher_gid"), sequence)
        self._on_message(self.topic, Message(self.topic.name, received, sent, bytes(data), sequence))

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def _count_gap(self, publisher: Any, sequence: int) -> None:
        # Before Kilted a topic's publishers cannot be told apart, so gaps count only where there is one.
        key = str(publisher)
        last = self._sequences.get(key, 0)
        self._sequences[key] = sequence
        if last and sequence > last + 1 and (publisher is not None or self.publishers == 1):
            self._on_lost(self.topic.name, sequence - last - 1)


def compatible_qos(profiles: Sequence[QoSProfile]) -> QoSProfile:
    """The strictest profile of a subscription that is compatible with publishers of all these profiles."""
    reliable = all(profile.reliability == ReliabilityPolicy.RELIABLE for profile in profiles)
    latched = all(profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for profile in profiles)
    return QoSProfile(
        history=profiles[0].history,
        depth=profiles[0].depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def message_class(type_name: str) -> Any:
    """The class of a message type, for example "sensor_msgs/msg/JointState".

    Raises:
        ImportError: its package is not installed.
        AttributeError: its package has no such type.
    """
    package, group, name = type_name.split("/")
    module = importlib.import_module(f"{package}.{group}")
    if name.endswith("_FeedbackMessage"):
        return getattr(module, name.removesuffix("_FeedbackMessage")).Impl.FeedbackMessage
    return getattr(module, name)


def _describe(name: str, kind: Any, qos: QoSProfile) -> Topic:
    package, group = kind.__module__.split(".")[:2]
    type_name, shares = f"{package}/{group}/{kind.__name__}", _share_folders()
    return Topic(name, type_name, message_schema(type_name, shares), type_hash(type_name, shares), _to_qos(qos))


def _to_qos(profile: QoSProfile) -> Qos:
    # Discovery does not carry history and depth: a publisher found by it offers unknown ones.
    known = profile.history in (HistoryPolicy.KEEP_LAST, HistoryPolicy.KEEP_ALL)
    return Qos(
        history=profile.history.name.lower() if known else "unknown",
        depth=profile.depth,
        reliability=profile.reliability.name.lower(),
        durability=profile.durability.name.lower(),
    )


def _share_folders() -> list[Path]:
    prefixes = [*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix]
    return [Path(prefix) / "share" for prefix in prefixes if prefix]
