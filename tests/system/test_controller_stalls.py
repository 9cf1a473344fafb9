"""The controller's process stops for a while, or dies, in the middle of a motion."""

from __future__ import annotations

import math
import os
import signal

import numpy as np
import pytest
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionClient

from armature.core.trajectory.trajectory import Trajectory
from armature.nodes.common import topics
from armature.nodes.common.conversions import from_trajectory, positions_of, to_seconds, values_of

from .running import Running

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.timeout(240),
]
JOINTS = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_pitch", "wrist_roll")
STALL = 0.1  # [s]
DEVIATION = math.radians(0.2)
MOTION = 8.0  # [s]
SUCCEEDED = 4


class Watched(Running):
    """A graph whose set-points are kept."""

    def _join(self):
        super()._join()
        self.commanded, self.delays = [], [0.0]
        topics.subscription(self.node, topics.COMMANDED, self._on_commanded)
        topics.subscription(self.node, topics.DIAGNOSTICS, self._on_diagnostics)
        action = topics.FOLLOW_JOINT_TRAJECTORY
        self.action = ActionClient(self.node, action.kind, action.name)

    def _leave(self):
        self.action.destroy()
        super()._leave()

    def _on_commanded(self, message):
        positions = positions_of(message)
        row = [positions.get(joint, math.nan) for joint in JOINTS]
        self.commanded.append((to_seconds(message.header.stamp), row))

    def _on_diagnostics(self, message):
        for status in message.status:
            if status.name == "arm_controller":
                self.delays.append(float(values_of(status)["longest_delay"]))

    def goal(self, *points):
        """Send points of (time, waist, elbow), each at rest; returns the future result and where the arm began."""
        self.be_enabled()
        self.commanded.clear()
        self.wait_for(lambda: self.commanded)
        begin = np.array(self.commanded[-1][1])
        places = [begin + np.array([waist, 0.0, elbow, 0.0, 0.0, 0.0]) for _, waist, elbow in points]
        still = np.zeros((len(points), len(JOINTS)))
        motion = Trajectory(JOINTS, np.array([at for at, _, _ in points]), np.array(places), still, still)
        self.wait_for(self.action.server_is_ready)
        goal = FollowJointTrajectory.Goal(trajectory=from_trajectory(motion, 0, ""))
        sent = self.action.send_goal_async(goal)
        self.wait_for(sent.done)
        return sent.result().get_result_async(), begin, motion

    def pause(self, seconds):
        """Hear the graph for so long."""
        end = self.node.get_clock().now().nanoseconds + seconds * 1e9
        self.wait_for(lambda: self.node.get_clock().now().nanoseconds >= end)


@pytest.fixture(scope="module")
def graph(tmp_path_factory, module_domain):
    with Watched(tmp_path_factory.mktemp("runtime")) as graph:
        yield graph


def deviation(commanded, plan):
    """Largest distance of set-points from a plan that began at the time which fits best [rad]."""
    stamps, places = (np.array(column) for column in zip(*commanded, strict=True))
    moving = np.flatnonzero(np.abs(places - places[0]).max(axis=1) > 1e-6)

    def distance(begun):
        return np.abs(places - plan.sample_many(stamps - begun)[0]).max()

    coarse = min(stamps[moving[0]] + np.linspace(-2.0, 0.1, 211), key=distance)
    return min(distance(begun) for begun in coarse + np.linspace(-0.01, 0.01, 201))


def test_stalls_of_a_tenth_of_a_second_are_not_noticed(graph):
    result, begin, goal = graph.goal((MOTION / 2.0, 0.4, -0.2), (MOTION, 0.0, 0.0))
    pid = graph.pids()["arm_controller"]
    graph.wait_for(lambda: abs(graph.commanded[-1][1][0] - begin[0]) > 0.02)
    for _ in range(10):
        os.kill(pid, signal.SIGSTOP)
        graph.pause(STALL)
        os.kill(pid, signal.SIGCONT)
        graph.pause(0.4)
    graph.wait_for(result.done)
    told = len(graph.delays)
    graph.wait_for(lambda: len(graph.delays) > told + 1)
    assert graph.delays[-1] == 0.0
    assert result.result().status == SUCCEEDED, result.result().result.error_string
    state = np.zeros(len(JOINTS))
    plan = Trajectory(
        JOINTS,
        np.append(0.0, goal.times),
        np.vstack((begin, goal.positions)),
        np.vstack((state, goal.velocities)),
        np.vstack((state, goal.accelerations)),
    )
    assert deviation(graph.commanded, plan) <= DEVIATION


def test_killed_the_arm_stops_within_limits_and_the_next_controller_goes_on_without_a_step(graph):
    result, begin, _ = graph.goal((6.0, 1.2, -0.6))
    graph.wait_for(lambda: abs(graph.commanded[-1][1][0] - begin[0]) > 0.2)
    killed = graph.pids()["arm_controller"]
    os.kill(killed, signal.SIGKILL)
    graph.wait_for(lambda: graph.state() == "HOLDING")
    graph.wait_for(lambda: len(graph.commanded) > 10 and graph.commanded[-1][1] == graph.commanded[-8][1])
    assert abs(graph.commanded[-1][1][0] - begin[0]) < 1.0
    graph.wait_for(lambda: graph.pids().get("arm_controller") not in (None, killed))
    kept = list(graph.commanded)
    assert not result.done() or result.result().status != SUCCEEDED
    graph.rejoin()
    again, _, _ = graph.goal((2.0, -0.2, 0.1))
    graph.wait_for(again.done)
    assert again.result().status == SUCCEEDED, again.result().result.error_string
    stamps, places = (np.array(column) for column in zip(*kept, *graph.commanded, strict=True))
    order = np.argsort(stamps, kind="stable")
    speeds = np.abs(np.diff(places[order], axis=0)) / np.maximum(np.diff(stamps[order]), 0.01)[:, None]
    assert speeds.max() < 1.0  # what was asked for is 0.4 rad/s at most
