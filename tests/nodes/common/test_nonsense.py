"""Nonsense for all actions and topics of the controllers: they live, and every goal ends with a result.

`make soak` sends five thousand messages, `make test` a few.
"""

from __future__ import annotations

import random

import pytest
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from control_msgs.msg import JointJog, JointTolerance, SpeedScalingFactor
from rclpy.action import ActionClient
from sensor_msgs.msg import JointState

from armature.nodes.common import topics

from ..arm_controller.test_checks import SOLID
from ..arm_controller.test_moves import joints_goal, poses_goal
from ..arm_controller.test_twist import twist
from ..motion_graph import ABORTED, CANCELED, SUCCEEDED, smooth, trajectory
from ..nonsense import spoiled
from ..servo_interface.test_strangers import assert_within_limits

# Numpy warns of what a running controller goes on with.
pytestmark = [
    pytest.mark.soak,
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]
MESSAGES = 5_000
FEWEST = 150
OPEN = 8  # goals at once


def sound_goal(kind, chance):
    """A goal that could be followed."""
    a, b = chance.uniform(-0.3, 0.3), chance.uniform(-0.3, 0.2)
    if kind is topics.FOLLOW_JOINT_TRAJECTORY:
        goal = FollowJointTrajectory.Goal(trajectory=smooth(chance.uniform(0.4, 0.9), a, b))
        if chance.random() < 0.5:
            goal.trajectory = trajectory([0.4, 0.8], [[a / 2, b / 2], [a, b]], [[0.1, 0.1], [0.0, 0.0]])
        goal.path_tolerance = goal.goal_tolerance = [JointTolerance(name="waist", position=0.2)]
        return goal
    if kind is topics.GRIPPER_COMMAND:
        command = JointState(name=["gripper"], position=[chance.uniform(0.0, 0.03)], velocity=[0.05])
        return ParallelGripperCommand.Goal(command=command)
    if kind is topics.MOVE_JOINTS:
        return joints_goal([[a / 2, b / 2], [a, b]], preview=chance.random() < 0.3)
    places = [(0.28, 0.03, 0.1), (0.27, 0.06, 0.1)]
    return poses_goal(*places[: 2 if kind is topics.MOVE_ARC else 1])


def sound_message(topic, chance):
    """A message that could be followed."""
    if topic is topics.JOINT_TRAJECTORY:
        return smooth(0.5, chance.uniform(-0.3, 0.3), chance.uniform(-0.3, 0.2))
    if topic is topics.JOINT_JOG:
        return JointJog(joint_names=["waist", "elbow"], velocities=[0.2, -0.1], duration=0.1)
    if topic is topics.TWIST:
        return twist(y=0.05, z=0.02)
    return SpeedScalingFactor(factor=1.0)


class Stranger:
    """Sends what is nearly right, and sometimes what is right."""

    actions = (
        topics.FOLLOW_JOINT_TRAJECTORY,
        topics.MOVE_JOINTS,
        topics.MOVE_TO,
        topics.MOVE_LINE,
        topics.MOVE_ARC,
        topics.GRIPPER_COMMAND,
    )
    topics = (topics.JOINT_TRAJECTORY, topics.JOINT_JOG, topics.TWIST, topics.SPEED_SCALING)

    def __init__(self, motion, chance):
        self.motion, self.chance = motion, chance
        self.results = []
        self._handles = []
        self._clients = {action: ActionClient(motion.node, action.kind, action.name) for action in self.actions}
        self._publishers = {topic: topics.publisher(motion.node, topic) for topic in self.topics}
        motion.until(lambda: all(client.server_is_ready() for client in self._clients.values()))
        motion.until(lambda: all(out.get_subscription_count() for out in self._publishers.values()))

    def send(self):
        """Send something."""
        chance = self.chance
        if chance.random() < 0.4:
            topic = chance.choice(self.topics)
            self._publishers[topic].publish(self._spoiled(sound_message(topic, chance)))
            return
        action = chance.choice(self.actions)
        goal = self._spoiled(sound_goal(action, chance))
        handle = self.motion.done(self._clients[action].send_goal_async(goal))
        if action is topics.GRIPPER_COMMAND and not handle.accepted:
            return  # its result has no words, so it rejects
        assert handle.accepted
        self.results.append(handle.get_result_async())
        self._handles = [*self._handles, handle][-OPEN:]
        if chance.random() < 0.2:
            chance.choice(self._handles).cancel_goal_async()

    def _spoiled(self, message):
        for _ in range(self.chance.choice((0, 1, 1, 1, 2, 3))):
            message = spoiled(message, self.chance)
        return message

    def come_to_an_end(self):
        """Wait for the ends of all goals."""
        self._publishers[topics.SPEED_SCALING].publish(SpeedScalingFactor(factor=1.0))
        self.motion.until(lambda: all(result.done() for result in self.results))
        return [result.result() for result in self.results]

    def close(self):
        for client in self._clients.values():
            client.destroy()


@pytest.fixture
def stranger(make_motion):
    made = Stranger(make_motion(urdf=SOLID).enable_servos(), random.Random(23))
    yield made
    made.close()


def test_nonsense_ends_with_a_result_and_the_controllers_live(stranger, soak):
    motion, chance = stranger.motion, stranger.chance
    count = max(FEWEST, soak.count(MESSAGES))
    for number in range(count):
        stranger.send()
        motion.spin(chance.choice((0.0, 0.0, 0.02, 0.1)))
        soak.show(number, count, "pieces of nonsense")
    ends = stranger.come_to_an_end()
    assert {end.status for end in ends} <= {SUCCEEDED, CANCELED, ABORTED}
    words = [end.result.error_string for end in ends if hasattr(end.result, "error_string")]
    assert all(words)
    motion.is_still()
    assert motion.follow(smooth(1.0, 0.1, 0.1)).status == SUCCEEDED
    assert motion.servos.refused == []
    assert_within_limits(motion.servos.trace)
