"""The controller of the gripper, in the arm controller's process: it opens, closes, and detects a stall."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from control_msgs.action import ParallelGripperCommand
from sensor_msgs.msg import JointState

from armature.core.arrays import Array
from armature.core.control.goal import End, OnEnd, Outcome
from armature.core.control.grip import GripForceLimit, GripMonitor
from armature.core.model.gripper import facing
from armature.core.trajectory.limits import check_joints
from armature.core.trajectory.segments import RosTime, Segment
from armature.core.trajectory.trajectory import State, Trajectory
from armature.dynamixel.motion.grip import HOLDING_SHARE, max_lead
from armature.errors import CommandRefused, ConfigError, GoalRefused
from armature.nodes.arm_controller.action_server import ActiveGoal, Begin, GoalServer
from armature.nodes.arm_controller.commands import Commands
from armature.nodes.arm_controller.group_node import GroupNode
from armature.nodes.arm_controller.jtc_parameters import take_gripper_parameters
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_stamp
from armature.nodes.common.parameters.parameters import read, refuse_unknown
from armature.nodes.common.parameters.wanted import at_least, changing, within


@dataclass(frozen=True)
class GripperJoint:
    """Of a gripper's joint."""

    margin: float = field(
        default=0.0, metadata=at_least(0.0)
    )  # kept from the position limits while jogging [m] or [rad]
    # of a first point at time 0 [rad]; 0.002 m where it slides
    start_tolerance: float = field(default=0.05, metadata=at_least(0.0))


@dataclass(frozen=True)
class GripperParameters:
    """How the gripper's goals are checked, with parallel_gripper_action_controller's names."""

    # bound of the error at the end; 0: 0.003 m, or 0.05 rad where it turns
    goal_tolerance: float = field(default=0.0, metadata=at_least(0.0, changes=True))
    # slower, a finger stands; 0: 0.002 m/s, or 0.05 rad/s where it turns
    stall_velocity_threshold: float = field(default=0.0, metadata=at_least(0.0, changes=True))
    # for which it must stand to count as stalled [s]
    stall_timeout: float = field(default=0.5, metadata=at_least(0.0, changes=True))
    # a gripper that closes on an object has done its job
    allow_stalling: bool = field(default=True, metadata=changing())
    holding_share: float = HOLDING_SHARE  # of the stall torque, where a servo does not limit its current

    def __post_init__(self) -> None:
        if not 0.05 <= self.holding_share <= 0.7:
            allowed = "it must be within 0.05 and 0.7: more is an overload before long"
            raise ConfigError("parameter holding_share", self.holding_share, allowed)


@dataclass(frozen=True)
class GainParameters:
    """Of a gripper's servo, as /servo_interface has it; -1 for the factory's."""

    position_p_gain: int = field(
        default=-1, metadata=within(-1, 16383)
    )  # as /servo_interface has it; -1 for the factory's


# What parameters of 0 stand for, by the unit of the joint.
_GOAL_TOLERANCE = {"m": 0.003, "rad": 0.05}
_STANDING = {"m": 0.002, "rad": 0.05}  # [m/s], [rad/s]; twice the step in which such servos tell their velocity


class GripperController(GroupNode):
    """Opens and closes the gripper; of an arm without one it has no function."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            "gripper_controller", lambda arm: arm.gripper_joints, GripperJoint, with_collisions=False, **options
        )
        self._servos = {servo.joint: servo for servo in self.wiring.servos} if self.wiring else {}
        self._limits = np.zeros(len(self.joints))  # of the joints' efforts, as the last command asks; 0: none
        self._force = self._make_force_limit(read(self, GripperParameters).holding_share)
        self._take_parameters()
        for note in take_gripper_parameters(self, self.joints):
            self.get_logger().warning(note)
        self._commands = Commands(self)
        refuse_unknown(self)
        self.add_post_set_parameters_callback(self.guard(lambda _changes: self._take_parameters()))
        self._server = GoalServer(self, topics.GRIPPER_COMMAND, self._prepare, self._to_result, tells_why=False)
        self._on_destroy.callback(self._server.destroy)

    def publish_feedback(self, stamp: float, reference: State, feedback: State, error: State) -> None:
        """Give the action's client the gripper's position."""
        state = self._joint_state(feedback)
        state.header.stamp = to_stamp(round(stamp * 1e9))
        self._server.publish_feedback(ParallelGripperCommand.Feedback(state=state))

    def with_efforts(self, segment: Segment[RosTime]) -> Segment[RosTime]:
        """The segment with limits of the joints' effort."""
        if not self._limits.any():
            return segment
        return replace(segment, effort_limits=dict(zip(self.joints, self._limits.tolist(), strict=True)))

    def _take_parameters(self) -> None:
        """Let goals from now on be checked by the parameters as they are now."""
        given = self._given = read(self, GripperParameters)
        self._goal_tolerance = self._by_unit(given.goal_tolerance, _GOAL_TOLERANCE)
        self._standing = self._force.standing_velocity = self._by_unit(given.stall_velocity_threshold, _STANDING)

    def _make_force_limit(self, share: float) -> GripForceLimit:
        gains = {joint: max(read(self, GainParameters, f"{joint}.").position_p_gain, 0) for joint in self.joints}
        leads = [
            max_lead(self._servos[joint], share, gain) if joint in self._servos else math.inf
            for joint, gain in gains.items()
        ]
        return GripForceLimit(self.control.state.limits, np.array(leads), 0.0)

    def _by_unit(self, given: float, usual: Mapping[str, float]) -> Array:
        """A parameter for each joint, Shape (n,): as given, else the usual one of the joint's unit."""
        return np.array([given or usual[unit] for unit in self.control.state.limits.units])

    def before_stop(self, why: str) -> None:
        """A stop keeps the limit of the force."""

    def before_segment(self) -> None:
        """Nothing is due."""

    def on_reading(self) -> None:
        """Set back the set-points of fingers that something stops."""
        stamp, measured = self.control.state.arm.read_at, self.control.state.arm.measured
        desired = None if measured is None else self.control.state.motion.setpoint(stamp)
        if desired is None or measured is None:
            return
        target = self._force.set_back(stamp, desired, measured)
        if target is not None:
            with suppress(CommandRefused):  # the arm holds: what it holds is not this node's to change
                self.control.limit_grip(target, self.now())
                self.publish_now()

    def _cancel(self) -> None:
        self.control.cancel(self.now())
        self.publish_now()

    def drop_pending(self, why: str) -> None:
        """See `GroupNode`."""
        self._limits = np.zeros(len(self.joints))

    def _prepare(self, request: ParallelGripperCommand.Goal) -> Begin:
        if not self.joints:
            remedy = "write group: gripper for its joint in the wiring file, or use an arm with one"
            raise CommandRefused("gripper command", f"{self.model.name} has no gripper", remedy)
        target, speed, limits = self._parse(request.command)
        self.control.check_move(target, speed, self.now())
        given = self._given
        monitor = GripMonitor(
            target, self._goal_tolerance, self._standing, given.stall_timeout, given.allow_stalling
        )

        def begin(on_end: OnEnd) -> ActiveGoal:
            self.control.move(target, speed, monitor, self.report_end(on_end), self.now())
            self._limits = limits
            if not self.publish_now():  # it is there already, but the limit has to be sent
                motion = Trajectory.at_rest(self.joints, target)
                self.begin_publishing(
                    self.compose(Segment(0, self.control.state.arm.session, RosTime(self.now()), motion))
                )
            return ActiveGoal(self._cancel)

        return begin

    def _parse(self, command: JointState) -> tuple[Array, Array, Array]:
        """Position, speed and limit of the effort of each joint that a command asks for."""
        # As in parallel_gripper_action_controller, a lone gripper joint need not be named.
        if not command.name:
            command = self._for_all(command)
        check_joints(command.name, self.joints)
        names = list(command.name)
        target = self._column(names, command.position, "command.position")
        # MoveIt writes 0 for an effort or a velocity that it does not ask for.
        speed, limits = self.control.state.limits.velocity, np.zeros(len(self.joints))
        if any(command.velocity):
            speed = self._column(names, command.velocity, "command.velocity")
        if any(command.effort):
            limits = self._column(names, command.effort, "command.effort")
            self._check_limits(limits)
        return target, speed, limits

    def _for_all(self, command: JointState) -> JointState:
        """A command that names no joint, for each: fingers that face each other move to equal openings."""
        limits = self.control.state.limits
        signs = facing(list(zip(limits.units, limits.lower.tolist(), limits.upper.tolist(), strict=True)))
        if 0.0 in signs:
            allowed = f"these move differently: name each of {', '.join(self.joints)} once"
            raise GoalRefused("command.name", [], allowed)
        if len(command.position) != 1:
            raise GoalRefused("command.position", list(command.position), "1 finite number is needed")
        asked = {name: list(getattr(command, name)) * len(signs) for name in ("velocity", "effort")}
        return JointState(name=list(self.joints), position=[s * command.position[0] for s in signs], **asked)

    def _check_limits(self, limits: Array) -> None:
        for joint, limit in zip(self.joints, limits.tolist(), strict=True):
            if limit and joint not in self._servos:
                raise GoalRefused("command.effort", limit, "set the parameter wiring, or give 0 or nothing")
            if limit:
                self._servos[joint].goal_current(limit)

    def _column(self, names: list[str], values: Sequence[float], where: str) -> Array:
        if len(values) != len(names) or not np.isfinite(values).all():
            raise GoalRefused(where, list(values), f"{len(names)} finite numbers are needed")
        return np.array([values[names.index(joint)] for joint in self.joints], dtype=float)

    def _joint_state(self, state: State) -> JointState:
        message = JointState(name=list(self.joints))
        message.position, message.velocity = state.position.tolist(), state.velocity.tolist()
        if all(joint in self.efforts for joint in self.joints):
            message.effort = [self.efforts[joint] for joint in self.joints]
        return message

    def _to_result(self, outcome: Outcome) -> ParallelGripperCommand.Result:
        measured = self.control.state.arm.measured
        return ParallelGripperCommand.Result(
            state=JointState() if measured is None else self._joint_state(measured),
            stalled=outcome.is_stalled,
            reached_goal=outcome.end is End.SUCCEEDED and not outcome.is_stalled,
        )
