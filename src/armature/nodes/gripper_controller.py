"""The controller of the gripper: it opens, closes, and tells reached from stalled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from control_msgs.action import ParallelGripperCommand
from sensor_msgs.msg import JointState

from armature.core.judging import GripJudge
from armature.core.limits import check_joints
from armature.core.outcome import End, OnEnd, Outcome
from armature.core.trajectory import State
from armature.errors import CommandRefused, GoalRefused
from armature.nodes import topics
from armature.nodes.conversions import to_stamp
from armature.nodes.goals import Begin, GoalServer
from armature.nodes.group_node import GroupNode, JointParameters
from armature.nodes.parameters import read, refuse_unknown


@dataclass(frozen=True)
class GripperJoint(JointParameters):
    """Limits of a gripper's joint."""

    acceleration: float = 0.2  # [m/s²]
    jerk: float = 2.0  # [m/s³]
    margin: float = 0.0  # [m]
    start_tolerance: float = 0.002  # [m]


@dataclass(frozen=True)
class GripperParameters:
    """How the gripper's goals are judged, with parallel_gripper_action_controller's names."""

    goal_tolerance: float = 0.003  # [m]
    stall_velocity_threshold: float = 0.002  # [m/s]
    stall_timeout: float = 0.5  # [s]
    # A gripper that closes on an object has done its job.
    allow_stalling: bool = True


class GripperController(GroupNode):
    """Opens and closes the gripper; without a prismatic joint in the URDF it has nothing to do."""

    def __init__(self, **options: Any) -> None:
        super().__init__("gripper_controller", ("prismatic",), GripperJoint, **options)
        self._judging = read(self, GripperParameters)
        refuse_unknown(self)
        self._server = GoalServer(self, topics.GRIPPER_COMMAND, self._prepare, self._cancel, self._gripped)
        self._at_end.callback(self._server.destroy)

    def publish_feedback(self, stamp: float, reference: State, feedback: State, error: State) -> None:
        """Tell the action's client where the gripper is."""
        state = self._joint_state(feedback)
        state.header.stamp = to_stamp(round(stamp * 1e9))
        self._server.publish_feedback(ParallelGripperCommand.Feedback(state=state))

    def _cancel(self) -> None:
        self.control.cancel(self.now())
        self.go()

    def _prepare(self, request: ParallelGripperCommand.Goal) -> Begin:
        if not self.joints:
            raise CommandRefused(
                "gripper command", "the URDF has no driven prismatic joint", "use an arm with one"
            )
        target, speed = self._asked(request.command)
        given = self._judging
        judge = GripJudge(
            given.goal_tolerance, given.stall_velocity_threshold, given.stall_timeout, given.allow_stalling
        )

        def begin(on_end: OnEnd) -> None:
            self.control.move(target, speed, judge, self.saying(on_end), self.now())
            self.go()

        return begin

    def _asked(self, command: JointState) -> tuple[np.ndarray, np.ndarray]:
        """Position [m] and speed [m/s] that a command asks for."""
        # As in parallel_gripper_action_controller, a lone gripper joint need not be named.
        if command.name or len(self.joints) != 1:
            check_joints(command.name, self.joints)
        # MoveIt writes 0 for an effort or a velocity that it does not ask for.
        if any(command.effort):
            allowed = "leave it empty or 0: the gripper's force is limited by its servo's parameters"
            raise GoalRefused("command.effort", list(command.effort), allowed)
        names = list(command.name) or list(self.joints)
        target = self._column(names, command.position, "command.position")
        if not any(command.velocity):
            return target, self.control.limits.velocity
        return target, self._column(names, command.velocity, "command.velocity")

    def _column(self, names: list[str], values: list[float], where: str) -> np.ndarray:
        if len(values) != len(names) or not np.isfinite(values).all():
            raise GoalRefused(where, list(values), f"{len(names)} finite numbers are needed")
        return np.array([values[names.index(joint)] for joint in self.joints], dtype=float)

    def _joint_state(self, state: State) -> JointState:
        return JointState(
            name=list(self.joints), position=state.position.tolist(), velocity=state.velocity.tolist()
        )

    def _gripped(self, outcome: Outcome) -> ParallelGripperCommand.Result:
        measured = self.control.arm.measured
        return ParallelGripperCommand.Result(
            state=JointState() if measured is None else self._joint_state(measured),
            stalled=outcome.is_stalled,
            reached_goal=outcome.end is End.SUCCEEDED and not outcome.is_stalled,
        )
