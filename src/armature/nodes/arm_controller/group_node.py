"""What the controllers of the arm and of the gripper have in common: one node over one `GroupControl`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
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
from armature.core.control.tracker import Tracker
from armature.core.jog_limits import LEASE
from armature.core.model.arm import ArmModel
from armature.core.trajectory.limits import GroupLimits, check_motion
from armature.core.trajectory.segments import RosTime, Segment
from armature.core.trajectory.trajectory import State, Trajectory
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import ArmatureError, InternalError
from armature.nodes.arm_controller.guarded_node import GuardedNode
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
from armature.nodes.common.joint_limits import ArmLimits, read_limits
from armature.nodes.common.parameters import read, read_file

# Segments are renewed this often while something moves [s].
_RENEWAL = 0.02
# Without a goal only some of the readings are unpacked, which is most of their cost [s].
_IDLE_PERIOD = 0.04


@dataclass(frozen=True)
class GroupParameters:
    """Parameters of a controller."""

    urdf: str  # file of the robot's description
    wiring: str = ""  # file; what the servos can give, and how far the joints go
    poses: str = ""  # file of the named poses
    reading_timeout: float = 0.5  # without joint states, after which a goal ends [s]
    jog__lease: float = LEASE  # for which a jog or twist counts [s]


class JointParameters(Protocol):
    """What a controller keeps of one joint beside its limits."""

    @property
    def margin(self) -> float:
        """Kept from the position limits while jogging [rad] or [m]."""

    @property
    def start_tolerance(self) -> float:
        """Of a first point at time 0 [rad] or [m]."""


class GroupNode(GuardedNode):
    """Feeds a `GroupControl` from topics and services, and publishes what it says.

    Args:
        name: of the node.
        kinds: URDF types of the joints that belong to the group.
        joint_parameters: the parameters of each joint, with their defaults.
        steady: a clock that goes on while a simulation pauses; the machine's, if none is given.
        options: of rclpy's Node.
    """

    def __init__(
        self,
        name: str,
        kinds: tuple[str, ...],
        joint_parameters: type[JointParameters],
        steady: Clock | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, **options)
        # rclpy destroys a node that could not be made, too: only what there is must be closed.
        self._at_end = ExitStack()
        self.given = read(self, GroupParameters)
        path = self.given.urdf
        self.urdf = read_file("urdf", path)
        self.model = ArmModel.from_urdf(self.urdf, path)
        self.wiring = self._read_wiring()
        self.joints = tuple(joint.name for joint in self.model.driven if joint.kind in kinds)
        self.control = self._make_control(self._read_limits(), joint_parameters)
        self.control.state.hooks.report_not_following = self._let_back_off
        self.positions: dict[str, float] = {}  # of all joints, as last read [rad] or [m]
        self.efforts: dict[str, float] = {}  # of those where it is known [N·m] or [N]
        self.steady = steady or Clock(clock_type=ClockType.STEADY_TIME)
        self._read_last = 0.0
        self._setpoints = topics.publisher(self, topics.SETPOINTS)
        self.reports = Reports(self, self.control.state, self.publish_feedback, self.steady)
        topics.subscription(self, topics.STATE, self._note_state)
        topics.subscription(self, topics.COMMANDED, self._note_commanded)
        topics.subscription(self, topics.JOINT_STATES, self._note_reading, raw=True)
        self._renewal = self.create_timer(_RENEWAL, self._renew)
        self._renewal.cancel()
        if self.joints:
            self._warm_up()

    def destroy_node(self) -> None:
        """Close what hangs on the node, then the node."""
        self._at_end.close()
        super().destroy_node()

    def now(self) -> float:
        """ROS time [s]."""
        return float(self.get_clock().now().nanoseconds) * 1e-9

    def own_frame(self, name: str) -> str:
        """A frame as the URDF names it: in the tree of all arms this one's begin with its namespace."""
        return name.removeprefix(f"{self.get_namespace().strip('/')}/")

    def stopping(self, signals: Sequence[int]) -> bool:
        """Before the process ends: slow down and hold."""
        if self.control.state.motion.is_moving(self.now()) and len(signals) == 1:
            self.control.stop(self.now(), "the controller is shutting down")
            self.publish_now()
            return False
        return True

    def publish_now(self) -> bool:
        """Publish what is to be done now, and keep renewing it until nothing moves.

        Returns:
            Whether there was anything.
        """
        self._renewal.reset()
        return self._publish_segment(self.now())

    def report_end(self, on_end: OnEnd) -> OnEnd:
        """What notes how a goal ended, once that is passed on."""

        def end(outcome: Outcome) -> None:
            on_end(outcome)
            self.reports.report_outcome(outcome)

        return end

    def refuse(self, request: str, error: ArmatureError) -> None:
        """Note why a command from a topic, which nobody can be answered for, was refused."""
        self.reports.warn(f"{request}: {error}")

    def fail(self, error: InternalError) -> None:
        """Let the arm come to rest as its last segment says, end everything, and tell."""
        self._renewal.cancel()
        self.control.give_up(str(error))
        self.forget(str(error))
        self.reports.warn(str(error))

    @abstractmethod
    def forget(self, why: str) -> None:
        """Drop what was to begin or to go on by itself, since something else moves the arm, or nothing may."""

    @abstractmethod
    def before_stop(self, why: str) -> None:
        """Drop what a stop ends beside the goal that is followed."""

    @abstractmethod
    def before_renewal(self) -> None:
        """Do what is due while something moves, before the next segment is published."""

    @abstractmethod
    def after_reading(self) -> None:
        """Look at the newest reading, which the group has taken."""

    @abstractmethod
    def with_efforts(self, segment: Segment[RosTime]) -> Segment[RosTime]:
        """The segment with what its joints carry, or the most that they may give."""

    @abstractmethod
    def publish_feedback(self, stamp: float, reference: State, feedback: State, error: State) -> None:
        """Tell the client of a goal how it goes; see `reports.Feedback`."""

    def _read_wiring(self) -> Wiring | None:
        path = self.given.wiring
        return Wiring.from_yaml(read_file("wiring", path), self.model, path) if path else None

    def _read_limits(self) -> ArmLimits:
        limits = read_limits(self, self.model)
        return limits if self.wiring is None else limits.within(self.wiring)

    def _warm_up(self) -> None:
        """Do once, unseen, what a goal needs.

        The first time takes 70 ms for all that is loaded on the way, and a first segment that is late is refused.
        """
        place = np.zeros(len(self.joints))
        tracker = Tracker(self.control.state.limits, place)
        row = place[None]
        goal = Trajectory(self.joints, np.ones(1), row, row)
        check_motion(tracker.plan(goal, 0.0), self.control.state.limits)
        tracker.accept(goal, 0.0)
        serialize_message(from_segment(tracker.segment(0.0)))

    def _make_control(self, limits: ArmLimits, joint_parameters: type[JointParameters]) -> GroupControl:
        given = {joint: read(self, joint_parameters, f"limits.{joint}.") for joint in self.joints}
        bounds = GroupLimits.of(
            limits.arm,
            self.joints,
            {joint: dynamics.acceleration for joint, dynamics in limits.dynamics.items()},
            {joint: dynamics.jerk for joint, dynamics in limits.dynamics.items()},
        )
        settings = GroupSettings(
            start_tolerance=np.array([values.start_tolerance for values in given.values()]),
            margin=np.array([values.margin for values in given.values()]),
            lease=self.given.jog__lease,
            reading_timeout=self.given.reading_timeout,
        )
        return GroupControl(GroupState(bounds, settings))

    def _note_state(self, message: DiagnosticStatus) -> None:
        values = values_of(message)
        session, why = values.get("session", ""), values.get("why", "")
        self.control.state.arm.remedy = values.get("remedy", "")
        ended = self.control.state.note_state(message.message, session, why, blocks_of(values), self.now())
        if ended:
            self.forget(ended)
        self.control.bound_speed(float(values.get("speed_factor", 1.0)), self.now())

    def _note_commanded(self, message: JointState) -> None:
        stamp, session = to_seconds(message.header.stamp), session_of(message)
        velocities = velocities_of(message)
        rests = not any(velocities.get(joint) for joint in self.joints)
        self.control.state.note_commanded(stamp, positions_of(message), session, self.now(), rests=rests)

    def _note_reading(self, data: bytes) -> None:
        now = self.now()
        if self.control.state.goals.are_none and 0.0 <= now - self._read_last < _IDLE_PERIOD:
            return
        self._read_last = now
        message = deserialize_message(data, JointState)
        stamp = to_seconds(message.header.stamp)
        self.positions, self.efforts = positions_of(message), efforts_of(message)
        self.control.state.note_reading(stamp, self.positions, velocities_of(message), now)
        self.after_reading()

    def _renew(self) -> None:
        self.before_renewal()
        now = self.now()
        self.control.state.update(now)
        self._publish_segment(now)
        if not self.control.state.motion.is_moving(now) and self.control.state.goals.are_none:
            self._renewal.cancel()

    def _publish_segment(self, now: float) -> bool:
        segment = self.control.state.segment(now)
        if segment is not None:
            self.publish(segment)
        return segment is not None

    def publish(self, segment: Segment[RosTime]) -> None:
        """Let the servo interface follow a segment."""
        self._setpoints.publish(from_segment(self.with_efforts(segment)))

    def _let_back_off(self, joints: tuple[str, ...]) -> None:
        """A set-point message without points tells the servo interface which joints do not follow."""
        message = JointTrajectory(joint_names=list(joints))
        set_session(message, self.control.state.arm.session)
        self._setpoints.publish(message)
