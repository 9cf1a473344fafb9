"""What the controllers of the arm and of the gripper have in common: one node over one `GroupControl`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from control_msgs.msg import JointJog, JointTrajectoryControllerState
from control_msgs.srv import QueryTrajectoryState
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from armature.core.control.group import GroupControl, GroupSettings
from armature.core.control.outcome import End, OnEnd, Outcome
from armature.core.control.tolerance import difference
from armature.core.control.tracker import Tracker
from armature.core.model.arm import ArmModel
from armature.core.trajectory.limits import GroupLimits, check_joints, check_motion
from armature.core.trajectory.segments import RosTime, Segment
from armature.core.trajectory.trajectory import State, Trajectory
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import ArmatureError, GoalRefused, InternalError
from armature.nodes.common import topics
from armature.nodes.common.conversions import (
    blocks_of,
    diagnostic,
    efforts_of,
    from_segment,
    positions_of,
    session_of,
    set_session,
    to_point,
    to_seconds,
    to_stamp,
    values_of,
    velocities_of,
)
from armature.nodes.common.joint_limits import ArmLimits, read_limits
from armature.nodes.common.kept_node import KeptNode
from armature.nodes.common.parameters import read, read_file

# Segments are renewed this often while something moves, and the controller's state is published [s].
_RENEWAL = 0.02
_STATE_PERIOD = 0.05
_DIAGNOSTICS_PERIOD = 1.0
# Without a goal only some of the readings are unpacked, which is most of their cost [s].
_IDLE_PERIOD = 0.04


@dataclass(frozen=True)
class GroupParameters:
    """Parameters of a controller."""

    urdf: str  # file of the robot's description
    wiring: str = ""  # file; what the servos can give, and how far the joints go
    poses: str = ""  # file of the named poses
    reading_timeout: float = 0.5  # without joint states, after which a goal ends [s]
    jog__lease: float = 0.25  # for which a jog or twist counts [s]


@dataclass(frozen=True)
class JointParameters:
    """What a controller keeps of one joint beside its limits; subclasses hold the defaults."""

    margin: float  # kept from the position limits while jogging [rad] or [m]
    start_tolerance: float  # of a first point at time 0 [rad] or [m]


class GroupNode(KeptNode):
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
        self.control.let_give_way = self._let_give_way
        self.positions: dict[str, float] = {}  # of all joints, as last read [rad] or [m]
        self.efforts: dict[str, float] = {}  # of those where it is known [N·m] or [N]
        self.steady = steady or Clock(clock_type=ClockType.STEADY_TIME)
        self._said = ""
        self._published_at = 0.0
        self._read_last = 0.0
        self._setpoints = topics.publisher(self, topics.SETPOINTS)
        self._diagnostics = topics.publisher(self, topics.DIAGNOSTICS)
        self._state = self.create_publisher(
            JointTrajectoryControllerState, f"{name}/controller_state", topics.CONTROLLER_STATE.qos
        )
        topics.subscription(self, topics.STATE, self._note_state)
        topics.subscription(self, topics.COMMANDED, self._note_commanded)
        topics.subscription(self, topics.JOINT_STATES, self._note_reading, raw=True)
        self.create_subscription(JointJog, f"{name}/joint_jog", self._jog, topics.JOINT_JOG.qos)
        self.create_service(Trigger, f"{name}/stop", self._stop)
        self.create_service(SetBool, f"{name}/pause", self._pause)
        self.create_service(QueryTrajectoryState, f"{name}/query_state", self._query)
        self._renewal = self.create_timer(_RENEWAL, self._renew)
        self._renewal.cancel()
        self.create_timer(_STATE_PERIOD, self._publish_state)
        self.create_timer(_DIAGNOSTICS_PERIOD, self._publish_diagnostics, clock=self.steady)
        if self.joints:
            self._rehearse()

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
        if self.control.is_moving(self.now()) and len(signals) == 1:
            self.control.stop(self.now(), "the controller is shutting down")
            self.go()
            return False
        return True

    def go(self) -> bool:
        """Publish what is to be done now, and keep renewing it until nothing moves.

        Returns:
            Whether there was anything.
        """
        self._renewal.reset()
        return self._publish_segment(self.now())

    def saying(self, on_end: OnEnd) -> OnEnd:
        """What notes how a goal ended, once that is passed on."""

        def ended(outcome: Outcome) -> None:
            on_end(outcome)
            self.say(outcome)

        return ended

    def say(self, outcome: Outcome) -> None:
        """Say in the log and in diagnostics how a goal has ended."""
        self._said = outcome.message
        # rclpy's logger wants one severity a line of code.
        if outcome.end is End.SUCCEEDED:
            self.get_logger().info(outcome.message)
        else:
            self.get_logger().warning(outcome.message)
        self._publish_diagnostics()

    def refuse(self, request: str, error: ArmatureError) -> None:
        """Note why a command from a topic, which nobody can be answered for, was refused."""
        self.tell(f"{request}: {error}")

    def tell(self, text: str) -> None:
        """Say in the log, and as the last word in diagnostics, what nobody can be answered."""
        self.get_logger().warning(text, throttle_duration_sec=1.0)
        if text != self._said:
            self._said = text
            self._publish_diagnostics()

    def fail(self, error: InternalError) -> None:
        """Let the arm come to rest as its last segment says, end everything, and tell."""
        self._renewal.cancel()
        self.control.give_up(str(error))
        self.forget(str(error))
        self.tell(str(error))

    def forget(self, why: str) -> None:
        """Drop what was to begin or to go on by itself, since something else moves the arm, or nothing may."""

    def publish_feedback(self, stamp: float, reference: State, feedback: State, error: State) -> None:
        """Tell the client of a goal how it goes; for subclasses."""

    def _read_wiring(self) -> Wiring | None:
        path = self.given.wiring
        return Wiring.from_yaml(read_file("wiring", path), self.model, path) if path else None

    def _read_limits(self) -> ArmLimits:
        limits = read_limits(self, self.model)
        return limits if self.wiring is None else limits.within(self.wiring)

    def _rehearse(self) -> None:
        """Do once, unseen, what a goal needs.

        The first time takes 70 ms for all that is loaded on the way, and a first segment that is late is refused.
        """
        place = np.zeros(len(self.joints))
        tracker = Tracker(self.control.limits, place)
        row = place[None]
        goal = Trajectory(self.joints, np.ones(1), row, row)
        check_motion(tracker.plan(goal, 0.0), self.control.limits)
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
        return GroupControl(bounds, settings)

    def _note_state(self, message: DiagnosticStatus) -> None:
        values = values_of(message)
        session, why = values.get("session", ""), values.get("why", "")
        self.control.arm.remedy = values.get("remedy", "")
        ended = self.control.note_state(message.message, session, why, blocks_of(values), self.now())
        if ended:
            self.forget(ended)
        self.control.bound_speed(float(values.get("speed_factor", 1.0)), self.now())

    def _note_commanded(self, message: JointState) -> None:
        stamp, session = to_seconds(message.header.stamp), session_of(message)
        velocities = velocities_of(message)
        rests = not any(velocities.get(joint) for joint in self.joints)
        self.control.note_commanded(stamp, positions_of(message), session, self.now(), rests=rests)

    def _note_reading(self, data: bytes) -> None:
        now = self.now()
        if not self.control.has_goal and 0.0 <= now - self._read_last < _IDLE_PERIOD:
            return
        self._read_last = now
        message = deserialize_message(data, JointState)
        stamp = to_seconds(message.header.stamp)
        self.positions, self.efforts = positions_of(message), efforts_of(message)
        self.control.note_reading(stamp, self.positions, velocities_of(message), now)

    def _renew(self) -> None:
        now = self.now()
        self.control.update(now)
        self._publish_segment(now)
        if not self.control.is_moving(now) and not self.control.has_goal:
            self._renewal.cancel()

    def with_efforts(self, segment: Segment[RosTime]) -> Segment[RosTime]:
        """The segment with what its joints carry, or the most that they may give; for subclasses."""
        return segment

    def _publish_segment(self, now: float) -> bool:
        segment = self.control.segment(now)
        if segment is not None:
            self.publish(segment)
        return segment is not None

    def publish(self, segment: Segment[RosTime]) -> None:
        """Let the servo interface follow a segment."""
        self._setpoints.publish(from_segment(self.with_efforts(segment)))

    def _let_give_way(self, joints: tuple[str, ...]) -> None:
        """A set-point message without points tells the servo interface which joints do not follow."""
        message = JointTrajectory(joint_names=list(joints))
        set_session(message, self.control.arm.session)
        self._setpoints.publish(message)

    def _jog(self, message: JointJog) -> None:
        try:
            slowed = self.control.jog(self._velocities(message), message.duration, self.now())
        except ArmatureError as error:
            self.refuse("jog", error)
            return
        if slowed:
            self.tell(f"jog: {slowed}")
        self.forget("replaced by a jog")
        self.go()

    def _velocities(self, message: JointJog) -> dict[str, float]:
        if message.joint_names:
            check_joints(message.joint_names, self.joints, is_partial=True)
        if len(message.displacements):
            raise GoalRefused("displacements", list(message.displacements), "give velocities")
        if len(message.velocities) != len(message.joint_names):
            raise GoalRefused("velocities", len(message.velocities), f"{len(message.joint_names)} are needed")
        stamp = to_seconds(message.header.stamp)
        late = self.now() - stamp
        if stamp > 0.0 and late > self.given.jog__lease:
            raise GoalRefused("header.stamp", f"{late:.3f} s ago", "a jog counts for its lease only")
        return dict(zip(message.joint_names, message.velocities, strict=True))

    def _stop(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        moved = self.control.is_moving(self.now())
        self.control.stop(self.now(), f"stopped by {self.get_name()}/stop")
        self.go()
        response.success = True
        response.message = "slowing down, then holding" if moved else "nothing was moving"
        return response

    def _pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        act: Callable[[float], None] = self.control.pause if request.data else self.control.resume
        try:
            act(self.now())
        except ArmatureError as error:
            response.success, response.message = False, str(error)
            return response
        self.go()
        response.success = True
        response.message = "pausing on the path" if request.data else "going on"
        return response

    def _query(
        self, request: QueryTrajectoryState.Request, response: QueryTrajectoryState.Response
    ) -> QueryTrajectoryState.Response:
        try:
            state = self.control.commanded(to_seconds(request.time))
        except ArmatureError as error:
            response.message = str(error)
            return response
        response.success = True
        response.name = list(self.joints)
        response.position, response.velocity = state.position.tolist(), state.velocity.tolist()
        response.acceleration = state.acceleration.tolist()
        return response

    def _publish_state(self) -> None:
        stamp, feedback = self.control.arm.read_at, self.control.arm.measured
        reference = None if feedback is None else self.control.setpoint(stamp)
        if not self.joints or reference is None or feedback is None or stamp == self._published_at:
            return
        self._published_at = stamp
        error = difference(reference, feedback)
        message = JointTrajectoryControllerState(joint_names=list(self.joints))
        message.speed_scaling_factor = self.control.rate(stamp)
        message.header.stamp = to_stamp(round(stamp * 1e9))
        time = self.control.goal_time(stamp)
        message.reference, message.feedback = to_point(reference, time), to_point(feedback, time)
        message.error, message.output = to_point(error), to_point(reference)
        self._state.publish(message)
        self.publish_feedback(stamp, reference, feedback, error)

    def _publish_diagnostics(self) -> None:
        now = self.now()
        doing = "paused" if self.control.is_paused else "moving" if self.control.is_moving(now) else "idle"
        values = {"last": self._said, "longest_delay": f"{self.control.longest_delay:.3f}"}
        status = diagnostic(self.get_name(), DiagnosticStatus.OK, doing, values)
        message = DiagnosticArray(status=[status])
        message.header.stamp = to_stamp(round(now * 1e9))
        self._diagnostics.publish(message)
