"""What the Gazebo plant says to Gazebo, and what it refuses to take from it."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from itertools import pairwise

import pytest
import rclpy
from builtin_interfaces.msg import Time
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from armature.emulator.physics.gazebo_world import COMMANDS_TOPIC, STATES_TOPIC
from armature.emulator.servo.actuator import Law
from armature.errors import ConfigError, ProcessError
from armature.nodes.emulator.gazebo_plant import GazeboPlant

from ..plants import ROBOT

JOINTS = ROBOT.wiring.joints
STEP = 0.001  # [s]


class Topics:
    """The bridge's topics, with the plant at their other end."""

    def __init__(self, context: rclpy.Context) -> None:
        self.bridge = Node("bridge", context=context, start_parameter_services=False)
        self.states = self.bridge.create_publisher(JointState, STATES_TOPIC, 10)
        self.clock = self.bridge.create_publisher(Clock, "/clock", 10)
        self.commands = self.bridge.create_subscription(JointTrajectory, COMMANDS_TOPIC, lambda _: None, 10)
        self.node = Node("plant", context=context, start_parameter_services=False)
        self.plant = GazeboPlant(self.node, ROBOT.arm, ROBOT.wiring)
        self.seconds = 0.0

    def tell(self, speed: float = 0.0, passed: float = 0.05, **changed: object) -> None:
        """Publish the next state and time."""
        self.seconds += passed
        fields = {"name": JOINTS, "position": [0.1] * len(JOINTS), "velocity": [speed] * len(JOINTS)} | changed
        self.states.publish(JointState(**fields))
        self.clock.publish(Clock(clock=Time(sec=int(self.seconds), nanosec=int(self.seconds % 1.0 * 1e9))))

    def await_rest(self, timeout: float = 20.0, **state: object) -> None:
        """Let the plant wait, and tell it something at each of its looks."""

        def pause(seconds: float) -> None:
            self.tell(**state)
            time.sleep(0.01)

        self.plant.await_rest(time.monotonic, pause, timeout)

    def heard(self, torques: list[float | None]) -> JointTrajectory:
        """The command that follows from torques."""
        give_up = time.monotonic() + 20.0
        while True:
            self.plant.step(0.1, torques)
            with self.commands.handle:
                taken = self.commands.handle.take_message(JointTrajectory, False)
            if taken is not None:
                return taken[0]
            assert time.monotonic() < give_up, "no command comes"
            time.sleep(0.01)

    def close(self) -> None:
        self.bridge.destroy_node()
        self.node.destroy_node()


@pytest.fixture
def topics():
    context = rclpy.Context()
    rclpy.init(context=context)
    made = Topics(context)
    yield made
    made.close()
    context.shutdown()


def test_a_joint_with_torque_gets_its_servos_set_point_and_one_without_gets_zero_effort(topics):
    topics.await_rest()
    command = topics.heard([0.5, None, *[0.0] * (len(JOINTS) - 2)])
    by_joint = dict(zip(command.joint_names, command.points[0].positions, strict=True))
    waist, shoulder = Law.of(ROBOT.wiring.servos[0]), command.joint_names.index("shoulder")
    assert by_joint["waist"] == pytest.approx(0.1 + 0.5 / waist.stiffness)
    assert math.isnan(by_joint["shoulder"])
    assert math.isnan(command.points[0].velocities[shoulder])
    assert list(command.points[0].effort) == [0.0] * len(command.joint_names)
    assert by_joint["elbow"] == pytest.approx(0.1)


def test_a_mimic_joint_is_commanded_with_its_leader(topics):
    topics.await_rest()
    free = topics.heard([None] * len(JOINTS))
    assert "gripper_right" in free.joint_names
    assert all(map(math.isnan, free.points[0].positions))
    command = topics.heard([0.0] * len(JOINTS))
    by_joint = dict(zip(command.joint_names, command.points[0].positions, strict=True))
    assert by_joint["gripper_right"] == by_joint["gripper"] == pytest.approx(0.1)


def test_what_has_not_changed_is_said_again_only_now_and_then(topics):
    topics.await_rest()
    topics.heard([0.0] * len(JOINTS))
    published = []
    topics.plant._commands = type("Counted", (), {"publish": staticmethod(published.append)})
    for _ in range(1_000):
        topics.plant.step(STEP, [0.0] * len(JOINTS))
    assert 9 <= len(published) <= 10
    for number in range(100):
        topics.plant.step(STEP, [number * 0.01] * len(JOINTS))
    assert len(published) >= 20


def test_time_comes_in_strides_and_never_goes_back(topics, wait_until):
    topics.await_rest()
    before = topics.plant.time(0.0)
    while topics.plant.time(0.0) > before:
        before = topics.plant.time(0.0)
    topics.tell(passed=10.0)
    seen = [before]
    wait_until(lambda: seen.append(topics.plant.time(0.0)) or seen[-1] > before + 0.2)
    strides = [b - a for a, b in pairwise(seen)]
    assert 0.0 <= min(strides) <= max(strides) <= 0.0201
    topics.tell(passed=-10.0)
    for _ in range(50):
        seen.append(topics.plant.time(0.0))
        time.sleep(0.002)
    assert seen == sorted(seen)
    assert seen[-1] <= before + 0.25 + 1e-9


def test_without_gazebo_it_is_told_how_to_start_it(topics):
    with pytest.raises(ProcessError, match=r"no joint states on \S*/gazebo/joint_states.*docs/howto/gazebo.md"):
        topics.plant.await_rest(time.monotonic, time.sleep, 0.2)


def test_a_paused_gazebo_is_told(topics):
    with pytest.raises(ProcessError, match="its time stands still; let it run"):
        topics.await_rest(timeout=0.5, passed=0.0)


def test_an_arm_that_does_not_come_to_rest_is_told(topics):
    with pytest.raises(ProcessError, match="does not come to rest"):
        topics.await_rest(timeout=0.5, speed=0.3)


def test_a_model_without_a_joint_is_refused_with_those_it_has(topics):
    others = [f"other_{joint}" for joint in JOINTS]
    with pytest.raises(ConfigError, match=r"'waist' cannot be used; it has other_waist.*armature world"):
        topics.await_rest(name=others)


@pytest.mark.parametrize("part", [{"velocity": []}, {"position": [0.1]}])
def test_a_joint_state_that_lacks_values_is_refused(topics, part):
    with pytest.raises(ProcessError, match="lacks positions or velocities"):
        topics.await_rest(**part)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_physics_that_has_failed_is_not_handed_on(topics, value):
    with pytest.raises(ProcessError, match=r"physics has failed: waist.*reset the world"):
        topics.await_rest(position=[value] * len(JOINTS))


def test_a_gazebo_that_ends_is_a_loss_of_power(topics, wait_until):
    topics.await_rest()
    topics.plant.time(0.0)
    topics.bridge.destroy_publisher(topics.states)
    wait_until(lambda: not topics.node.count_publishers(STATES_TOPIC))
    with pytest.raises(ProcessError, match=r"nobody publishes.*lost their power"):
        topics.plant.time(10.0)


@pytest.mark.process
def test_the_emulators_process_says_in_one_line_that_there_is_no_gazebo(tmp_path):
    files = ROBOT.files
    line = ["--urdf", files.urdf, "--wiring", files.wiring, "--poses", files.poses, "--link", tmp_path / "bus"]
    command = [sys.executable, "-m", "armature.nodes.emulator", *map(str, line), "--plant", "gazebo"]
    ended = subprocess.run(
        [*command, "--timeout", "0.2", "--ros-args", "-r", "__ns:=/left"],
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert ended.returncode == 1
    assert "no joint states on /left/gazebo/joint_states" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "bus").is_symlink()
