"""The base of the controllers of arm and gripper: one node over one `GroupControl`."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, Protocol

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from armature.core.control.goal import OnEnd, Outcome
from armature.core.control.group import GroupControl
from armature.core.control.group_state import GroupSettings, GroupState
from armature.core.control.paced_commands import PacedCommands
from armature.core.control.tracker import Tracker
from armature.core.jog_limits import LEASE, LEASES
from armature.core.model.arm import ArmModel, Joint, require_bounds
from armature.core.trajectory.limits import GroupLimits, check_motion
from armature.core.trajectory.segments import RosTime, Segment
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import ArmatureError, InternalError
from armature.nodes.arm_controller.reports import Reports
from armature.nodes.common import topics
from armature.nodes.common.conversions import (
    blocks_of,
    efforts_of,
    from_segment,
    positions_of,
    session_of,
    set_session,
    to_seconds,
    values_of,
    velocities_of,
)
from armature.nodes.common.guarded_node import GuardedNode
from armature.nodes.common.parameters.joint_limits import ArmLimits, find_disagreement, read_limits
from armature.nodes.common.parameters.parameters import read
from armature.nodes.common.parameters.wanted import within
from armature.nodes.common.robot_files import read_given_arm

# Segments are renewed this often while something moves [s].
_RENEWAL = 0.02
# Without a goal only some of the readings are unpacked, which is most of their cost [s].
_IDLE_PERIOD = 0.04
_SLIDING = 0.002  # that parameters of a joint in metres are at most, unless given [m]


@dataclass(frozen=True)
class GroupParameters:
    """Parameters of a controller."""

    urdf: str  # file of the robot's description
    wiring: str = ""  # file; what the servos can give, and how far the joints go
    poses: str = ""  # file of the named poses
    reading_timeout: float = field(default=0.5, metadata=within(0.01, 60.0))  # of joint states, ends a goal [s]
    jog__lease: float = field(default=LEASE, metadata=within(*LEASES))  # for which a jog or twist counts [s]


class JointParameters(Protocol):
    """Parameters of one joint beside its limits."""

    @property
    def margin(self) -> float:
        """Kept from the position limits while jogging [rad] or [m]."""

    @property
    def start_tolerance(self) -> float:
        """Of a first point at time 0 [rad] or [m]."""


def group_limits(limits: ArmLimits, joints: Sequence[str]) -> GroupLimits:
    """The limits of some of an arm's joints."""
    acceleration = {joint: dynamics.acceleration for joint, dynamics in limits.dynamics.items()}
    jerk = {joint: dynamics.jerk for joint, dynamics in limits.dynamics.items()}
    return GroupLimits.of(limits.arm, joints, acceleration, jerk, limits.note)


class GroupNode(GuardedNode):
    """Feeds a `GroupControl` from topics and services, and publishes its set-points.

    Args:
        name: of the node.
        joints_of: the joints of an arm that belong to the group.
        joint_parameters: the parameters of each joint, with their defaults.
        steady: a clock that goes on while a simulation pauses; the machine's, if none is given.
        with_collisions: whether its model has the shapes with which the arm collides.
        options: of rclpy's Node.
    """

    def __init__(
        self,
        name: str,
        joints_of: Callable[[ArmModel], Sequence[Joint]],
        joint_parameters: type[JointParameters],
        steady: Clock | None = None,
        *,
        with_collisions: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(name, **options)
        # rclpy destroys a node whose construction failed, too: only what exists must be closed.
        self._on_destroy = ExitStack()
        self.given = read(self, GroupParameters)
        self.model, self.wiring = read_given_arm(
            self.given.urdf, self.given.wiring, with_collisions=with_collisions
        )
        self.joints = tuple(joint.name for joint in joints_of(self.model))
        limits = read_limits(self, self.model, self.wiring)
        require_bounds(limits.arm)
        self.control = self._make_control(limits, joint_parameters)
        self.control.state.hooks.report_not_following = self._report_not_following
        self.positions: dict[str, float] = {}  # of all joints, as last read [rad] or [m]
        self.efforts: dict[str, float] = {}  # of those where it is known [N·m] or [N]
        self.steady = steady or Clock(clock_type=ClockType.STEADY_TIME)
        self._last_reading_at = 0.0
        self._setpoints = topics.publisher(self, topics.SETPOINTS)
        self.reports = Reports(self, self.control.state, self.publish_feedback, self.steady)
        topics.subscription(self, topics.STATE, self._on_state)
        topics.subscription(self, topics.COMMANDED, self._on_commanded)
        topics.subscription(self, topics.JOINT_STATES, self._on_reading, raw=True)
        self._renewal = self.create_timer(_RENEWAL, self._update)
        self._renewal.cancel()
        self.paced = PacedCommands(partial(self.create_timer, clock=self.steady), time.monotonic)
        if self.joints:
            self._warm_up()

    def destroy_node(self) -> None:
        """Close the servers of the node, then the node."""
        self._on_destroy.close()
        super().destroy_node()

    def now(self) -> float:
        """ROS time [s]."""
        return float(self.get_clock().now().nanoseconds) * 1e-9

    def own_frame(self, name: str) -> str:
        """A frame as the URDF names it: in the tree of all arms this one's begin with its namespace."""
        return name.removeprefix(f"{self.get_namespace().strip('/')}/")

    def advance_stop(self, signals: Sequence[int]) -> bool:
        """Before the process ends: slow down and hold."""
        if self.control.state.motion.is_moving(self.now()) and len(signals) == 1:
            self.control.stop(self.now(), "the controller is shutting down")
            self.publish_now()
            return False
        return True

    def publish_now(self) -> bool:
        """Publish set-points now, and go on until nothing moves; returns whether there were any."""
        self._keep_renewing()
        return self._publish_segment(self.now())

    def report_end(self, on_end: OnEnd) -> OnEnd:
        """A callback that passes a goal's outcome on, then reports it."""

        def end(outcome: Outcome) -> None:
            on_end(outcome)
            self.reports.report_outcome(outcome)

        return end

    def refuse(self, request: str, error: ArmatureError) -> None:
        """Report why a command from a topic, which has no answer, was refused."""
        self.reports.warn(f"{request}: {error}")

    def fail(self, error: InternalError) -> None:
        """Let the arm come to rest at the end of its last segment, end everything, and report why."""
        self._renewal.cancel()
        self.paced.drop()
        self.control.give_up(str(error))
        self.drop_pending(str(error))
        self.reports.warn(str(error))

    @abstractmethod
    def drop_pending(self, why: str) -> None:
        """Drop what waits or repeats by itself, since something else moves the arm, or nothing may."""

    @abstractmethod
    def before_stop(self, why: str) -> None:
        """Drop what a stop ends beside the goal that is followed."""

    @abstractmethod
    def before_segment(self) -> None:
        """Do what is due while something moves, before the next segment is published."""

    @abstractmethod
    def on_reading(self) -> None:
        """React to the newest reading, which the group has taken."""

    @abstractmethod
    def with_efforts(self, segment: Segment[RosTime]) -> Segment[RosTime]:
        """The segment with the loads of its joints, or with limits of their effort."""

    @abstractmethod
    def publish_feedback(self, stamp: float, reference: State, feedback: State, error: State) -> None:
        """Give the client of a goal feedback; see `reports.Feedback`."""

    def _warm_up(self) -> None:
        """Plan a goal once without moving.

        The first time takes 70 ms for lazy imports, and a first segment that is late is refused.
        """
        place = np.zeros(len(self.joints))
        tracker = Tracker(self.control.state.limits, place)
        goal = Trajectory(self.joints, np.ones(1), place[None], place[None])
        check_motion(tracker.plan(goal, 0.0), self.control.state.limits)
        tracker.accept(goal, 0.0)
        serialize_message(from_segment(tracker.segment(0.0)))

    def _make_control(self, limits: ArmLimits, joint_parameters: type[JointParameters]) -> GroupControl:
        given = {
            joint: read(
                self, joint_parameters, f"limits.{joint}.", **_usual(joint_parameters, self.model.joint(joint))
            )
            for joint in self.joints
        }
        settings = GroupSettings(
            start_tolerance=np.array([values.start_tolerance for values in given.values()]),
            margin=np.array([values.margin for values in given.values()]),
            lease=self.given.jog__lease,
            reading_timeout=self.given.reading_timeout,
        )
        return GroupControl(GroupState(group_limits(limits, self.joints), settings))

    def _on_state(self, message: DiagnosticStatus) -> None:
        values = values_of(message)
        session, why = values.get("session", ""), values.get("why", "")
        arm = self.control.state.arm
        arm.remedy = values.get("remedy", "")
        limits = self.control.state.limits
        arm.disagreement = find_disagreement(limits, self.model, values) if self.wiring else ""
        ended = self.control.state.note_state(message.message, session, why, blocks_of(values), self.now())
        if ended:
            self.drop_pending(ended)
        self.control.bound_speed(float(values.get("speed_factor", 1.0)), self.now())

    def _on_commanded(self, message: JointState) -> None:
        stamp, session = to_seconds(message.header.stamp), session_of(message)
        rests = not any(map(velocities_of(message).get, self.joints))
        self.control.state.note_commanded(stamp, positions_of(message), session, self.now(), rests=rests)

    def _on_reading(self, data: bytes) -> None:
        now = self.now()
        if self.control.state.goals.are_none and 0.0 <= now - self._last_reading_at < _IDLE_PERIOD:
            return
        self._last_reading_at = now
        message = deserialize_message(data, JointState)
        stamp = to_seconds(message.header.stamp)
        self.positions, self.efforts = positions_of(message), efforts_of(message)
        self.control.state.note_reading(stamp, self.positions, velocities_of(message), now)
        self.on_reading()

    def _update(self) -> None:
        self.before_segment()
        now = self.now()
        self.control.state.update(now)
        self._publish_segment(now)
        if not self.control.state.motion.is_moving(now) and self.control.state.goals.are_none:
            self._renewal.cancel()

    def _publish_segment(self, now: float) -> bool:
        segment = self.control.state.segment(now)
        if segment is not None:
            self._setpoints.publish(self.compose(segment))
        return segment is not None

    def compose(self, segment: Segment[RosTime]) -> JointTrajectory:
        """The message of a segment for the servo interface, with its efforts."""
        return from_segment(self.with_efforts(segment))

    def begin_publishing(self, first: JointTrajectory) -> None:
        """Publish the first segment of a motion, and go on until nothing moves."""
        self._keep_renewing()
        self._setpoints.publish(first)

    def _keep_renewing(self) -> None:
        if self._renewal.is_canceled():  # begun anew by each command, it would never be due
            self._renewal.reset()

    def _report_not_following(self, joints: tuple[str, ...]) -> None:
        """Report joints that do not follow, by a set-point message without points."""
        message = JointTrajectory(joint_names=list(joints))
        set_session(message, self.control.state.arm.session)
        self._setpoints.publish(message)


def _usual(kind: Any, joint: Joint) -> dict[str, float]:
    """Defaults of a joint's parameters that are not those of the class, which are for joints that turn."""
    if joint.unit != "m":
        return {}
    return {each.name: min(float(getattr(kind, each.name)), _SLIDING) for each in fields(kind)}
