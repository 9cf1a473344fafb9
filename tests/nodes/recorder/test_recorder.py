from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import rclpy
import yaml
from rclpy.experimental import EventsExecutor
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, String
from std_srvs.srv import Trigger

from armature.errors import ConfigError
from armature.nodes.common import topics
from armature.nodes.common.conversions import values_of
from armature.nodes.recorder.node import RecorderNode
from armature.recording.bag.metadata import read_notes

from ...lateness import lateness_since


class Graph:
    """The recorder under test and a node beside it, in one executor."""

    def __init__(self, folder):
        self.folder = folder
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("beside", context=self.context)
        self.executor = EventsExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.recorder = None
        self.statuses = []
        self.node.create_subscription(topics.DIAGNOSTICS.kind, "diagnostics", self._note, 10)
        self.clients = {
            name: self.node.create_client(Trigger, f"recorder/{name}") for name in ("start", "stop", "snapshot")
        }

    def _note(self, message):
        self.statuses += [status for status in message.status if status.name == "recorder"]

    def start_recorder(self, **values):
        values = {"folder": str(self.folder), "free_bytes": 0, **values}
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        self.recorder = RecorderNode(context=self.context, parameter_overrides=overrides)
        self.executor.add_node(self.recorder)
        self.until(lambda: all(client.service_is_ready() for client in self.clients.values()))
        return self.recorder

    def stop_recorder(self):
        self.executor.remove_node(self.recorder)
        self.recorder.destroy_node()
        self.recorder = None

    def until(self, condition, seconds=20.0):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            self.executor.spin_once(timeout_sec=0.05)

    def call(self, name):
        future = self.clients[name].call_async(Trigger.Request())
        self.until(future.done)
        return future.result()

    def publisher(self, kind, name, qos):
        """A publisher that has met the recorder's subscription."""
        publisher = self.node.create_publisher(kind, name, qos)
        self.until(lambda: publisher.get_subscription_count() > 0)
        return publisher

    def feed(self, publisher, messages, received):
        """Publish messages, and wait until the recorder holds that many of the topic."""
        before = received()
        for index, message in enumerate(messages, start=1):
            publisher.publish(message)
            self.until(lambda count=before + index: received() >= count)

    def ringed(self, topic):
        """How many messages of a topic the recorder keeps for a snapshot."""
        ring = self.recorder._recorder._ring
        return lambda: sum(message.topic == topic for message in ring.snapshot(time.time_ns()))

    def close(self):
        if self.recorder is not None:
            self.stop_recorder()
        self.executor.shutdown(0)
        self.node.destroy_node()
        self.context.shutdown()


@pytest.fixture
def graph(tmp_path, own_domain, nothing_left):
    graph = Graph(tmp_path / "bags")
    yield graph
    graph.close()


def decoded(bag, topic):
    with Reader(bag) as reader:
        connections = reader.topics[topic].connections
        store = get_typestore(Stores.EMPTY)
        store.register(get_types_from_msg(connections[0].msgdef.data, connections[0].msgtype))
        assert store.hash_rihs01(connections[0].msgtype) == connections[0].digest
        return [store.deserialize_cdr(data, c.msgtype) for c, _, data in reader.messages(connections)]


def states(count):
    return [JointState(name=["waist"], position=[float(index)]) for index in range(count)]


def test_a_recording_holds_every_message_and_the_latched_ones(graph):
    graph.start_recorder()
    description = graph.publisher(String, "robot_description", topics.ROBOT_DESCRIPTION.qos)
    graph.feed(description, [String(data="<robot/>")], graph.ringed("/robot_description"))
    publisher = graph.publisher(JointState, "joint_states", 10)
    answer = graph.call("start")
    assert answer.success
    graph.feed(publisher, states(20), graph.ringed("/joint_states"))
    stopped = graph.call("stop")
    assert (stopped.success, stopped.message) == (True, answer.message)
    assert [state.position[0] for state in decoded(answer.message, "/joint_states")] == list(range(20))
    assert [text.data for text in decoded(answer.message, "/robot_description")] == ["<robot/>"]


def test_a_snapshot_needs_no_recording(graph):
    graph.start_recorder(snapshot_seconds=30.0)
    publisher = graph.publisher(JointState, "joint_states", 10)
    graph.feed(publisher, states(5), graph.ringed("/joint_states"))
    answer = graph.call("snapshot")
    assert answer.success
    assert len(decoded(answer.message, "/joint_states")) == 5


def test_what_the_state_does_not_allow_is_refused_with_the_reason(graph):
    graph.start_recorder()
    assert "nothing is being recorded" in graph.call("stop").message
    first = graph.call("start")
    second = graph.call("start")
    assert not second.success
    assert first.message in second.message


def test_a_folder_that_cannot_be_made_is_told_in_the_answer(graph):
    graph.folder.write_text("a file")
    graph.start_recorder()
    answer = graph.call("start")
    assert not answer.success
    assert "give a folder, not a file" in answer.message


def test_a_disk_short_of_space_is_told_in_the_answer(graph):
    graph.start_recorder(free_bytes=2**62)
    answer = graph.call("start")
    assert not answer.success
    assert "are kept in reserve" in answer.message


def test_other_topics_are_found_by_name_with_what_they_offer(graph):
    graph.start_recorder(topics=["extra"])
    qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL, reliability=ReliabilityPolicy.RELIABLE)
    graph.node.create_publisher(Bool, "extra", qos).publish(Bool(data=True))
    graph.until(lambda: graph.ringed("/extra")() == 1)
    answer = graph.call("snapshot")
    assert [message.data for message in decoded(answer.message, "/extra")] == [True]


def test_a_publisher_that_offers_less_than_the_contract_is_heard_too(graph):
    graph.start_recorder()
    qos = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
    publisher = graph.node.create_publisher(JointState, "joint_states", qos)
    graph.until(lambda: publisher.get_subscription_count() > 0 and _heard(graph, publisher))


def _heard(graph, publisher):
    publisher.publish(states(1)[0])
    return graph.ringed("/joint_states")() > 0


def test_the_state_is_told_in_diagnostics(graph):
    graph.start_recorder()
    graph.until(lambda: graph.statuses and graph.statuses[-1].message == "idle")
    path = graph.call("start").message
    graph.until(lambda: graph.statuses[-1].message == "recording")
    values = values_of(graph.statuses[-1])
    assert values["path"] == path
    assert values["dropped"] == "0"
    assert int(values["free_bytes"]) > 0


def test_a_recording_that_failed_is_an_error_and_the_next_start_works(graph):
    recorder = graph.start_recorder()
    graph.call("start")
    session = recorder._recorder.session
    logged = []
    recorder.get_logger = lambda: SimpleNamespace(error=logged.append)
    session._writer._failed = True
    graph.until(lambda: graph.statuses and graph.statuses[-1].message.startswith("failed"))
    assert graph.statuses[-1].level == b"\x02"
    assert [line.partition(":")[0] for line in logged] == ["recording stopped"]  # once
    assert graph.call("start").success


def test_the_end_of_the_node_closes_the_bag(graph):
    graph.start_recorder()
    path = graph.call("start").message
    graph.stop_recorder()
    assert read_notes(Path(path)).state == "closed"


def test_a_bag_left_by_a_dead_recorder_is_finished_at_the_next_start(graph):
    recorder = graph.start_recorder()
    path = graph.call("start").message
    publisher = graph.publisher(JointState, "joint_states", 10)
    graph.feed(publisher, states(3), graph.ringed("/joint_states"))
    session = recorder._recorder.session
    graph.until(lambda: session.progress().messages >= 3)
    graph.until(lambda: session._flushed >= 3)
    session._writer._failed = True  # the file is let go of as it is, without an index
    graph.stop_recorder()
    with pytest.raises(Exception, match=r"magic|footer"):
        Reader(path).open()
    graph.start_recorder()._recovery.join(timeout=20)
    assert len(decoded(path, "/joint_states")) == 3


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"topics": ["no spaces"]}, "topics"),
        ({"snapshot_seconds": -1.0}, "snapshot_seconds"),
        ({"folder": 3}, "folder"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(graph, values, named):
    with pytest.raises(ConfigError, match=named):
        graph.start_recorder(**values)


@pytest.fixture
def process(graph):
    """Starts the recorder as a process of its own, and ends it by force if the test does not."""
    started = []

    def start():
        arguments = ["--ros-args", "-p", f"folder:={graph.folder}", "-p", "free_bytes:=0"]
        command = [sys.executable, "-m", "armature.nodes.recorder", *arguments]
        started.append(subprocess.Popen(command))
        graph.until(lambda: all(client.service_is_ready() for client in graph.clients.values()))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_the_bag(graph, process, number):
    recorder = process()
    path = graph.call("start").message
    recorder.send_signal(number)
    assert recorder.wait(timeout=20) == 0
    assert read_notes(Path(path)).state == "closed"


def flushed(bag, topic):
    """How many messages of a topic metadata.yaml promises."""
    info = yaml.safe_load((bag / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
    counts = {t["topic_metadata"]["name"]: t["message_count"] for t in info["topics_with_message_count"]}
    return counts.get(topic, 0)


@pytest.mark.process
@pytest.mark.real_time
def test_a_recording_goes_on_after_its_recorder_was_killed_until_it_is_stopped(graph, process, lateness):
    recorder = process()
    first = Path(graph.call("start").message)
    recorder.kill()
    recorder.wait()
    graph.statuses.clear()
    begun = time.monotonic()
    recorder = process()
    graph.until(lambda: graph.statuses)
    # 3 s are promised of a machine of its own; its start takes as long again where another one's shares a core.
    assert time.monotonic() - begun < 6.0 + lateness_since(lateness, begun)
    status = graph.statuses[-1]
    second = Path(values_of(status)["path"])
    assert (second.parent, second == first) == (first.parent, False)
    assert status.level == b"\x01"
    assert re.search(r"recording resumed: nothing was recorded from [\d:.]+ to [\d:.]+ UTC", status.message)
    assert str(first) in status.message
    assert graph.call("stop").message == str(second)
    recorder.kill()
    recorder.wait()
    graph.statuses.clear()
    process()
    graph.until(lambda: graph.statuses)
    assert graph.statuses[-1].message == "idle"
    assert (read_notes(first).state, read_notes(second).custom) == ("recovered", {"continues": first.name})


def test_a_recorder_that_alone_is_started_anew_goes_on(graph):
    graph.start_recorder()
    first = graph.call("start").message
    graph.stop_recorder()
    graph.statuses.clear()
    graph.start_recorder()
    graph.until(lambda: graph.statuses)
    assert first in graph.statuses[-1].message
    assert graph.call("stop").success


def test_an_interrupted_recording_that_cannot_go_on_is_an_error_that_says_so(graph):
    graph.start_recorder()
    graph.call("start")
    graph.stop_recorder()
    graph.statuses.clear()
    graph.start_recorder(free_bytes=2**62)
    graph.until(lambda: graph.statuses)
    assert re.match("failed: the interrupted recording cannot be resumed: .*free some", graph.statuses[-1].message)
    assert graph.statuses[-1].level == b"\x02"


def test_an_error_of_the_program_while_writing_is_told_by_stop_and_in_diagnostics(graph):
    recorder = graph.start_recorder()
    graph.call("start")
    recorder._recorder.session._writer.flush = lambda: [][0]
    graph.until(lambda: graph.statuses and graph.statuses[-1].message.startswith("failed: internal error"))
    assert not graph.call("stop").success


@pytest.mark.process
def test_a_killed_recorder_loses_at_most_what_it_had_not_flushed(graph, process):
    recorder = process()
    publisher = graph.publisher(JointState, "joint_states", 10)
    path = Path(graph.call("start").message)
    publisher.publish(states(1)[0])
    graph.until(lambda: flushed(path, "/joint_states") == 1)
    recorder.kill()
    recorder.wait()
    process()
    graph.until(lambda: read_notes(path).state == "recovered")
    assert len(decoded(path, "/joint_states")) == 1
