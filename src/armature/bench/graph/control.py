"""The controller at work: from a command to the bus cycle that samples it, planning, processor time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from armature.bench.figure import Figure, quantiles
from armature.bench.graph.client import BenchClient
from armature.bench.graph.own_graph import own_environment, pids_of, running
from armature.bench.graph.processes import cpu_time, running_script
from armature.core.control.tracker import Tracker
from armature.core.trajectory.limits import GroupLimits, check_motion
from armature.core.trajectory.trajectory import Trajectory
from armature.graph import runtime_folder
from armature.nodes.common.robot_files import read_robot
from armature.robots import Robot
from armature.standalone import Supervisor

_COMMANDS = 20
_LONG_COMMANDS = 10
_POINTS = (10, 100, 1000, 5000)  # of goals of 20 s
_PLANS = 200
_MOVING = 12.0  # [s]
_RATE = 100  # [Hz]
_CYCLE = 1000.0 / _RATE  # [ms]
_ACCELERATION, _JERK = 4.0, 40.0  # the parameters' defaults [rad/s²], [rad/s³]
_PEER = f"""
import rclpy
from sensor_msgs.msg import JointState
rclpy.init()
node = rclpy.create_node("peer")
publisher = node.create_publisher(JointState, "peer_joint_states", 10)
message = JointState(name=list("abcdef"), position=6 * [0.0], velocity=6 * [0.0])
def publish():
    message.header.stamp = node.get_clock().now().to_msg()
    publisher.publish(message)
node.create_timer(1.0 / {_RATE}, publish)
rclpy.spin(node)
"""


def measure(robot: Robot, domain: int) -> Iterator[Figure]:
    """Time planning, then a graph of its own on the emulated arm.

    Args:
        robot: the arm.
        domain: ROS domain in which nothing else runs.
    """
    yield from quantiles("check and plan a goal of three points, six joints", _planning(robot), "ms", 0.5, 0.95)
    with (
        own_environment(domain) as environment,
        running(robot, environment),
        running_script(_PEER, environment) as peer,
    ):
        pids = pids_of(Supervisor(runtime_folder(environment, "")))
        with BenchClient(robot) as client:
            yield from _commands(client)
            yield from _moving(client, pids["arm_controller"], peer)
            client.disable()


def _planning(robot: Robot) -> list[float]:
    arm = read_robot(robot.urdf, robot.wiring, robot.poses).arm
    joints = tuple(joint.name for joint in arm.arm_joints)
    limits = GroupLimits.of(arm, joints, dict.fromkeys(joints, _ACCELERATION), dict.fromkeys(joints, _JERK))
    row = np.full(len(joints), 0.1)
    goal = Trajectory(joints, np.array([1.0, 2.0, 3.0]), np.array([row, -row, row]))
    return [_plan(goal, limits) for _ in range(_PLANS)]


def _plan(goal: Trajectory, limits: GroupLimits) -> float:
    tracker = Tracker(limits, np.zeros(len(limits.joints)))
    begun = time.perf_counter()
    check_motion(tracker.plan(goal, 0.0), limits)
    tracker.accept(goal, 0.0)
    tracker.segment(0.0)
    return 1000.0 * (time.perf_counter() - begun)


def _commands(client: BenchClient) -> Iterator[Figure]:
    client.enable()
    client.go_home()
    sent, accepted = zip(*(client.goal_to_cycle() for _ in range(_COMMANDS)), strict=True)
    jogs = [client.jog_to_cycle((-1) ** count) for count in range(_COMMANDS)]
    for name, times in (
        ("goal accepted to the first bus cycle that samples it", accepted),
        ("goal sent to that cycle", sent),
        ("jog sent to the first bus cycle that samples it", jogs),
    ):
        for q in (0.5, 0.95):
            yield Figure(f"{name}, p{100 * q:g}", float(np.quantile(times, q)), "ms", _CYCLE, "a cycle")
    yield from _long_goals(client, float(np.median(accepted)), float(np.median(sent)))


def _long_goals(client: BenchClient, accepted: float, sent: float) -> Iterator[Figure]:
    """Goals of 20 s beside a short one: its time since it was accepted, and since it was sent [ms]."""
    for points in _POINTS:
        since_sent, since_accepted = zip(
            *(client.long_goal_to_cycle(points) for _ in range(_LONG_COMMANDS)), strict=True
        )
        for name, times, short in (("accepted", since_accepted, accepted), ("sent", since_sent, sent)):
            name = f"goal of 20 s and {points} points {name} to its first cycle, p50"
            yield Figure(name, float(np.median(times)), "ms", short, "a short goal")


def _moving(client: BenchClient, controller: int, peer: int) -> Iterator[Figure]:
    before, begun = (cpu_time(controller), cpu_time(peer)), time.perf_counter()
    client.sway(_MOVING)
    elapsed = time.perf_counter() - begun
    used, bare = (
        100.0 * (cpu_time(pid) - was) / elapsed for pid, was in zip((controller, peer), before, strict=True)
    )
    yield Figure("CPU of arm_controller, moving", used, "%", bare, f"a bare node that publishes at {_RATE} Hz")
