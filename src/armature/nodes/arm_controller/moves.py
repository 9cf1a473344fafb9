"""Moves without a planner, as actions of a standard type: control_msgs/FollowJointTrajectory.

docs/reference/moves.md says how a goal of each is written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Transform
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory

from armature.core.arrays import Array
from armature.core.control.goal import Code, End, OnEnd, Outcome
from armature.core.model.poses import completed
from armature.core.planning.goal_checks import GoalChecks
from armature.core.planning.moves import MoveSettings, Planner
from armature.core.planning.tool_ways import Waypoint
from armature.core.recovery_commands import GRIPPER, SAVE_POSE, STOP
from armature.core.steps import Steps
from armature.core.trajectory import retiming
from armature.core.trajectory.limits import check_joints
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import CommandRefused, GoalRefused
from armature.nodes.arm_controller.action_server import ActiveGoal, Begin, GoalServer
from armature.nodes.arm_controller.background_planning import BackgroundPlanning
from armature.nodes.arm_controller.group_node import GroupNode
from armature.nodes.common import topics
from armature.nodes.common.conversions import from_trajectory, to_seconds
from armature.nodes.common.parameters.parameters import read
from armature.nodes.common.robot_files import NamedPoses

Plan = Callable[[Array, FollowJointTrajectory.Goal, float], Steps[Trajectory]]
# A quaternion's length may differ from 1 by rounding.
_ROUNDING = 0.01
_MAX_DURATION = 3600.0  # that a move may be asked to take [s]
_SLOWEST, _FASTEST = 1e-4, 100.0  # speeds of the tool that may be asked for [m/s]
_PATH_POINTS = 500  # points of a path that is shown


@dataclass(frozen=True)
class MoveParameters:
    """How corners of moves are rounded."""

    moves__blend: float = MoveSettings.blend  # how far before a corner joint moves leave it [rad]
    moves__blend_distance: float = MoveSettings.blend_distance  # how far before a corner the tool leaves it [m]
    park_pose: str = "park"  # of the poses file, as the servo interface's; the arm must not touch itself there


class ArmMoves:
    """Serves the moves of one arm.

    Args:
        node: its controller.
        checks: of goals.
        follow: prepares a planned motion to be followed as a goal of the controller.
    """

    def __init__(
        self,
        node: GroupNode,
        checks: GoalChecks,
        follow: Callable[[Trajectory, FollowJointTrajectory.Goal], Begin],
    ) -> None:
        self._node = node
        self._checks = checks
        given = read(node, MoveParameters)
        self._checks, self._park_pose = checks, given.park_pose
        self._poses = NamedPoses(node.given.poses, node.model)
        self._admit_poses(must_park=True)
        settings = MoveSettings(given.moves__blend, given.moves__blend_distance)
        self._planner = planner = Planner(checks, node.control.state.limits, settings)
        self._follow = follow
        self._planned = topics.publisher(node, topics.PLANNED_PATH)
        plans: Mapping[topics.Service, Plan] = {
            topics.MOVE_JOINTS: self._plan_joints,
            topics.MOVE_TO: self._plan_poses,
            topics.MOVE_LINE: lambda start, goal, min_duration: planner.line(
                start, self._waypoints(goal), min_duration, _speed(goal)
            ),
            topics.MOVE_ARC: lambda start, goal, min_duration: planner.arc(
                start, self._waypoints(goal), min_duration, _speed(goal)
            ),
        }
        self._slices = BackgroundPlanning(node)
        self._servers = [
            GoalServer(node, action, self._preparer(action.name, plan), _to_result)
            for action, plan in plans.items()
        ]

    def publish_feedback(self, message: FollowJointTrajectory.Feedback) -> None:
        """Give the client of the running move feedback."""
        for server in self._servers:
            server.publish_feedback(message)

    @property
    def is_planning(self) -> bool:
        """Whether a move is being planned."""
        return self._slices.is_busy

    def drop(self, why: str) -> None:
        """End a move that is still being planned, as aborted."""
        self._slices.drop(why)

    def destroy(self) -> None:
        """Close the servers."""
        for server in self._servers:
            server.destroy()

    def _preparer(self, action: str, plan: Plan) -> Callable[[FollowJointTrajectory.Goal], Begin]:
        return lambda goal: self._slices.prepare(action, self._prepare(plan, goal))

    def _prepare(self, plan: Plan, goal: FollowJointTrajectory.Goal) -> Steps[Begin]:
        _check_stamps(goal)
        if (
            goal.trajectory.header.frame_id != topics.PREVIEW
        ):  # before anything is planned from where it may not go
            self._node.control.state.arm.check("move", self._node.now())
        start, session = self._rest_position(), self._node.control.state.arm.session
        motion = yield from plan(start, goal, _min_duration(goal))
        if goal.trajectory.header.frame_id == topics.PREVIEW:
            preview = yield from self._planner.preview(motion)
            figures = json.dumps(asdict(preview))
            follow: Begin = lambda on_end: on_end(Outcome(End.SUCCEEDED, Code.SUCCESSFUL, figures))  # noqa: E731
        else:
            yield from self._checks.whole(motion)
            self._check_unmoved(start, session)
            follow = self._follow(motion, goal)

        def begin(on_end: OnEnd) -> ActiveGoal | None:
            active = follow(on_end)
            self._planned.publish(from_trajectory(_thin_out(motion), 0, goal.trajectory.header.frame_id))
            return active

        return begin

    def _check_unmoved(self, start: Array, session: str) -> None:
        """Refuse a motion that was planned from a position that the arm has left."""
        if session != self._node.control.state.arm.session or not (self._rest_position() == start).all():
            why = "the arm has moved, or was enabled anew, while the move was planned"
            raise CommandRefused("move", why, "send it again")

    def _rest_position(self) -> Array:
        """The position in which the joints rest [rad].

        Raises:
            CommandRefused: that is not known, or they move.
        """
        control, now = self._node.control, self._node.now()
        setpoint = control.state.motion.setpoint(now)
        if setpoint is None:
            measured = control.state.arm.measured
            if measured is None:
                raise CommandRefused(
                    "move", "the position of the arm is not known", "check that the servo interface runs"
                )
            return measured.position
        if control.state.motion.is_moving(now):
            raise CommandRefused("move", "the arm moves", f"wait until it rests, or run {STOP}")
        return setpoint.position

    def _plan_joints(
        self, start: Array, goal: FollowJointTrajectory.Goal, min_duration: float
    ) -> Steps[Trajectory]:
        if len(goal.multi_dof_trajectory.points):
            raise GoalRefused("multi_dof_trajectory", len(goal.multi_dof_trajectory.points), "move_to takes poses")
        return self._planner.joints(start, self._targets(goal.trajectory), min_duration)

    def _plan_poses(
        self, start: Array, goal: FollowJointTrajectory.Goal, min_duration: float
    ) -> Steps[Trajectory]:
        if not math.isinf(speed := _speed(goal)):
            allowed = "the joints take their straight way; a line or an arc takes a speed of the tool"
            raise GoalRefused("points[-1].velocities[0].linear.x", speed, allowed)
        return self._planner.poses(start, self._waypoints(goal), min_duration)

    def _targets(self, message: JointTrajectory) -> list[dict[str, float]]:
        """Positions by joint of each waypoint: given, or those of named poses."""
        names = list(message.joint_names)
        if not any(len(point.positions) for point in message.points):
            return [self._pose(name) for name in names] or [self._pose("")]
        for name in names:
            if name in self._node.model.gripper:
                allowed = f"it is the gripper's: leave it out, and move it with {GRIPPER} POSITION"
                raise GoalRefused("joint_names", name, allowed)
        check_joints(names, self._node.joints, is_partial=True)
        targets = []
        for index, point in enumerate(message.points):
            if len(point.positions) != len(names) or not np.isfinite(point.positions).all():
                allowed = f"{len(names)} finite numbers are needed, for {', '.join(names)}"
                raise GoalRefused(f"points[{index}].positions", list(point.positions), allowed)
            targets.append(dict(zip(names, point.positions, strict=True)))
        return targets

    def _admit_poses(self, *, must_park: bool = False) -> None:
        """Let parts come as near as they are at named poses: who names one wants to go there."""
        for name, pose in self._poses.items():
            whole = completed(pose, self._node.model)
            if must_park and name == self._park_pose:  # where there is none the servo interface refuses it
                self._checks.require_apart(name, whole)
            self._checks.admit(whole)

    def _pose(self, name: str) -> dict[str, float]:
        """The arm's joints in a named pose, as its file has it now."""
        if self._poses.refresh():
            self._admit_poses()
            self._node.on_reading()  # the model's other joints stand as they are in the last pose
        if self._poses.failure:
            self._node.reports.warn(f"poses as they were: {self._poses.failure}")
        if name not in self._poses:
            known = ", ".join(sorted(self._poses)) or "none"
            allowed = f"without points it names poses; they are {known}; to add the present one: {SAVE_POSE} NAME"
            raise GoalRefused("joint_names", name, allowed)
        return {joint: self._poses[name][joint] for joint in self._node.joints}

    def _waypoints(self, goal: FollowJointTrajectory.Goal) -> list[Waypoint]:
        if goal.trajectory.points or len(goal.trajectory.joint_names):
            raise GoalRefused(
                "trajectory", list(goal.trajectory.joint_names), "move_joints takes joints; leave it empty"
            )
        message: MultiDOFJointTrajectory = goal.multi_dof_trajectory
        frame = self._node.own_frame(message.header.frame_id)
        found = []
        for index, point in enumerate(message.points):
            if len(point.transforms) != 1:
                raise GoalRefused(
                    f"points[{index}].transforms", len(point.transforms), "the tool's alone is needed"
                )
            found.append(_waypoint(point.transforms[0], frame, f"points[{index}]"))
        return found


def _waypoint(transform: Transform, frame: str, where: str) -> Waypoint:
    moved, turned = transform.translation, transform.rotation
    place, rotation = (moved.x, moved.y, moved.z), (turned.x, turned.y, turned.z, turned.w)
    length = float(np.linalg.norm(rotation))
    if not np.isfinite([*place, *rotation]).all() or (length and abs(length - 1.0) > _ROUNDING):
        allowed = "finite numbers are needed, and a rotation of length 1, or of 0 for any"
        raise GoalRefused(f"{where}.transforms[0]", [*place, *rotation], allowed)
    if not length:
        return Waypoint(frame, place, None)
    x, y, z, w = (value / length for value in rotation)
    return Waypoint(frame, place, (x, y, z, w))


def _check_stamps(goal: FollowJointTrajectory.Goal) -> None:
    for name in ("trajectory", "multi_dof_trajectory"):
        stamp = to_seconds(getattr(goal, name).header.stamp)
        if stamp != 0.0:
            raise GoalRefused(f"{name}.header.stamp", stamp, "leave it 0: a move begins when it is accepted")


def _min_duration(goal: FollowJointTrajectory.Goal) -> float:
    """How long the move shall take at least [s]: the time of the last point, where it is given."""
    points = goal.trajectory.points or goal.multi_dof_trajectory.points
    min_duration = to_seconds(points[-1].time_from_start) if points else 0.0
    if not 0.0 <= min_duration <= _MAX_DURATION:
        allowed = f"give 0 for the quickest, or a time up to {_MAX_DURATION:g} s to take"
        raise GoalRefused("points[-1].time_from_start", min_duration, allowed)
    return min_duration


def _speed(goal: FollowJointTrajectory.Goal) -> float:
    """The speed of the tool along its way [m/s]: that of the last point, along x; 0 leaves it to the limits."""
    points = goal.multi_dof_trajectory.points
    speed = points[-1].velocities[0].linear.x if points and points[-1].velocities else 0.0
    if not (speed == 0.0 or _SLOWEST <= speed <= _FASTEST):
        allowed = f"give 0 for the quickest, or a speed of the tool from {_SLOWEST:g} to {_FASTEST:g} m/s"
        raise GoalRefused("points[-1].velocities[0].linear.x", speed, allowed)
    return speed or math.inf


def _thin_out(motion: Trajectory) -> Trajectory:
    """A motion with fewer points, where it has more than a viewer needs."""
    if len(motion.times) <= _PATH_POINTS:
        return motion
    times = np.linspace(0.0, motion.duration, _PATH_POINTS)
    return retiming.quintic(motion.joints, times, motion.sample_many(times))


def _to_result(outcome: Outcome) -> FollowJointTrajectory.Result:
    return FollowJointTrajectory.Result(error_code=int(outcome.code), error_string=outcome.message)
