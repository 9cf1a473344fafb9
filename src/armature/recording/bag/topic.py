"""What is recorded: topics, their quality of service, and messages as raw CDR bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

# rmw's RMW_DURATION_INFINITE: 2^63 - 1 ns.
INFINITE = 9_223_372_036_854_775_807


@dataclass(frozen=True)
class Qos:
    """Quality of service that a topic's publishers offer, in rosbag2's words.

    Attributes:
        history: "keep_last", "keep_all" or "unknown".
        depth: of the queue [messages].
        reliability: "reliable" or "best_effort".
        durability: "volatile" or "transient_local".
        deadline: [ns].
        lifespan: [ns].
        liveliness: "automatic" or "manual_by_topic".
        liveliness_lease: [ns].
    """

    history: str = "keep_last"
    depth: int = 10
    reliability: str = "reliable"
    durability: str = "volatile"
    deadline: int = INFINITE
    lifespan: int = INFINITE
    liveliness: str = "automatic"
    liveliness_lease: int = INFINITE

    @property
    def latched(self) -> bool:
        """Whether a late subscriber is sent the last messages."""
        return self.durability == "transient_local"


@dataclass(frozen=True)
class Topic:
    """A topic as a bag describes it.

    Attributes:
        name: with its leading slash.
        type: for example "sensor_msgs/msg/JointState".
        schema: ros2msg text of the type and of all that it contains.
        type_hash: RIHS01 hash, empty where unknown (REP-2011).
        qos: what its publishers offer.
    """

    name: str
    type: str
    schema: str
    type_hash: str = ""
    qos: Qos = field(default_factory=Qos)


@dataclass(frozen=True)
class Message:
    """A message as received.

    Attributes:
        topic: the name of its topic.
        log_time: when it was received [ns since 1970].
        publish_time: its source timestamp [ns since 1970].
        data: CDR with its 4-byte encapsulation header, unchanged.
        sequence: the publisher's sequence number, 0 where unknown.
    """

    topic: str
    log_time: int
    publish_time: int
    data: bytes
    sequence: int = 0
