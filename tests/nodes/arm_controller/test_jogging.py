"""Press-and-hold motion."""

from __future__ import annotations

import math

import pytest
from control_msgs.msg import JointJog
from rclpy.duration import Duration as RosDuration

from armature.nodes.common import topics

from ..motion_graph import ABORTED, smooth
from .test_twist import Operator, twist

LEASE = 0.25  # [s]


def reached(motion, velocities):
    """Whether these joints move at these velocities."""
    return all(abs(motion.servos.velocity[joint] - v) < 0.05 for joint, v in velocities.items())


def test_a_jog_moves_while_it_is_pressed_and_stops_when_released(motion):
    asked = {"waist": 0.5, "elbow": -0.3}
    motion.press(asked)
    assert reached(motion, asked)
    released = motion.waist
    motion.is_still()
    assert released < motion.waist < released + 0.5 * (LEASE + 0.5)
    assert motion.servos.refused == []


def test_a_jog_takes_over_from_a_goal_without_a_jump(motion):
    handle = motion.send(smooth(2.0, 1.0, 0.0))
    motion.moved()
    motion.press({"elbow": 0.5}, times=3)
    answer = motion.answer(handle)
    assert answer.status == ABORTED
    assert "replaced by a jog" in answer.result.error_string
    motion.is_still()
    assert motion.servos.refused == []


@pytest.mark.parametrize(
    "message",
    [
        JointJog(joint_names=["tail"], velocities=[0.5]),
        JointJog(joint_names=["waist"], velocities=[math.nan]),
        JointJog(joint_names=["waist"], velocities=[]),
        JointJog(joint_names=["waist"], velocities=[0.5], duration=-1.0),
        JointJog(joint_names=["waist"], displacements=[0.5]),
        JointJog(joint_names=["gripper"], velocities=[0.01]),
        JointJog(joint_names=["elbow", "elbow"], velocities=[0.5, -0.5]),
    ],
)
def test_a_bad_jog_moves_nothing_and_is_told(motion, message):
    said = []
    topics.subscription(motion.node, topics.DIAGNOSTICS, lambda m: said.extend(m.status))
    motion.jogs.publish(message)
    motion.until(lambda: any("refused" in pair.value for status in said for pair in status.values))
    assert motion.servos.segments == []


def test_a_jog_that_comes_to_a_limit_stops_before_it_and_says_so(make_motion):
    motion = make_motion(rest=(0.0, 1.2, 0.01)).enable_servos()
    operator = Operator(motion)
    motion.press({"elbow": 1.0}, times=40, until=lambda: "jog: elbow comes to its limit" in operator.said)
    assert "jog: elbow comes to its limit" in operator.said
    motion.is_still()
    assert 1.3 < motion.servos.position["elbow"] < 1.5


def test_jogs_at_speed_0_are_refused_with_the_reason(motion):
    operator = Operator(motion)
    motion.scale_speed(0.0)
    motion.press({"elbow": 1.0}, times=40, until=lambda: any(text.startswith("jog") for text in operator.said))
    assert any("jog: jog refused: the speed scaling factor is 0" in text for text in operator.said)
    operator.press(twist(y=0.05), lambda: any(text.startswith("twist") for text in operator.said))
    assert any("twist: twist refused: the speed scaling factor is 0" in text for text in operator.said)
    assert motion.servos.segments == []


def test_a_jog_that_comes_too_late_is_refused(motion):
    late = JointJog(joint_names=["waist"], velocities=[0.5])
    late.header.stamp = (motion.node.get_clock().now() - RosDuration(seconds=1.0)).to_msg()
    operator = Operator(motion)
    motion.jogs.publish(late)
    motion.until(lambda: any("a jog counts for its lease only" in text for text in operator.said))
    assert motion.servos.segments == []
