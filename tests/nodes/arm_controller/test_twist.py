"""Cartesian jogs through the node."""

from __future__ import annotations

import math

import pytest
from geometry_msgs.msg import TwistStamped
from rclpy.duration import Duration as RosDuration

from armature.nodes.common import topics

from ..motion_graph import ABORTED, smooth
from .test_checks import SOLID


def twist(frame="base_link", **linear):
    """A twist message [m/s]."""
    message = TwistStamped()
    message.header.frame_id = frame
    for axis, value in linear.items():
        setattr(message.twist.linear, axis, value)
    return message


class Operator:
    """Sends twists, and hears what the controller says of them."""

    def __init__(self, motion):
        self.motion = motion
        self.said = []
        self._twists = topics.publisher(motion.node, topics.TWIST)
        topics.subscription(motion.node, topics.DIAGNOSTICS, self._hear)
        motion.until(lambda: self._twists.get_subscription_count() > 0)

    def _hear(self, message):
        self.said += [pair.value for status in message.status for pair in status.values if pair.key == "last"]

    def press(self, message, until, times=60):
        """Send a twist again and again until something is so."""
        for _ in range(times):
            if until():
                return
            self._twists.publish(message)
            self.motion.spin(0.08)
        assert until(), "pressed in vain"


@pytest.fixture
def operator(motion):
    return Operator(motion)


def test_a_twist_moves_the_tool_while_it_comes_and_stops_when_it_does_not(motion, operator):
    # The tool is 0.1 m before the elbow's axis, which points left: down is positive.
    operator.press(twist(z=-0.03), lambda: motion.servos.position["elbow"] > 0.1)
    motion.is_still()
    assert motion.servos.refused == []
    assert abs(motion.waist) < 0.01
    assert motion.servos.position["elbow"] < 0.5


def test_the_same_twist_moves_the_tool_again_after_a_rest(motion, operator):
    message = twist(z=-0.03)
    operator.press(message, lambda: motion.servos.position["elbow"] > 0.1)
    motion.is_still()
    rested = motion.servos.position["elbow"]
    operator.press(message, lambda: motion.servos.position["elbow"] > rested + 0.05)
    motion.is_still()
    assert motion.servos.refused == []


def test_in_the_tools_frame_it_moves_along_the_tools_axes(motion, operator):
    operator.press(twist("tool0", y=0.05), lambda: motion.waist > 0.05)
    motion.is_still()
    assert motion.servos.refused == []


def test_a_goal_takes_over_from_a_twist_and_a_twist_from_a_goal(motion, operator):
    operator.press(twist(y=0.05), lambda: motion.waist > 0.05)
    handle = motion.send(smooth(3.0, 0.8, 0.0))
    motion.until(lambda: motion.waist > 0.3)
    operator.press(twist(z=-0.03), lambda: motion.servos.position["elbow"] > 0.05)
    answer = motion.answer(handle)
    assert answer.status == ABORTED
    assert "replaced by a jog" in answer.result.error_string
    motion.is_still()
    assert motion.servos.refused == []


def test_before_the_floor_it_stops_and_says_why(make_motion):
    motion = make_motion(urdf=SOLID).enable_servos()
    operator = Operator(motion)
    operator.press(twist(z=-0.04), lambda: any("lower comes near floor" in text for text in operator.said))
    motion.is_still()
    assert motion.servos.position["elbow"] < 0.4


def test_a_joint_jog_stops_before_the_floor_too(make_motion):
    motion = make_motion(urdf=SOLID).enable_servos()
    operator = Operator(motion)
    motion.press({"elbow": 0.4}, times=40, until=lambda: any("jog: slowed" in text for text in operator.said))
    motion.is_still()
    assert motion.servos.position["elbow"] < 0.4


@pytest.mark.parametrize(
    ("message", "says"),
    [(twist("nowhere", x=0.1), "use base_link or tool0"), (twist(x=math.nan), "finite numbers")],
)
def test_a_bad_twist_moves_nothing_and_is_told(motion, operator, message, says):
    operator.press(message, lambda: any(says in text for text in operator.said))
    assert motion.servos.segments == []


def test_a_twist_that_comes_too_late_is_refused(motion, operator):
    late = twist(z=-0.05)
    late.header.stamp = (motion.node.get_clock().now() - RosDuration(seconds=1.0)).to_msg()
    operator.press(late, lambda: any("counts for its lease only" in text for text in operator.said))
    assert motion.servos.segments == []


def test_a_twist_is_refused_while_the_arm_is_not_enabled(make_motion):
    motion = make_motion()
    motion.servos.be("HOLDING")
    operator = Operator(motion)
    operator.press(twist(z=-0.05), lambda: any("HOLDING" in text for text in operator.said))
    assert motion.servos.segments == []
