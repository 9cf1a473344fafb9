"""The arm controller follows goals, and tells what it does."""

from __future__ import annotations

import pytest
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointTrajectoryControllerState
from control_msgs.srv import QueryTrajectoryState
from rclpy.duration import Duration as RosDuration
from rclpy.parameter import Parameter

from armature.errors import ConfigError
from armature.nodes.arm_controller.arm_controller import ArmController
from armature.nodes.arm_controller.gripper_controller import GripperController
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_seconds

from ..motion_graph import SUCCEEDED, smooth, trajectory

Result = FollowJointTrajectory.Result


def test_a_goal_is_followed_to_its_end(motion):
    answer = motion.follow(smooth(0.8, 0.4, -0.3))
    assert answer.status == SUCCEEDED
    assert answer.result.error_code == Result.SUCCESSFUL
    motion.is_still()
    assert motion.servos.position["waist"] == pytest.approx(0.4, abs=1e-6)
    assert motion.servos.position["elbow"] == pytest.approx(-0.3, abs=1e-6)
    assert motion.servos.refused == []
    assert motion.servos.position["gripper"] == 0.01


def test_joints_may_come_in_another_order(motion):
    answer = motion.follow(trajectory([0.8], [[-0.3, 0.4]], [[0.0, 0.0]], joints=("elbow", "waist")))
    assert answer.status == SUCCEEDED
    motion.is_still()
    assert motion.servos.position["elbow"] == pytest.approx(-0.3, abs=1e-6)


def test_positions_alone_are_joined_by_straight_lines(motion):
    answer = motion.follow(trajectory([0.6, 1.2], [[0.1, 0.0], [0.4, 0.0]]))
    assert answer.status == SUCCEEDED
    begin = next(now for now, position in motion.servos.trace if position["waist"] > 0.0)
    half = [position["waist"] for now, position in motion.servos.trace if 0.89 < now - begin < 0.91]
    assert half == pytest.approx([0.25] * len(half), abs=0.02)


def test_a_first_point_at_time_zero_near_the_setpoint_is_blended_from_it(motion):
    answer = motion.follow(trajectory([0.0, 0.8], [[0.01, 0.0], [0.4, 0.0]], [[0.0, 0.0]] * 2))
    assert answer.status == SUCCEEDED
    assert motion.servos.refused == []


def test_feedback_tells_desired_actual_and_error(motion):
    motion.servos.offset["elbow"] = 0.01
    motion.follow(smooth(0.8, 0.4, 0.0))
    assert len(motion.feedback) >= 3
    last = motion.feedback[-1].feedback
    assert list(last.joint_names) == ["waist", "elbow"]
    assert last.error.positions[1] == pytest.approx(-0.01, abs=1e-6)
    assert last.actual.positions[1] == pytest.approx(last.desired.positions[1] + 0.01, abs=1e-6)


def test_segments_carry_the_session_look_ahead_and_end_at_rest(motion):
    motion.follow(smooth(1.5, 0.8, 0.0))
    for segment in motion.servos.segments:
        assert segment.header.frame_id == "s1"
        assert segment.points[-1].velocities.tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
        assert len(segment.points[0].accelerations) == 2
    assert to_seconds(motion.servos.segments[0].points[-1].time_from_start) > 0.2


def test_nothing_is_published_at_rest(motion):
    motion.follow(smooth(0.5, 0.2, 0.0))
    motion.is_still()
    motion.servos.segments.clear()
    motion.spin(0.3)
    assert motion.servos.segments == []


def test_a_trajectory_from_the_topic_is_followed(motion):
    publisher = topics.publisher(motion.node, topics.JOINT_TRAJECTORY)
    motion.until(lambda: publisher.get_subscription_count() > 0)
    publisher.publish(smooth(0.8, 0.3, 0.0))
    motion.until(lambda: motion.waist == pytest.approx(0.3, abs=1e-6))


def test_a_trajectory_with_a_stamp_ends_at_its_time(motion):
    message = smooth(0.6, 0.3, 0.0)
    message.header.stamp = (motion.node.get_clock().now() + RosDuration(seconds=0.4)).to_msg()
    assert motion.follow(message).status == SUCCEEDED
    ended = to_seconds(message.header.stamp) + 0.6
    moving = [now for now, position in motion.servos.trace if position["waist"] < 0.3 - 1e-6]
    assert max(moving) == pytest.approx(ended, abs=0.05)


def test_the_controller_state_tells_reference_feedback_and_error(motion):
    heard = []
    motion.node.create_subscription(JointTrajectoryControllerState, topics.CONTROLLER_STATE.name, heard.append, 10)
    motion.servos.offset["waist"] = 0.02
    motion.until(lambda: heard and heard[-1].error.positions[0] == pytest.approx(-0.02))
    assert list(heard[-1].joint_names) == ["waist", "elbow"]
    assert heard[-1].reference.positions[0] == pytest.approx(0.0)
    assert heard[-1].output.positions[0] == pytest.approx(0.0)


def test_the_setpoint_of_a_time_can_be_asked_for(motion):
    client = motion.node.create_client(QueryTrajectoryState, "arm_controller/query_state")
    motion.until(client.service_is_ready)
    motion.follow(smooth(0.6, 0.2, 0.0))
    request = QueryTrajectoryState.Request(time=motion.node.get_clock().now().to_msg())
    said = motion.done(client.call_async(request))
    assert said.success
    assert dict(zip(said.name, said.position, strict=True))["waist"] == pytest.approx(0.2)


@pytest.mark.parametrize("kind", [ArmController, GripperController])
@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "parameter urdf: nothing is given"),
        ({"urdf": "/nowhere/arm.urdf"}, "/nowhere/arm.urdf.*readable text"),
        (
            {"urdf": None, "limits.waist.acceleration": 0.0, "limits.gripper.acceleration": 0.0},
            "acceleration: 0.0",
        ),
        (
            {"urdf": None, "constraints.elbwo.goal": 0.1},
            r"constraints.elbwo.goal: 0.1 .*(mean constraints.elbow.goal|no name is near it)",
        ),
        ({"urdf": None, "reading_timeout": "long"}, "parameter reading_timeout: 'long'"),
    ],
)
def test_bad_parameters_are_refused_by_name(make_motion, kind, values, says):
    motion = make_motion()
    given = {name: str(motion.urdf) if value is None else value for name, value in values.items()}
    with pytest.raises(ConfigError, match=says):
        motion.make(kind, given)


@pytest.mark.parametrize("given", ["tool0", "left/tool0"])
def test_frames_may_have_the_arms_prefix_of_the_tree_of_all_arms(make_motion, given):
    motion = make_motion()
    node = ArmController(
        context=motion.context,
        namespace="left",
        parameter_overrides=[Parameter("urdf", value=str(motion.urdf))],
    )
    try:
        assert node.own_frame(given) == "tool0"
        assert node.own_frame("right/tool0") == "right/tool0"  # which is refused as unknown
    finally:
        node.destroy_node()


def test_a_speed_of_half_takes_twice_as_long_and_stays_on_the_path(motion):
    motion.scale_speed(0.5)
    motion.until(lambda: motion.arm.control.state.rate(0.0) == 0.5)
    assert motion.follow(smooth(0.7, 0.3, -0.15)).status == SUCCEEDED
    motion.is_still()
    assert motion.waist == pytest.approx(0.3, abs=1e-6)
    moving = [now for now, position in motion.servos.trace if 1e-6 < position["waist"] < 0.3 - 1e-6]
    assert moving[-1] - moving[0] > 1.0
    for _, position in motion.servos.trace:
        assert position["elbow"] == pytest.approx(-0.5 * position["waist"], abs=1e-3)


def test_a_speed_of_zero_waits_on_the_path_and_a_goal_outlives_it(motion):
    handle = motion.send(smooth(1.0, 0.4, 0.0))
    motion.moved()
    motion.scale_speed(0.0)
    motion.is_still()
    assert 0.05 < motion.waist < 0.39
    assert not motion.arm.control.state.goals.are_none
    motion.scale_speed(1.0)
    assert motion.answer(handle).status == SUCCEEDED


def test_less_speed_that_the_servo_interface_asks_for_is_kept_until_it_does_not_any_more(motion):
    session = motion.arm.control.state.arm.session
    motion.servos.be("ENABLED", session, speed_factor="0.30")
    motion.until(lambda: motion.arm.control.state.rate(0.0) == 0.3)
    motion.scale_speed(0.5)
    motion.spin(0.2)
    assert motion.arm.control.state.rate(0.0) == 0.3
    motion.servos.be("ENABLED", session)
    motion.until(lambda: motion.arm.control.state.rate(0.0) == 0.5)


@pytest.mark.parametrize("factor", [-0.1, 2.5, float("nan")])
def test_a_speed_out_of_range_is_refused_with_the_range_and_changes_nothing(motion, factor):
    said = []
    topics.subscription(motion.node, topics.DIAGNOSTICS, lambda message: said.extend(message.status))
    motion.scale_speed(factor)
    motion.until(lambda: any("give 0 to 2" in pair.value for status in said for pair in status.values))
    assert motion.arm.control.state.rate(0.0) == 1.0
