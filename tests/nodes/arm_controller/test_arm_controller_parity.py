"""Parameters and answers that clients of joint_trajectory_controller know."""

from __future__ import annotations

import pytest
from builtin_interfaces.msg import Duration, Time
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointTrajectoryControllerState
from control_msgs.srv import QueryTrajectoryState
from rclpy.duration import Duration as RosDuration
from trajectory_msgs.msg import JointTrajectory

from armature.errors import ArmatureError
from armature.nodes.arm_controller.arm_controller import ArmController
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_seconds

from ..motion_graph import ABORTED, CANCELED, SUCCEEDED, smooth, trajectory

Result = FollowJointTrajectory.Result


def with_parameters(make_motion, **values):
    return make_motion(arm_parameters=values).enable_servos()


def velocities_alone(*rows):
    """A goal without positions, one row a second."""
    message = trajectory([float(at + 1) for at in range(len(rows))], [[]] * len(rows), list(rows))
    for point in message.points:
        point.positions = []
    return message


def test_a_goal_of_some_joints_moves_them_and_holds_the_others(make_motion):
    motion = with_parameters(make_motion, allow_partial_joints_goal=True)
    assert motion.follow(trajectory([0.6], [[0.2]], [[0.0]], joints=("elbow",))).status == SUCCEEDED
    motion.is_still()
    assert motion.servos.position["elbow"] == pytest.approx(0.2, abs=1e-6)
    assert motion.waist == 0.0
    assert motion.servos.refused == []


def test_velocities_alone_are_integrated_where_that_is_allowed(make_motion):
    allowed = {"allow_integration_in_goal_trajectories": True, "allow_nonzero_velocity_at_trajectory_end": False}
    motion = with_parameters(make_motion, **allowed)
    assert motion.follow(velocities_alone([0.2, 0.0], [0.0, 0.0])).status == SUCCEEDED
    motion.is_still()
    assert motion.waist == pytest.approx(0.2, abs=1e-6)
    ends_moving = motion.follow(velocities_alone([0.2, 0.0]))
    assert "ends at rest" in ends_moving.result.error_string


def test_an_end_in_motion_is_refused_where_that_is_not_allowed(make_motion):
    motion = with_parameters(make_motion, allow_nonzero_velocity_at_trajectory_end=False)
    answer = motion.follow(trajectory([1.0], [[0.1, 0.0]], [[0.1, 0.0]]))
    assert answer.result.error_code == Result.INVALID_GOAL
    assert "velocity of waist at the last point: 0.1 refused" in answer.result.error_string
    assert "ends at rest" in answer.result.error_string
    assert motion.servos.segments == []


def test_behind_an_end_in_motion_follows_a_stop_of_the_controllers_own(motion):
    answer = motion.follow(trajectory([1.0], [[0.3, 0.0]], [[0.4, 0.0]]))
    assert answer.status == SUCCEEDED
    assert motion.servos.velocity["waist"] > 0.2
    motion.is_still()
    assert 0.31 < motion.waist < 0.4
    assert motion.servos.refused == []


def test_velocities_alone_are_refused_with_the_parameter_that_would_allow_them(motion):
    answer = motion.follow(velocities_alone([0.2, 0.0], [0.0, 0.0]))
    assert answer.result.error_code == Result.INVALID_GOAL
    assert "allow_integration_in_goal_trajectories" in answer.result.error_string
    assert motion.servos.segments == []


def test_without_a_goal_time_a_goal_ends_by_the_timeout_of_commands(make_motion):
    motion = with_parameters(make_motion, cmd_timeout=0.3)
    motion.servos.offset["elbow"] = 0.1
    answer = motion.follow(smooth(0.6, 0.2, 0.0), goal_time_tolerance=Duration(sec=-1))
    assert answer.result.error_code == Result.GOAL_TOLERANCE_VIOLATED
    assert "cmd_timeout 0.3 s" in answer.result.error_string
    motion.is_still()
    assert motion.waist == pytest.approx(0.2, abs=1e-6)


def test_a_cancel_may_slow_down_more_gently(make_motion):
    motion = with_parameters(make_motion, **{"constraints.waist.max_deceleration_on_cancel": 0.3})
    handle = motion.send(smooth(3.0, 1.4, 0.0))
    motion.until(lambda: motion.servos.velocity["waist"] > 0.5)
    begun = motion.node.get_clock().now()
    motion.done(handle.cancel_goal_async())
    assert motion.answer(handle).status == CANCELED
    assert (motion.node.get_clock().now() - begun).nanoseconds > 1.0e9
    assert motion.servos.refused == []


def test_the_first_speed_may_be_a_parameter(make_motion):
    motion = with_parameters(make_motion, **{"speed_scaling.initial_scaling_factor": 0.5})
    assert motion.arm.control.state.rate(0.0) == 0.5


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"constraints.decelerate_on_cancel": False}, "decelerate_on_cancel: false .*leave it true"),
        ({"constraints.waist.max_deceleration_on_cancel": 9.0}, "9.0 .*limits.waist.acceleration is 4"),
        ({"constraints.waist.goal": -1.0}, "parameter constraints.waist.goal: -1.0 .*at least 0"),
        ({"constraints.goal_time": -1.0}, "parameter constraints.goal_time: -1.0"),
        ({"cmd_timeout": -0.1}, "parameter cmd_timeout: -0.1"),
        ({"speed_scaling.initial_scaling_factor": 3.0}, "speed scaling factor: 3.0 .*give 0 to 2"),
        ({"interpolation_method": "none"}, "parameter interpolation_method"),
    ],
)
def test_what_cannot_be_had_is_refused_at_start_by_name(make_motion, values, says):
    motion = make_motion()
    with pytest.raises(ArmatureError, match=says):
        motion.make(ArmController, {"urdf": str(motion.urdf), **values})


def test_state_and_feedback_tell_the_place_on_the_trajectory(motion):
    heard = []
    motion.node.create_subscription(JointTrajectoryControllerState, topics.CONTROLLER_STATE.name, heard.append, 10)
    motion.follow(trajectory([0.5, 1.0], [[0.1, 0.0], [0.3, 0.0]], [[0.0, 0.0]] * 2))
    times = [to_seconds(said.feedback.desired.time_from_start) for said in motion.feedback]
    assert times == sorted(times)
    assert 0.0 <= times[0] < times[-1] < 1.2
    assert to_seconds(motion.feedback[-1].feedback.actual.time_from_start) == times[-1]
    if hasattr(motion.feedback[0].feedback, "index"):
        assert [said.feedback.index for said in motion.feedback][-1] >= 1
    motion.until(lambda: any(to_seconds(state.reference.time_from_start) > 0.3 for state in heard))
    assert len(heard[-1].reference.accelerations) == len(heard[-1].output.positions) == 2


def test_a_state_that_is_not_known_is_not_told(motion):
    client = motion.node.create_client(QueryTrajectoryState, "arm_controller/query_state")
    motion.until(client.service_is_ready)
    before = motion.done(client.call_async(QueryTrajectoryState.Request(time=Time(sec=1))))
    assert not before.success
    assert "is not kept" in before.message
    assert list(before.position) == []


def test_a_state_to_come_can_be_asked_for(motion):
    client = motion.node.create_client(QueryTrajectoryState, "arm_controller/query_state")
    motion.until(client.service_is_ready)
    handle = motion.send(smooth(1.0, 0.3, 0.0))
    motion.moved(0.01)
    later = (motion.node.get_clock().now() + RosDuration(seconds=30.0)).to_msg()
    said = motion.done(client.call_async(QueryTrajectoryState.Request(time=later)))
    assert said.success
    assert said.position[0] == pytest.approx(0.3)
    assert motion.answer(handle).status == SUCCEEDED


def test_an_empty_trajectory_from_the_topic_changes_nothing(motion):
    publisher = topics.publisher(motion.node, topics.JOINT_TRAJECTORY)
    motion.until(lambda: publisher.get_subscription_count() > 0)
    handle = motion.send(smooth(0.8, 0.3, 0.0))
    publisher.publish(JointTrajectory(joint_names=["waist", "elbow"]))
    assert motion.answer(handle).status == SUCCEEDED


def test_a_trajectory_from_the_topic_ends_the_goal_that_it_replaces(motion):
    publisher = topics.publisher(motion.node, topics.JOINT_TRAJECTORY)
    motion.until(lambda: publisher.get_subscription_count() > 0)
    handle = motion.send(smooth(2.0, 0.8, 0.0))
    motion.moved()
    publisher.publish(smooth(1.0, 0.0, 0.0))
    answer = motion.answer(handle)
    assert answer.status == ABORTED
    assert "replaced by a newer goal" in answer.result.error_string


def test_the_goals_tolerance_of_time_may_be_lifted(motion):
    motion.servos.offset["elbow"] = 0.1
    handle = motion.send(smooth(0.3, 0.1, 0.0), goal_time_tolerance=Duration(sec=-1))
    motion.spin(1.6)
    motion.servos.offset["elbow"] = 0.0
    assert motion.answer(handle).status == SUCCEEDED
