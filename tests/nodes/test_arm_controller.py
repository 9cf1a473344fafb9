from __future__ import annotations

import math
import re
import threading

import pytest
from builtin_interfaces.msg import Duration
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointJog, JointTolerance, JointTrajectoryControllerState
from control_msgs.srv import QueryTrajectoryState
from rclpy.duration import Duration as RosDuration
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectoryPoint

from armature.errors import ConfigError
from armature.nodes import topics
from armature.nodes.arm_controller import ArmController, GripperController
from armature.nodes.conversions import to_seconds

from .motion_graph import ABORTED, CANCELED, SUCCEEDED, URDF, MotionGraph, smooth, trajectory

# The wheels' lark imports a deprecated module of CPython when rclpy first needs a type.
pytestmark = pytest.mark.filterwarnings("ignore:module 'sre_:DeprecationWarning")
Result = FollowJointTrajectory.Result
# How far a newly arrived piece may be from what was being played [rad]: the servo interface refuses half a degree.
NO_JUMP = math.radians(0.5)


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    threads = set(threading.enumerate())
    made = []

    def build(**options):
        made.append(MotionGraph(tmp_path, **options))
        return made[-1]

    yield build
    for graph in made:
        graph.close()
    assert set(threading.enumerate()) <= threads


@pytest.fixture
def graph(make):
    return make().arm_servos()


def waist(graph):
    return graph.servos.position["waist"]


def moved(graph, by=0.05):
    graph.until(lambda: abs(waist(graph)) > by)


def is_still(graph):
    """Wait until nothing has moved for a while."""
    graph.until(lambda: len(graph.servos.trace) > 5)
    graph.until(lambda: max(abs(v) for v in graph.servos.velocity.values()) < 1e-9, 5.0)


# Following a goal


def test_a_goal_is_followed_to_its_end(graph):
    answer = graph.follow(smooth(0.8, 0.4, -0.3))
    assert answer.status == SUCCEEDED
    assert answer.result.error_code == Result.SUCCESSFUL
    assert graph.servos.position["waist"] == pytest.approx(0.4, abs=1e-6)
    assert graph.servos.position["elbow"] == pytest.approx(-0.3, abs=1e-6)
    assert max(graph.servos.jumps) < NO_JUMP
    assert graph.servos.position["gripper"] == 0.01


def test_joints_may_come_in_another_order(graph):
    answer = graph.follow(trajectory([0.8], [[-0.3, 0.4]], [[0.0, 0.0]], joints=("elbow", "waist")))
    assert answer.status == SUCCEEDED
    assert graph.servos.position["elbow"] == pytest.approx(-0.3, abs=1e-6)


def test_positions_alone_are_joined_by_straight_lines(graph):
    answer = graph.follow(trajectory([0.5, 1.0], [[0.2, 0.0], [0.6, 0.0]]))
    assert answer.status == SUCCEEDED
    begin = next(now for now, position in graph.servos.trace if position["waist"] > 0.0)
    half = [position["waist"] for now, position in graph.servos.trace if 0.24 < now - begin < 0.26]
    assert half == pytest.approx([0.1] * len(half), abs=0.02)


def test_a_first_point_at_time_zero_near_the_setpoint_is_blended_from_it(graph):
    answer = graph.follow(trajectory([0.0, 0.8], [[0.01, 0.0], [0.4, 0.0]], [[0.0, 0.0]] * 2))
    assert answer.status == SUCCEEDED
    assert max(graph.servos.jumps) < NO_JUMP


def test_feedback_tells_desired_actual_and_error(graph):
    graph.servos.offset["elbow"] = 0.01
    graph.follow(smooth(0.8, 0.4, 0.0))
    assert len(graph.feedback) >= 3
    last = graph.feedback[-1].feedback
    assert list(last.joint_names) == ["waist", "elbow"]
    assert last.error.positions[1] == pytest.approx(-0.01, abs=1e-6)
    assert last.actual.positions[1] == pytest.approx(last.desired.positions[1] + 0.01, abs=1e-6)


def test_pieces_carry_the_session_look_ahead_and_end_at_rest(graph):
    graph.follow(smooth(1.5, 0.8, 0.0))
    for piece in graph.servos.pieces:
        assert piece.header.frame_id == "s1"
        assert piece.points[-1].velocities.tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
        assert len(piece.points[0].accelerations) == 2
    assert to_seconds(graph.servos.pieces[0].points[-1].time_from_start) > 0.2


def test_nothing_is_published_at_rest(graph):
    graph.follow(smooth(0.5, 0.2, 0.0))
    is_still(graph)
    graph.servos.pieces.clear()
    graph.spin(0.3)
    assert graph.servos.pieces == []


def test_a_trajectory_from_the_topic_is_followed(graph):
    publisher = topics.publisher(graph.node, topics.JOINT_TRAJECTORY)
    graph.until(lambda: publisher.get_subscription_count() > 0)
    publisher.publish(smooth(0.5, 0.3, 0.0))
    graph.until(lambda: waist(graph) == pytest.approx(0.3, abs=1e-6))


def test_a_trajectory_with_a_stamp_ends_at_its_time(graph):
    message = smooth(0.6, 0.3, 0.0)
    message.header.stamp = (graph.node.get_clock().now() + RosDuration(seconds=0.4)).to_msg()
    assert graph.follow(message).status == SUCCEEDED
    ended = to_seconds(message.header.stamp) + 0.6
    moving = [now for now, position in graph.servos.trace if position["waist"] < 0.3 - 1e-6]
    assert max(moving) == pytest.approx(ended, abs=0.05)


# Refusals


def refusals():
    far = trajectory([0.0, 1.0], [[0.5, 0.0], [0.6, 0.0]])
    old = smooth(0.5, 0.1, 0.0)
    old.header.stamp.sec = 1000
    effort = smooth(0.5, 0.1, 0.0)
    effort.points[0].effort = [1.0, 1.0]
    mixed = trajectory([0.5, 1.0], [[0.1, 0.0], [0.2, 0.0]])
    mixed.points[0].velocities = [0.0, 0.0]
    invalid, joints = Result.INVALID_GOAL, Result.INVALID_JOINTS
    return {
        "unknown joint": (trajectory([1.0], [[0.0] * 2], joints=("waist", "tail")), joints, "tail.*waist, elbow"),
        "missing joint": (trajectory([1.0], [[0.0]], joints=("waist",)), joints, "elbow is missing"),
        "repeated joint": (trajectory([1.0], [[0.0] * 2], joints=("waist", "waist")), joints, "more than once"),
        "no points": (JointTrajectory(joint_names=["waist", "elbow"]), invalid, "at least one point"),
        "wrong length": (trajectory([1.0], [[0.1]]), invalid, r"points\[0\].positions: 1.*2 numbers"),
        "NaN": (trajectory([1.0], [[0.1, math.nan]]), invalid, r"points\[0\].positions of elbow: nan.*finite"),
        "times": (
            trajectory([1.0, 1.0], [[0.0] * 2] * 2),
            invalid,
            r"points\[1\].time_from_start: 1.0.*more than",
        ),
        "outside": (smooth(5.0, 0.0, 1.7), invalid, r"position of elbow at .*1\.5\d+.*-1.5000 to 1.5000 rad"),
        "too fast": (smooth(0.2, 1.0, 0.0), invalid, r"velocity of waist at .*2.0000 rad/s.*times as long"),
        "far start": (far, invalid, r"start of waist: 0.5.*set-point is at 0.0000 rad.*0.05 rad"),
        "ends in motion": (trajectory([1.0], [[0.1] * 2], [[0.1, 0.0]]), invalid, "ends at rest"),
        "effort": (effort, invalid, r"points\[0\].effort"),
        "mixed": (mixed, invalid, "velocities at every point or at none"),
        "old": (old, Result.OLD_HEADER_TIMESTAMP, r"header.stamp: 1000.0.*ago"),
    }


@pytest.mark.parametrize("case", refusals())
def test_a_bad_goal_is_refused_with_its_numbers_before_anything_moves(graph, case):
    message, code, says = refusals()[case]
    answer = graph.follow(message)
    assert answer.status == ABORTED
    assert answer.result.error_code == code
    assert re.search(says, answer.result.error_string), answer.result.error_string
    assert graph.servos.pieces == []


def test_bad_tolerances_are_refused(graph):
    unknown = graph.follow(smooth(0.5, 0.1, 0.0), path_tolerance=[JointTolerance(name="tail", position=0.1)])
    assert "path_tolerance: 'tail'" in unknown.result.error_string
    negative = graph.follow(smooth(0.5, 0.1, 0.0), goal_tolerance=[JointTolerance(name="waist", position=-0.5)])
    assert "-0.5" in negative.result.error_string
    assert {unknown.status, negative.status} == {ABORTED}


def test_a_multi_dof_trajectory_is_refused(graph):
    goal = FollowJointTrajectory.Goal(trajectory=smooth(0.5, 0.1, 0.0))
    goal.multi_dof_trajectory.points.append(MultiDOFJointTrajectoryPoint())
    answer = graph.answer(graph.done(graph.arm_client.send_goal_async(goal)))
    assert answer.result.error_code == Result.INVALID_GOAL
    assert "multi_dof_trajectory" in answer.result.error_string


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        ("DISARMED", "/servo_interface/arm"),
        ("FAULT", "clear_faults"),
        ("PROTECTIVE_STOP", "protective_stop false"),
    ],
)
def test_a_goal_is_refused_unless_armed_with_state_and_remedy(make, state, remedy):
    graph = make()
    graph.servos.be(state, why="because")
    graph.until(lambda: graph.arm.control.measured is not None)
    graph.spin(0.1)
    answer = graph.follow(smooth(0.5, 0.1, 0.0))
    assert answer.status == ABORTED
    assert state in answer.result.error_string
    assert "because" in answer.result.error_string
    assert remedy in answer.result.error_string
    assert graph.servos.pieces == []


def test_a_bad_goal_leaves_the_running_one_alone(graph):
    running = graph.send(smooth(0.8, 0.4, 0.0))
    assert graph.follow(smooth(0.1, 1.9, 0.0)).status == ABORTED
    assert graph.answer(running).status == SUCCEEDED


# Ends before the end


def test_cancel_slows_down_on_the_path_and_holds(graph):
    handle = graph.send(smooth(2.0, 1.0, -0.5))
    moved(graph)
    graph.done(handle.cancel_goal_async())
    answer = graph.answer(handle)
    assert answer.status == CANCELED
    held = dict(graph.servos.position)
    graph.spin(0.2)
    assert graph.servos.position == held
    assert 0.05 < held["waist"] < 0.9
    assert held["elbow"] == pytest.approx(-0.5 * held["waist"], abs=1e-3)
    assert max(graph.servos.jumps) < NO_JUMP


def test_a_newer_goal_takes_over_without_a_jump(graph):
    first = graph.send(smooth(2.0, 1.0, 0.0))
    moved(graph)
    second = graph.send(smooth(1.5, -0.2, 0.2))
    answer = graph.answer(first)
    assert answer.status == ABORTED
    assert "replaced by a newer goal" in answer.result.error_string
    assert graph.answer(second).status == SUCCEEDED
    assert waist(graph) == pytest.approx(-0.2, abs=1e-6)
    assert max(graph.servos.jumps) < NO_JUMP


def test_a_path_tolerance_that_is_violated_ends_the_goal_and_stops(graph):
    handle = graph.send(smooth(2.0, 1.0, 0.0))
    moved(graph)
    graph.servos.offset["elbow"] = 0.3
    answer = graph.answer(handle)
    assert answer.status == ABORTED
    assert answer.result.error_code == Result.PATH_TOLERANCE_VIOLATED
    assert "elbow: position error 0.3000 rad exceeds the tolerance of 0.2 rad" in answer.result.error_string
    is_still(graph)
    assert waist(graph) < 0.95


def test_a_goals_own_path_tolerance_holds_in_place_of_the_default(graph):
    graph.servos.offset["elbow"] = 0.03
    tight = [JointTolerance(name="elbow", position=0.02)]
    answer = graph.follow(smooth(1.0, 0.5, 0.0), path_tolerance=tight)
    assert answer.result.error_code == Result.PATH_TOLERANCE_VIOLATED
    graph.servos.offset["elbow"] = 0.3
    loose = [JointTolerance(name="elbow", position=-1.0)]
    answer = graph.follow(smooth(0.5, 0.2, 0.0), path_tolerance=loose, goal_tolerance=loose)
    assert answer.status == SUCCEEDED


def test_a_goal_tolerance_that_is_not_met_in_the_goal_time_ends_the_goal(graph):
    graph.servos.offset["elbow"] = 0.1
    answer = graph.follow(smooth(0.4, 0.2, 0.0), goal_time_tolerance=Duration(nanosec=200_000_000))
    assert answer.status == ABORTED
    assert answer.result.error_code == Result.GOAL_TOLERANCE_VIOLATED
    assert "elbow: position error 0.1000 rad exceeds the tolerance of 0.05 rad" in answer.result.error_string


def test_a_joint_that_is_no_longer_read_ends_the_goal_by_name(graph):
    handle = graph.send(smooth(3.0, 1.0, 0.0))
    moved(graph)
    graph.servos.unread.add("elbow")
    answer = graph.answer(handle)
    assert answer.status == ABORTED
    assert "no reading of elbow for 0.5" in answer.result.error_string
    is_still(graph)


def test_a_joint_that_was_never_read_refuses_goals(make):
    graph = make()
    graph.servos.unread.add("elbow")
    graph.servos.be("ARMED", "s1")
    graph.until(lambda: graph.arm.control.session == "s1" and graph.arm.control.setpoint(0.0) is not None)
    answer = graph.follow(smooth(0.5, 0.1, 0.0))
    assert "no reading of elbow yet" in answer.result.error_string


def test_leaving_armed_ends_the_goal_with_the_reason_and_nothing_goes_on(graph):
    handle = graph.send(smooth(2.0, 1.0, 0.0))
    moved(graph)
    graph.servos.be("HOLDING", why="set-point: a jump")
    answer = graph.answer(handle)
    assert answer.status == ABORTED
    assert "HOLDING: set-point: a jump" in answer.result.error_string
    graph.servos.pieces.clear()
    graph.arm_servos("s2")
    graph.spin(0.3)
    assert graph.servos.pieces == []


def test_a_new_session_ends_the_goal(graph):
    handle = graph.send(smooth(2.0, 1.0, 0.0))
    moved(graph)
    graph.arm_servos("s2")
    assert graph.answer(handle).status == ABORTED


def test_the_stop_service_slows_down_and_holds(graph):
    handle = graph.send(smooth(2.0, 1.0, 0.0))
    moved(graph)
    said = graph.done(graph.stop_client.call_async(Trigger.Request()))
    assert said.success
    answer = graph.answer(handle)
    assert answer.status == ABORTED
    assert "stopped by arm_controller/stop" in answer.result.error_string
    is_still(graph)
    assert 0.05 < waist(graph) < 0.9


def test_a_pause_keeps_the_goal_and_resuming_reaches_it(graph):
    handle = graph.send(smooth(1.5, 0.6, 0.0))
    moved(graph)
    assert graph.done(graph.pause_client.call_async(SetBool.Request(data=True))).success
    is_still(graph)
    paused = waist(graph)
    assert paused < 0.55
    graph.spin(0.3)
    assert waist(graph) == paused
    assert graph.done(graph.pause_client.call_async(SetBool.Request(data=False))).success
    assert graph.answer(handle).status == SUCCEEDED
    assert waist(graph) == pytest.approx(0.6, abs=1e-6)
    assert max(graph.servos.jumps) < NO_JUMP


def test_pause_and_resume_without_anything_to_do_are_refused(graph):
    for wanted, says in ((True, "nothing moves"), (False, "nothing is paused")):
        said = graph.done(graph.pause_client.call_async(SetBool.Request(data=wanted)))
        assert not said.success
        assert says in said.message


def test_a_controller_that_ends_slows_down_first(graph):
    handle = graph.send(smooth(2.0, 1.0, 0.0))
    moved(graph)
    assert not graph.arm.stopping(1)
    assert "shutting down" in graph.answer(handle).result.error_string
    graph.until(lambda: graph.arm.stopping(1))
    is_still(graph)
    assert waist(graph) < 0.9


def test_a_killed_controller_leaves_the_arm_to_stop_and_its_successor_begins_there(graph):
    graph.send(smooth(3.0, 1.5, 0.0))
    moved(graph, 0.2)
    graph.stop_controllers()
    is_still(graph)
    held = waist(graph)
    assert 0.2 < held < 1.0
    graph.start_controllers()
    graph.arm_servos()
    graph.until(graph.arm_client.server_is_ready)
    graph.servos.jumps.clear()
    assert graph.follow(smooth(0.5, held + 0.1, 0.0)).status == SUCCEEDED
    assert max(graph.servos.jumps) < NO_JUMP


# Jogging


def press(graph, velocities, times=8, every=0.08):
    for _ in range(times):
        graph.jogs.publish(JointJog(joint_names=list(velocities), velocities=list(velocities.values())))
        graph.spin(every)


def test_a_jog_moves_while_it_is_pressed_and_stops_when_released(graph):
    press(graph, {"waist": 0.5, "elbow": -0.3})
    assert graph.servos.velocity["waist"] == pytest.approx(0.5, abs=0.05)
    assert graph.servos.velocity["elbow"] == pytest.approx(-0.3, abs=0.05)
    is_still(graph)
    assert 0.2 < waist(graph) < 0.6
    assert max(graph.servos.jumps) < NO_JUMP


def test_a_jog_takes_over_from_a_goal_without_a_jump(graph):
    handle = graph.send(smooth(2.0, 1.0, 0.0))
    moved(graph)
    press(graph, {"elbow": 0.5}, times=3)
    answer = graph.answer(handle)
    assert answer.status == ABORTED
    assert "replaced by a jog" in answer.result.error_string
    is_still(graph)
    assert max(graph.servos.jumps) < NO_JUMP


@pytest.mark.parametrize(
    "message",
    [
        JointJog(joint_names=["tail"], velocities=[0.5]),
        JointJog(joint_names=["waist"], velocities=[math.nan]),
        JointJog(joint_names=["waist"], velocities=[]),
        JointJog(joint_names=["waist"], velocities=[0.5], duration=-1.0),
        JointJog(joint_names=["waist"], displacements=[0.5]),
        JointJog(joint_names=["gripper"], velocities=[0.01]),
    ],
)
def test_a_bad_jog_moves_nothing_and_is_told(graph, message):
    said = []
    topics.subscription(graph.node, topics.DIAGNOSTICS, lambda m: said.extend(m.status))
    graph.jogs.publish(message)
    graph.until(lambda: any("refused" in pair.value for status in said for pair in status.values))
    assert graph.servos.pieces == []


def test_a_jog_that_comes_too_late_is_refused(graph):
    late = JointJog(joint_names=["waist"], velocities=[0.5])
    late.header.stamp = (graph.node.get_clock().now() - RosDuration(seconds=1.0)).to_msg()
    graph.jogs.publish(late)
    graph.spin(0.2)
    assert graph.servos.pieces == []


# The gripper


def test_the_gripper_reaches_a_position(graph):
    answer = graph.grip(JointState(position=[0.025]))
    assert answer.status == SUCCEEDED
    assert (answer.result.reached_goal, answer.result.stalled) == (True, False)
    assert graph.servos.position["gripper"] == pytest.approx(0.025, abs=1e-6)
    assert answer.result.state.position[0] == pytest.approx(0.025, abs=0.003)
    assert graph.servos.position["waist"] == 0.0


def test_a_gripper_that_an_object_stops_has_stalled(graph):
    graph.servos.stuck["gripper"] = 0.01
    answer = graph.grip(JointState(name=["gripper"], position=[0.0], velocity=[0.05]))
    assert answer.status == SUCCEEDED
    assert (answer.result.reached_goal, answer.result.stalled) == (False, True)
    assert answer.result.state.position[0] == pytest.approx(0.01)


def test_stalling_may_be_a_failure(make):
    graph = make(parameters={"allow_stalling": False}).arm_servos()
    graph.servos.stuck["gripper"] = 0.01
    answer = graph.grip(JointState(position=[0.0]))
    assert answer.status == ABORTED
    assert answer.result.stalled


@pytest.mark.parametrize(
    "command",
    [
        JointState(position=[0.05]),
        JointState(position=[math.nan]),
        JointState(position=[]),
        JointState(position=[0.01], velocity=[0.0]),
        JointState(position=[0.01], effort=[5.0]),
        JointState(name=["waist"], position=[0.01]),
    ],
)
def test_a_bad_gripper_command_is_refused_before_anything_moves(graph, command):
    answer = graph.grip(command)
    assert answer.status == ABORTED
    assert not answer.result.reached_goal
    assert graph.servos.pieces == []


def test_an_arm_without_a_gripper_works_and_refuses_gripper_commands(make):
    graph = make(urdf=URDF.replace('<mimic joint="gripper"/>', "").replace("prismatic", "fixed")).arm_servos()
    assert graph.grip(JointState(position=[0.01])).status == ABORTED
    assert graph.follow(smooth(0.5, 0.2, 0.0)).status == SUCCEEDED


def test_arm_and_gripper_move_at_once(graph):
    handle = graph.send(smooth(0.8, 0.4, 0.0))
    assert graph.grip(JointState(position=[0.02])).status == SUCCEEDED
    assert graph.answer(handle).status == SUCCEEDED


# What it tells, and how it starts


def test_the_controller_state_tells_reference_feedback_and_error(graph):
    heard = []
    graph.node.create_subscription(JointTrajectoryControllerState, topics.CONTROLLER_STATE.name, heard.append, 10)
    graph.servos.offset["waist"] = 0.02
    graph.until(lambda: heard and heard[-1].error.positions[0] == pytest.approx(-0.02))
    assert list(heard[-1].joint_names) == ["waist", "elbow"]
    assert heard[-1].reference.positions[0] == pytest.approx(0.0)
    assert heard[-1].output.positions[0] == pytest.approx(0.0)


def test_the_setpoint_of_a_time_can_be_asked_for(graph):
    client = graph.node.create_client(QueryTrajectoryState, "arm_controller/query_state")
    graph.until(client.service_is_ready)
    graph.follow(smooth(0.4, 0.2, 0.0))
    request = QueryTrajectoryState.Request(time=graph.node.get_clock().now().to_msg())
    said = graph.done(client.call_async(request))
    assert said.success
    assert dict(zip(said.name, said.position, strict=True))["waist"] == pytest.approx(0.2)


@pytest.mark.parametrize("kind", [ArmController, GripperController])
@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "parameter urdf: None"),
        ({"urdf": "/nowhere/arm.urdf"}, "/nowhere/arm.urdf.*readable URDF"),
        (
            {"urdf": None, "limits.waist.acceleration": 0.0, "limits.gripper.acceleration": 0.0},
            "acceleration: 0.0",
        ),
        ({"urdf": None, "reading_timeout": "long"}, "parameter reading_timeout: 'long'"),
    ],
)
def test_bad_parameters_are_refused_by_name(make, kind, values, says):
    graph = make()
    given = {name: str(graph._urdf) if value is None else value for name, value in values.items()}
    overrides = [Parameter(name, value=value) for name, value in given.items()]
    with pytest.raises(ConfigError, match=says):
        kind(context=graph.context, parameter_overrides=overrides)
