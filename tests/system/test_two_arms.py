"""Two arms in one domain, each in its namespace with limits of its own."""

from __future__ import annotations

import json
import math
import re
import signal
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionClient
from rosbags.rosbag2 import Reader

from armature.core.trajectory.trajectory import Trajectory
from armature.nodes.common import topics
from armature.nodes.common.conversions import from_trajectory

from .running import Running, armature

pytestmark = [pytest.mark.process, pytest.mark.real_time, pytest.mark.timeout(240)]
SUCCEEDED, ABORTED = 4, 6
JOINTS = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_pitch", "wrist_roll")
SHARED = {"/tf", "/tf_static", "/rosout", "/parameter_events"}
# What tells the two arms, which are of one kind, apart.
LIMITS = {
    "left": "{upper: 1.0, velocity: 1.5, acceleration: 8.0, jerk: 80.0}",
    "right": "{upper: 0.3, velocity: 0.4, acceleration: 1.0, jerk: 10.0}",
}
# For a machine that is busy with two graphs: a bus of few cycles, and patience with arms that come late.
PARAMETERS = """
/**:
  ros__parameters:
    limits:
      waist: {}
/**/servo_interface:
  ros__parameters:
    rate: 25.0
    max_missed_reads: 12
/**/arm_controller:
  ros__parameters:
    reading_timeout: 3.0
    constraints.waist.trajectory: 0.6
"""


class Arm(Running):
    """One of the two, and a client of its controller."""

    def _join(self):
        super()._join()
        self.frames, self.speed = set(), 0.0
        topics.subscription(self.node, topics.TF, self._on_frames)
        topics.subscription(self.node, topics.COMMANDED, self._on_commanded)
        action = topics.FOLLOW_JOINT_TRAJECTORY
        self.action = ActionClient(self.node, action.kind, action.name)

    def _leave(self):
        self.action.destroy()
        super()._leave()

    def _on_frames(self, message):
        self.frames |= {frame.child_frame_id for frame in message.transforms}

    def _on_commanded(self, message):
        speeds = dict(zip(message.name, message.velocity, strict=False))
        self.speed = max(self.speed, abs(speeds.get("waist", 0.0)))

    def begin(self, waist, seconds):
        """Send the waist to a place [rad], or to the other side, within a time [s]; the future result."""
        self.be_enabled()
        place = self.newest_positions()
        target = -math.copysign(0.2, place["waist"]) if waist is None else waist
        rows = [[target, *(place[joint] for joint in JOINTS[1:])]]
        goal = Trajectory.from_rows(JOINTS, [seconds], rows, [[0.0] * len(JOINTS)])
        self.wait_for(self.action.server_is_ready)
        sent = self.action.send_goal_async(FollowJointTrajectory.Goal(trajectory=from_trajectory(goal, 0, "")))
        self.wait_for(sent.done)
        return sent.result().get_result_async()

    def ended(self, result):
        """Status and words of a goal's end."""
        self.wait_for(result.done)
        return result.result().status, result.result().result.error_string


@pytest.fixture(scope="module")
def arms(tmp_path_factory, module_domain):
    """Both are started at the same time."""
    runtime = tmp_path_factory.mktemp("runtime")
    with ExitStack() as stack:
        made = []
        for name, limits in LIMITS.items():
            file = runtime / f"{name}.yaml"
            file.write_text(PARAMETERS.format(limits))
            made.append(Arm(runtime, "--params-file", str(file), namespace=name))
        yield tuple(stack.enter_context(arm) for arm in made)


def test_every_name_is_in_a_namespace_and_every_frame_of_one_tree(arms):
    left, right = arms
    left.wait_for(lambda: {frame.split("/")[0] for frame in left.frames} == {"left", "right"})

    def names(first):
        """Names of topics below one, as any node finds them."""
        found = {name for name, _ in left.node.get_topic_names_and_types()} - SHARED
        return {name.removeprefix(first) for name in found if name.startswith(first)}

    left.wait_for(lambda: names("/left/") == names("/right/"))
    assert names("") == {f"/{arm.namespace}/{name}" for arm in arms for name in names("/left/")}
    assert left.url != right.url
    for arm in arms:
        with urllib.request.urlopen(f"{arm.url}api/model", timeout=10.0) as answer:
            assert json.load(answer)["name"] == f"{arm.namespace}: armature6"


def test_commands_address_one_arm(arms):
    left, right = arms
    assert not set(left.pids().values()) & set(right.pids().values())
    assert left.ask("fault", "delay", "--param", "probability=0").stdout.startswith("injected delay")
    assert "delay" not in right.ask("fault", "active").stdout
    nobody = armature("status", "--namespace", "middle", runtime=left.runtime)
    assert nobody.returncode == 1
    assert "it is not running" in nobody.stderr


def test_each_arm_has_its_own_recording(arms):
    left, right = arms
    started = left.ask("record", "start")
    assert started.returncode == 0, started.stderr
    assert not right.trigger(topics.RECORDER_STOP).success  # nothing is recorded of this one
    bag = Path(left.trigger(topics.RECORDER_STOP).message.split()[-1])
    assert bag.parent == left.runtime / ".armature" / "recordings" / "left"
    with Reader(bag) as reader:
        recorded = {connection.topic for connection in reader.connections}
    assert "/left/joint_states" in recorded
    assert all(topic.startswith("/left/") for topic in recorded - SHARED)


def test_a_move_is_planned_within_the_limits_of_the_arm_that_it_is_for(arms):
    answer = arms[1].ask("move", "--joints", "waist=0.25", "--preview", "--json")
    assert answer.returncode == 0, answer.stderr
    # At its highest velocity all but while it gains and loses speed at its highest acceleration and jerk.
    assert json.loads(answer.stdout)["duration"] == pytest.approx(0.25 / 0.4 + 0.4 / 1.0 + 1.0 / 10.0, abs=0.02)


@pytest.mark.parametrize(
    ("waist", "seconds", "says"),
    [(0.4, 1.5, r"position of waist.* 0\.3000 rad"), (-0.35, 1.2, r"velocity of waist.* 0\.4")],
    ids=["position", "velocity"],
)
def test_a_goal_beyond_the_limits_of_one_is_refused_by_that_one_with_its_own_bound(arms, waist, seconds, says):
    left, right = arms
    before = right.newest_positions()["waist"]
    status, told = right.ended(right.begin(waist, seconds))
    assert status == ABORTED, told
    assert re.search(says, told), told
    assert right.newest_positions()["waist"] == pytest.approx(before, abs=0.01)
    status, told = left.ended(left.begin(waist, seconds))
    assert status == SUCCEEDED, told


def test_both_move_at_once_each_within_its_limits(arms):
    left, right = arms
    left.speed = right.speed = 0.0
    results = [left.begin(None, 4.0), right.begin(None, 4.0)]
    left.wait_for(lambda: left.state() == "MOVING")
    # What is commanded is heard only while this one is waited for.
    right.wait_for(lambda: right.speed > 0.0)
    assert not any(result.done() for result in results)
    ends = [arm.ended(result) for arm, result in zip(arms, results, strict=True)]
    assert [status for status, _ in ends] == [SUCCEEDED, SUCCEEDED], ends
    assert 0.0 < right.speed <= 0.4


def test_a_protective_stop_of_one_leaves_the_other_moving(arms):
    left, right = arms
    results = [left.begin(None, 6.0), right.begin(None, 6.0)]
    right.wait_for(lambda: right.state() == "MOVING")
    assert left.call(topics.PROTECTIVE_STOP, data=True).success
    left.wait_for(lambda: left.state() == "PROTECTIVE_STOP")
    (status, told), (others, why) = [arm.ended(result) for arm, result in zip(arms, results, strict=True)]
    assert status == ABORTED
    assert "PROTECTIVE_STOP" in told
    assert others == SUCCEEDED, why
    assert right.state() != "PROTECTIVE_STOP"
    assert left.call(topics.PROTECTIVE_STOP, data=False).success


def test_both_park_when_they_are_ended_at_the_same_time(arms):
    for arm in arms:
        arm.process.send_signal(signal.SIGINT)
    assert [arm.process.wait(80.0) for arm in arms] == [0, 0], [arm.said() for arm in arms]
    assert all("parked, torque off" in arm.said() for arm in arms)
