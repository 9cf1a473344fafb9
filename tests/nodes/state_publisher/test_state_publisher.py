from __future__ import annotations

import threading
import time

import pytest
import rclpy
from builtin_interfaces.msg import Time
from rclpy.experimental import EventsExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState

from armature.core.model.urdf import read_urdf
from armature.errors import ConfigError
from armature.nodes.common import topics
from armature.nodes.state_publisher.node import StatePublisher

from ..motion_graph import URDF


class Graph:
    def __init__(self, folder):
        self.urdf = folder / "two.urdf"
        self.urdf.write_text(URDF)
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.executor = EventsExecutor(context=self.context)
        self.node = self.under_test = None
        self.heard = {topic.name: [] for topic in (topics.ROBOT_DESCRIPTION, topics.TF, topics.TF_STATIC)}

    def start(self, namespace="", **values):
        values = {"urdf": str(self.urdf), **values}
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        options = {"context": self.context, "parameter_overrides": overrides, "namespace": namespace}
        self.under_test = StatePublisher(**options)
        self.executor.add_node(self.under_test)
        self.node = self._beside(namespace)
        # Subscribed later than published: what is latched must come all the same.
        for topic in (topics.ROBOT_DESCRIPTION, topics.TF, topics.TF_STATIC):
            topics.subscription(self.node, topic, self.heard[topic.name].append)
        self.joint_states = topics.publisher(self.node, topics.JOINT_STATES)
        self.until(lambda: self.joint_states.get_subscription_count() > 0)
        self.until(lambda: self.heard["robot_description"] and self.heard["/tf_static"])
        self.until(lambda: self.under_test.count_subscribers("/tf") > 0)
        return self

    def _beside(self, namespace):
        node = rclpy.create_node("beside", context=self.context, namespace=namespace)
        self.executor.add_node(node)
        return node

    def publish(self, stamp, **positions):
        message = JointState(name=list(positions), position=list(positions.values()))
        message.header.stamp = Time(sec=int(stamp), nanosec=round(stamp % 1 * 1e9))
        self.joint_states.publish(message)

    def frames(self, stamp, **positions):
        """Frames of the message published for these positions."""
        before = len(self.heard["/tf"])
        self.publish(stamp, **positions)
        self.until(lambda: len(self.heard["/tf"]) > before)
        return {transform.child_frame_id: transform for transform in self.heard["/tf"][-1].transforms}

    def until(self, condition, seconds=20.0):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            self.executor.spin_once(timeout_sec=0.02)

    def close(self):
        for node in (self.under_test, self.node):
            if node is not None:
                self.executor.remove_node(node)
                node.destroy_node()
        self.executor.shutdown(0)
        self.context.shutdown()


@pytest.fixture
def graph(tmp_path):
    threads = set(threading.enumerate())
    graph = Graph(tmp_path)
    yield graph
    graph.close()
    assert set(threading.enumerate()) <= threads


def test_description_and_fixed_frames_reach_a_late_subscriber(graph):
    graph.start()
    assert graph.heard["robot_description"][0].data == URDF
    (fixed,) = graph.heard["/tf_static"][0].transforms
    assert (fixed.header.frame_id, fixed.child_frame_id) == ("lower", "tool0")
    assert fixed.transform.translation.x == pytest.approx(0.1)


def test_a_joint_that_the_wiring_fixes_has_a_fixed_frame_in_tree_and_description(graph, tmp_path):
    entry = "model: XM430-W350, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad"
    text = f"waist: {{id: 1, {entry}}}, elbow: {{id: 2, {entry}}}, gripper: {{fixed: 10 mm}}"
    (tmp_path / "servos.yaml").write_text(f"bus: {{baud_rate: 1000000 bit/s}}\njoints: {{{text}}}")
    assert set(graph.start(wiring=str(tmp_path / "servos.yaml")).frames(1.0, waist=0.0)) == {"upper"}
    fixed = {frame.child_frame_id: frame for frame in graph.heard["/tf_static"][0].transforms}
    assert set(fixed) == {"left", "right", "tool0"}
    assert fixed["right"].transform.translation.y == pytest.approx(-0.01)
    (described,) = graph.heard["robot_description"]
    assert [joint.name for joint in read_urdf(described.data).driven] == ["waist", "elbow"]


def test_frames_follow_the_joints_with_the_stamp_of_their_reading(graph):
    frames = graph.start().frames(12.5, waist=0.0, elbow=0.3, gripper=0.02)
    assert set(frames) == {"upper", "lower", "left", "right"}
    assert frames["left"].transform.translation.y == pytest.approx(0.02)
    assert frames["right"].transform.translation.y == pytest.approx(-0.02)
    assert frames["lower"].header.frame_id == "upper"
    assert (frames["lower"].header.stamp.sec, frames["lower"].header.stamp.nanosec) == (12, 500_000_000)


def test_a_joint_that_was_not_read_has_no_frame(graph):
    assert set(graph.start().frames(1.0, waist=0.1, gripper=0.02)) == {"upper", "left", "right"}
    assert set(graph.frames(2.0, elbow=0.1)) == {"lower"}


def test_frames_come_no_more_often_than_asked(graph):
    graph.start(publish_frequency=10.0)
    graph.frames(1.0, waist=0.0)
    for step in range(1, 10):
        graph.publish(1.0 + step * 0.01, waist=0.5)
    frames = graph.frames(1.2, waist=0.7)
    assert len(graph.heard["/tf"]) == 2
    assert frames["upper"].header.stamp.nanosec == 200_000_000


def test_a_clock_begun_anew_is_followed(graph):
    graph.start().frames(100.0, waist=0.0)
    assert graph.frames(1.0, waist=0.1)["upper"].header.stamp.sec == 1


@pytest.mark.parametrize(
    ("given", "first"), [({}, ""), ({"namespace": "left"}, "left/"), ({"namespace": "/cell/left"}, "cell/left/")]
)
def test_frames_of_an_arm_in_a_namespace_have_its_name_in_the_one_tree_of_all(graph, given, first):
    frames = graph.start(**given).frames(1.0, waist=0.0)
    assert frames[f"{first}upper"].header.frame_id == f"{first}base_link"
    assert graph.heard["/tf_static"][0].transforms[0].child_frame_id == f"{first}tool0"


@pytest.mark.parametrize("prefix", ["", "left_"])
def test_a_prefix_of_ones_own_takes_the_place_of_the_namespace(graph, prefix):
    frames = graph.start(namespace="right", frame_prefix=prefix).frames(1.0, waist=0.0)
    assert frames[f"{prefix}upper"].header.frame_id == f"{prefix}base_link"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"urdf": "/nowhere/arm.urdf"}, "/nowhere/arm.urdf.*readable text"),
        ({"publish_frequency": 0.0}, "publish_frequency: 0.0.*> 0 Hz"),
        ({"publish_rate": 10.0}, "parameter publish_rate: 10.0.*publish_frequency"),
        ({"publish_frequency": "often"}, "publish_frequency: 'often'"),
    ],
)
def test_bad_parameters_are_refused_by_name(graph, values, says):
    with pytest.raises(ConfigError, match=says):
        graph.start(**values)


def test_a_file_that_is_no_urdf_is_refused(graph):
    graph.urdf.write_text("<robot>")
    with pytest.raises(ConfigError, match="well-formed XML"):
        graph.start()
