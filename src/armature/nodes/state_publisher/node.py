"""The process that publishes the robot's description and its frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from builtin_interfaces.msg import Time
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from armature.core.kinematics.kinematics import FrameTransform, fixed_frames, moving_frames
from armature.core.rate_limit import RateLimit
from armature.errors import ConfigError
from armature.nodes.common import topics
from armature.nodes.common.conversions import positions_of, to_seconds, to_stamp, to_transform
from armature.nodes.common.parameters.parameters import read, refuse_unknown
from armature.nodes.common.robot_files import read_given_arm


@dataclass(frozen=True)
class Parameters:
    """Parameters, named as robot_state_publisher's where it has the same."""

    urdf: str  # file of the robot's description
    frame_prefix: str  # put before every frame's name, for several arms in one tree
    wiring: str = ""  # file; which joints have no servo, and are fixed
    publish_frequency: float = 50.0  # at most [Hz]

    def __post_init__(self) -> None:
        if not self.publish_frequency > 0.0:
            raise ConfigError("parameter publish_frequency", self.publish_frequency, "it must be > 0 Hz")


class StatePublisher(Node):
    """Publishes a frame only when its joint was read in the message at hand."""

    def __init__(self, **options: Any) -> None:
        super().__init__("state_publisher", **options)
        namespace = self.get_namespace().strip("/")
        self._settings = read(self, Parameters, frame_prefix=f"{namespace}/" if namespace else "")
        refuse_unknown(self)
        self._arm, _ = read_given_arm(self._settings.urdf, self._settings.wiring, with_collisions=False)
        self._rate = RateLimit(1.0 / self._settings.publish_frequency)
        self._description = topics.publisher(self, topics.ROBOT_DESCRIPTION)
        self._tf_static = topics.publisher(self, topics.TF_STATIC)
        self._tf = topics.publisher(self, topics.TF)
        self._description.publish(String(data=self._arm.urdf))
        now = to_stamp(self.get_clock().now().nanoseconds)
        self._tf_static.publish(self._message(fixed_frames(self._arm), now))
        topics.subscription(self, topics.JOINT_STATES, self._publish_frames)

    def _publish_frames(self, message: JointState) -> None:
        if not self._rate.is_due(to_seconds(message.header.stamp)):
            return
        frames = moving_frames(self._arm, positions_of(message))
        self._tf.publish(self._message(frames, message.header.stamp))

    def _message(self, frames: list[FrameTransform], stamp: Time) -> TFMessage:
        prefix = self._settings.frame_prefix
        named = (replace(frame, parent=prefix + frame.parent, child=prefix + frame.child) for frame in frames)
        return TFMessage(transforms=[to_transform(frame, stamp) for frame in named])
