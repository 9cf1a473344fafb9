"""The process that controls motion: trajectories of the arm, and the gripper."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import SpeedScalingFactor
from trajectory_msgs.msg import JointTrajectory

from armature.core.control.goal import OnEnd, Outcome
from armature.core.control.paced_commands import PacedCommands
from armature.core.control.tolerance import (
    Tolerances,
    TrajectoryMonitor,
    override_bound,
    override_tolerances,
)
from armature.core.kinematics.collision_scaling import CollisionScaling
from armature.core.kinematics.twist_servo import TwistServo
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.limits import check_joints
from armature.core.trajectory.segments import RosTime, Segment
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import ArmatureError, GoalRefused
from armature.nodes.arm_controller.action_server import ActiveGoal, Begin, GoalServer
from armature.nodes.arm_controller.checks import CheckedGoals, make_checks
from armature.nodes.arm_controller.commands import Commands
from armature.nodes.arm_controller.group_node import GroupNode
from armature.nodes.arm_controller.jtc_parameters import read_trajectory_parameters
from armature.nodes.arm_controller.moves import ArmMoves
from armature.nodes.arm_controller.payload import PayloadChanges
from armature.nodes.arm_controller.twist import TwistJog
from armature.nodes.common import topics
from armature.nodes.common.conversions import (
    to_goal,
    to_message,
    to_point,
    to_seconds,
    to_stamp,
    to_tolerances,
)
from armature.nodes.common.parameters.parameters import read, refuse_unknown
from armature.nodes.common.parameters.wanted import at_least

_TELLING = 0.2  # for which the servos are told a load at rest [s]
_SPEED_REST = 3.0  # behind each change of speed, so many times as long as it took


@dataclass(frozen=True)
class ArmJoint:
    """Of an arm's joint; of one that slides they are 0.002 m unless given."""

    margin: float = field(
        default=0.02, metadata=at_least(0.0)
    )  # kept from the position limits while jogging [rad]
    # of a first point at time 0 [rad]; 0.002 m where it slides
    start_tolerance: float = field(default=0.05, metadata=at_least(0.0))


@dataclass(frozen=True)
class FeedforwardParameters:
    """What is sent with the set-points."""

    feedforward__gravity: bool = True  # whether set-points carry the loads of the joints


class ArmController(GroupNode):
    """Follows joint trajectories, from the action and from the topic."""

    def __init__(self, **options: Any) -> None:
        super().__init__("arm_controller", lambda arm: arm.arm_joints, ArmJoint, **options)
        for note in self._take_parameters():
            self.get_logger().warning(note)
        self.control.set_speed(self._trajectory_parameters.speed_scaling__initial_scaling_factor, self.now())
        self._checks = make_checks(self, self.model, self.joints, self.wiring)
        self.control.state.settings = replace(
            self.control.state.settings, checks_acceleration=self._checks.settings.acceleration
        )
        for note in self.model.notes:
            self.get_logger().info(note)
        self._goals = CheckedGoals(self, self._checks)
        # Joints of other groups, such as the gripper's: the arm's model has them where they were read last.
        self._others = {joint.name for joint in self.model.driven} - set(self.joints)
        self._sends_loads = read(self, FeedforwardParameters).feedforward__gravity
        self._guard = self._make_guard()
        self.control.state.hooks.scale_jog = self._guard.scale
        self.control.state.hooks.is_stop_free = lambda halt: not self._guard.find_obstacle(halt)
        tool = self._checks.mechanics.tool
        servo = TwistServo(self._checks.mechanics, self.control.state.limits, tool)
        self._twist = TwistJog(
            self, servo, self._guard, (self.model.root, tool), lambda why: self._moves.drop(why)
        )
        self._moves = ArmMoves(self, self._checks, self._follow_move)
        self._on_destroy.callback(self._moves.destroy)
        self._payload = PayloadChanges(self, self._checks, self._find_pending, self._publish_loads)
        self._commands = Commands(self)
        refuse_unknown(self)
        self.add_post_set_parameters_callback(self.guard(lambda _changes: self._take_parameters()))
        self._server = GoalServer(self, topics.FOLLOW_JOINT_TRAJECTORY, self._prepare, _to_result)
        self._on_destroy.callback(self._server.destroy)
        topics.subscription(self, topics.JOINT_TRAJECTORY, self.paced.taker(self._follow_topic), raw=True)
        # Apart: they replace no motion.
        speeds = PacedCommands(partial(self.create_timer, clock=self.steady), time.monotonic, _SPEED_REST)
        topics.subscription(self, topics.SPEED_SCALING, speeds.taker(self._scale_speed))

    def publish_feedback(self, stamp: float, reference: State, feedback: State, error: State) -> None:
        """Give the action's client feedback."""
        message = FollowJointTrajectory.Feedback(joint_names=list(self.joints))
        message.header.stamp = to_stamp(round(stamp * 1e9))
        time = self.control.state.goal_time(stamp)
        message.desired, message.actual = to_point(reference, time), to_point(feedback, time)
        message.error = to_point(error)
        if hasattr(message, "index"):  # from Kilted on
            message.index = self.control.state.goals.next_point(self.control.state.goal_time(stamp))
        self._server.publish_feedback(message)
        self._moves.publish_feedback(message)

    def with_efforts(self, segment: Segment[RosTime]) -> Segment[RosTime]:
        """The segment with the loads of the arm's weight and payload, for the servos' feed-forward."""
        if not self._sends_loads:
            return segment
        return replace(segment, loads=self._checks.torques.loads(segment.trajectory.positions))

    def _take_parameters(self) -> list[str]:
        """Let goals from now on be taken by the parameters as they are now; what there is to be said of them."""
        given, self._tolerances, deceleration, notes = read_trajectory_parameters(self, self.control.state.limits)
        self._trajectory_parameters = given
        self.control.state.settings = replace(
            self.control.state.settings,
            allow_partial_joints_goal=given.allow_partial_joints_goal,
            allow_nonzero_velocity_at_trajectory_end=given.allow_nonzero_velocity_at_trajectory_end,
            deceleration=deceleration,
        )
        return notes

    def _find_pending(self) -> str:
        """What is being prepared with the present payload, in words."""
        if not self.control.state.goals.are_none:  # as one that is paused, or waits for its stamp
            return "a goal is under way"
        return "a move is being planned" if self._moves.is_planning else ""

    def _publish_loads(self) -> None:
        """Tell the servos what an enabled arm at rest carries, by set-points that stay where they are."""
        now = self.now()
        setpoint = self.control.state.motion.setpoint(now)
        if setpoint is not None and self.control.state.arm.takes_commands:
            rows = np.tile(setpoint.position, (2, 1))
            motion = Trajectory(self.joints, np.array([0.0, _TELLING]), rows, np.zeros_like(rows))
            segment = Segment(0, self.control.state.arm.session, RosTime(now), motion)
            self.begin_publishing(self.compose(segment))

    def _prepare(self, request: FollowJointTrajectory.Goal) -> Begin:
        if request.multi_dof_trajectory.points:
            raise GoalRefused("multi_dof_trajectory", len(request.multi_dof_trajectory.points), "leave it empty")
        return self._follow(request.trajectory, self._tolerances_of(request))

    def _follow_topic(self, data: bytes) -> bool:
        try:
            message = to_message(data, self.joints)
            self.attempt(lambda: self._follow(message, self._tolerances))(lambda _outcome: None)
        except ArmatureError as error:
            self.refuse("joint_trajectory", error)
            return False
        return True

    def _scale_speed(self, message: SpeedScalingFactor) -> bool:
        try:
            self.control.set_speed(message.factor, self.now())
        except ArmatureError as error:
            self.refuse("speed_scaling_input", error)
            return False
        self.publish_now()
        return True

    def _follow(self, message: JointTrajectory, tolerances: Tolerances) -> Begin:
        # Before the rows are read by their columns, so that a repeated joint is not mistaken for a wrong length.
        is_partial = self._trajectory_parameters.allow_partial_joints_goal
        check_joints(message.joint_names, self.joints, is_partial=is_partial)
        goal = to_goal(message, may_integrate=self._trajectory_parameters.allow_integration_in_goal_trajectories)
        return self._prepare_goal(goal, to_seconds(message.header.stamp) or None, tolerances)

    def _follow_move(self, motion: Trajectory, request: FollowJointTrajectory.Goal) -> Begin:
        return self._prepare_goal(motion, None, self._tolerances_of(request))

    def _prepare_goal(self, goal: Trajectory | Rates, stamp: float | None, tolerances: Tolerances) -> Begin:
        monitor = TrajectoryMonitor(tolerances, self.control.state.limits)
        follow = self._goals.prepare(goal, stamp, monitor)

        def begin(on_end: OnEnd) -> ActiveGoal | None:
            self._twist.drop()
            return follow(self.report_end(on_end))

        return begin

    def on_reading(self) -> None:
        """Update the model with the measured positions of the other joints."""
        others = {joint: place for joint, place in self.positions.items() if joint in self._others}
        self._checks.mechanics.set_other_joints(others)

    def _make_guard(self) -> CollisionScaling:
        settings = self._checks.settings
        clearances = self._checks.clearances if settings.collision else None
        return CollisionScaling(
            clearances, self.control.state.limits, self.control.state.settings.margin, settings.margin
        )

    def before_segment(self) -> None:
        """Keep the tool in the direction of its twist."""
        self._twist.update()

    def drop_pending(self, why: str) -> None:
        """See `GroupNode`."""
        self._twist.drop()
        self._moves.drop(why)

    def before_stop(self, why: str) -> None:
        """A stop ends moves that are planned, and twists."""
        self.drop_pending(why)

    def _tolerances_of(self, request: FollowJointTrajectory.Goal) -> Tolerances:
        for name in ("component_path_tolerance", "component_goal_tolerance"):
            if given := [tolerance.joint_name for tolerance in getattr(request, name)]:
                instead = name.removeprefix("component_")
                raise GoalRefused(name, given, f"leave it empty, no joint here has components; give {instead}")
        asked_path, asked_goal = to_tolerances(request.path_tolerance), to_tolerances(request.goal_tolerance)
        time = to_seconds(request.goal_time_tolerance)
        return replace(
            self._tolerances,
            path=override_tolerances(self._tolerances.path, self.joints, asked_path, "path_tolerance"),
            goal=override_tolerances(self._tolerances.goal, self.joints, asked_goal, "goal_tolerance"),
            goal_time=override_bound(self._tolerances.goal_time, time, "goal_time_tolerance"),
        )


def _to_result(outcome: Outcome) -> FollowJointTrajectory.Result:
    return FollowJointTrajectory.Result(error_code=int(outcome.code), error_string=outcome.message)
