"""The monitor's gateway to the robot: commands as services, actions and jog messages of the graph."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import replace
from typing import Any

from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from control_msgs.msg import JointJog
from rclpy.action import ActionClient
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from armature.core.control.blocked import check_jog_unblocked
from armature.core.control.readiness import then_enable
from armature.core.model.arm import ArmModel, Joint
from armature.core.recovery_commands import in_namespace
from armature.errors import CommandRefused, ProcessError
from armature.monitor.board import Board
from armature.monitor.gateway import CommandResult, Snapshot
from armature.nodes.common import conversions, topics
from armature.nodes.common.executor_bridge import ExecutorBridge, settle
from armature.nodes.monitor.action_goal import ActionGoal, not_served

_TIMEOUT = 5.0  # of an answer [s]
_STOP_TIMEOUT = 2.0  # [s]
_STATE_TIMEOUT = 1.0  # until the new state is received [s]
# A goal that is refused is accepted and aborted at once, since only a result can carry the reason.
_EARLY_RESULT = 0.3  # [s]
_REST_TIMEOUT = 3.0  # until a stopped motion has come to rest [s]
_POSE_TIME_FACTOR = 2.0  # duration of a move to a pose, relative to the shortest possible
_COMMANDABLE = ("ENABLED", "MOVING")


class RosGateway:
    """Implements Gateway; the web server's threads call it, the executor's thread does the work."""

    def __init__(
        self,
        node: Node,
        board: Board,
        arm: ArmModel,
        poses: Mapping[str, Mapping[str, float]],
        jog_lease: float,
    ) -> None:
        """Make the clients.

        Args:
            node: owner of the clients.
            board: gets the outcome of motions.
            arm: the joints and their limits.
            poses: positions [rad] or [m] by joint, by name.
            jog_lease: how long one jog message moves a joint [s].
        """
        self._node, self._board, self._arm, self._poses = node, board, arm, poses
        self._jog_lease = jog_lease
        self.bridge = ExecutorBridge(node, "monitor")
        self.newest: Snapshot = board.at(0.0)
        self._updated = threading.Condition()
        self._services = {
            service: node.create_client(service.kind, service.name)
            for service in (
                topics.ENABLE,
                topics.PROTECTIVE_STOP,
                topics.STOP_MOTION,
                topics.CLEAR_FAULTS,
                topics.TORQUE_OFF,
                topics.RECORDER_START,
                topics.RECORDER_STOP,
            )
        }
        self._move = _action(node, topics.MOVE_JOINTS)
        self._gripper = _action(node, topics.GRIPPER_COMMAND)
        self._jog = topics.publisher(node, topics.JOINT_JOG)

    def close(self) -> None:
        """Let no thread wait any longer."""
        self.bridge.close()

    def destroy(self) -> None:
        """Destroy what the node does not destroy by itself."""
        self._move.destroy()
        self._gripper.destroy()

    def update(self, snapshot: Snapshot) -> None:
        """Make these the newest values; called in the executor's thread."""
        with self._updated:
            self.newest = snapshot
            self._updated.notify_all()

    def snapshot(self) -> Snapshot:
        """The newest values."""
        return self.newest

    def protective_stop(self, engage: bool) -> CommandResult:
        """Stop every joint within its limits and latch the stop, or release it."""
        return self._call(topics.PROTECTIVE_STOP, SetBool.Request(data=engage), _STOP_TIMEOUT)

    def enable(self, on: bool) -> CommandResult:
        """Torque on at the measured position, or park and torque off."""
        outcome = self._call(topics.ENABLE, SetBool.Request(data=on), _TIMEOUT if on else topics.PARK_TIMEOUT)
        if on and outcome.accepted:
            # The state is published apart from the answer: a command that follows at once must not be refused.
            with self._updated:
                self._updated.wait_for(lambda: self.newest.state.name in _COMMANDABLE, _STATE_TIMEOUT)
        return outcome

    def stop_motion(self) -> CommandResult:
        """End the motion under way: decelerate within limits and hold; the arm stays enabled."""
        return self._call(topics.STOP_MOTION, Trigger.Request(), _STOP_TIMEOUT)

    def record(self, on: bool) -> CommandResult:
        """Start or stop a recording."""
        service = topics.RECORDER_START if on else topics.RECORDER_STOP
        return self._call(service, Trigger.Request(), _TIMEOUT)

    def clear_faults(self) -> CommandResult:
        """Recover from the present faults."""
        return self._call(topics.CLEAR_FAULTS, Trigger.Request(), _TIMEOUT)

    def torque_off(self) -> CommandResult:
        """Cut all torque at once; the arm sinks unless something holds it."""
        return self._call(topics.TORQUE_OFF, Trigger.Request(), _TIMEOUT)

    def jog(self, velocities: Mapping[str, float]) -> CommandResult:
        """Move joints at a velocity [rad/s] for one lease; zero ends it at once."""
        if any(velocities.values()):
            self._check_commandable("jog")
            check_jog_unblocked(velocities, conversions.blocks_of(self.newest.state.values))

        def begin(answer: Future[CommandResult]) -> None:
            if not self._jog.get_subscription_count():
                raise not_served("arm_controller", topics.JOINT_JOG.name)
            self._jog.publish(self._jog_message(velocities))
            settle(answer, CommandResult(True, "sent"))

        return self.bridge.wait(begin, "monitor", "jog", _STOP_TIMEOUT)

    def move_to_pose(self, name: str) -> CommandResult:
        """Move to a named pose in twice the shortest time; returns when the goal is accepted or refused.

        A motion that is under way is stopped first, since a move begins from rest.
        """
        self._check_commandable(f"pose {name}")
        if self.newest.state.name == "MOVING":
            self.stop_motion()
            with self._updated:
                self._updated.wait_for(lambda: self.newest.state.name != "MOVING", _REST_TIMEOUT)
        preview = self._preview(name)
        if not preview.accepted:
            return preview
        seconds = _POSE_TIME_FACTOR * float(json.loads(preview.message)["duration"])
        goal = self._move_goal(name, seconds)
        return self._send_goal(self._move, goal, f"pose {name}", f"moving to {name}, {seconds:.1f} s")

    def _preview(self, name: str) -> CommandResult:
        """Have the controller plan the move without making it; the message is its figures as JSON."""
        preview = ActionGoal(None, self._move, self._move_goal(name, 0.0, topics.PREVIEW), f"pose {name}")
        if not self.bridge.wait(preview.begin, "arm_controller", f"pose {name}", _TIMEOUT):
            return CommandResult(
                False, f"arm_controller refused pose {name}; its state is {self.newest.state.name}"
            )
        try:
            end = preview.result.result(_TIMEOUT)
        except FutureTimeoutError as error:
            self.bridge.wait(preview.cancel, "arm_controller", f"pose {name}", _STOP_TIMEOUT)
            why = f"no path to pose {name} was found within {_TIMEOUT:g} s"
            raise ProcessError("arm_controller", why, "move to a pose in between first") from error
        return CommandResult(end.outcome == "succeeded", end.message or end.outcome)

    def _move_goal(self, name: str, seconds: float, frame: str = "") -> FollowJointTrajectory.Goal:
        goal = {joint: value for joint, value in self._poses[name].items() if not self._is_gripper(joint)}
        point = JointTrajectoryPoint(
            positions=list(goal.values()), time_from_start=conversions.to_duration(seconds)
        )
        trajectory = JointTrajectory(joint_names=list(goal), points=[point])
        trajectory.header.frame_id = frame
        return FollowJointTrajectory.Goal(trajectory=trajectory)

    def move_gripper(self, position: float | Mapping[str, float]) -> CommandResult:
        """Move the gripper; returns when the goal is accepted or refused.

        Args:
            position: [m] or [rad]; by joint where they move differently.
        """
        self._check_commandable("gripper")
        joints, began = self._arm.gripper_joints, time.monotonic()
        if isinstance(position, Mapping):
            places = ", ".join(f"{name} {_place_of(self._arm.joint(name), at)}" for name, at in position.items())
            command = JointState(name=list(position), position=list(position.values()))
        else:
            places = _place_of(joints[0], position)
            names = [joint.name for joint in joints] if len(joints) == 1 else []  # nobody named: all of them
            command = JointState(name=names, position=[position])
        label = f"gripper to {places}"
        request = ParallelGripperCommand.Goal(command=command)
        outcome = self._send_goal(self._gripper, request, label, f"moving {label}")
        return (
            outcome if outcome.accepted else replace(outcome, message=self._why_refused(began) or outcome.message)
        )

    def _why_refused(self, since: float) -> str:
        """Why the gripper's controller has refused a goal since a time [s]: an action's rejection has no words."""

        def told() -> str:
            return self._board.last_outcome("gripper_controller", since)

        with self._updated:
            self._updated.wait_for(told, _STATE_TIMEOUT)
        return told()

    def _call(self, service: topics.Service, request: Any, timeout: float) -> CommandResult:
        client, process = self._services[service], service.name.split("/")[0]

        def begin(answer: Future[CommandResult]) -> None:
            if not client.service_is_ready():
                raise not_served(process, service.name)
            call = client.call_async(request)
            call.add_done_callback(lambda done: settle(answer, _result_of(done.result())))
            # After a timeout the client must not keep the request.
            answer.add_done_callback(lambda _: client.remove_pending_request(call))

        return self.bridge.wait(begin, process, service.name, timeout)

    def _send_goal(self, client: Any, goal: Any, label: str, message: str) -> CommandResult:
        action_goal = ActionGoal(self._board, client, goal, label)
        process = "arm_controller"
        accepted = self.bridge.wait(action_goal.begin, process, label, _TIMEOUT)
        if not accepted:
            return CommandResult(False, f"{process} refused {label}; its state is {self.newest.state.name}")
        try:
            early = action_goal.result.result(_EARLY_RESULT)
        except FutureTimeoutError:
            return CommandResult(True, message)
        return CommandResult(early.outcome == "succeeded", early.message or early.outcome)

    def _check_commandable(self, request: str) -> None:
        state = self.newest.state
        if state.name not in _COMMANDABLE:
            why = f"state is {state.name}" + (f" ({state.reason})" if state.reason else "")
            wait = "wait until it publishes again" if state.name == "DISCONNECTED" else ""
            remedy = then_enable(state.values.get("remedy", wait))
            raise CommandRefused(request, why, in_namespace(remedy, self._node.get_namespace()))

    def _is_gripper(self, joint: str) -> bool:
        return joint in (each.name for each in self._arm.gripper_joints)

    def _jog_message(self, velocities: Mapping[str, float]) -> JointJog:
        message = JointJog(
            joint_names=list(velocities), velocities=list(velocities.values()), duration=self._jog_lease
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        return message


def _place_of(joint: Joint, position: float) -> str:
    return f"{position * 1000:.0f} mm" if joint.unit == "m" else f"{math.degrees(position):.0f} deg"


def _action(node: Node, action: topics.Service) -> Any:
    return ActionClient(node, action.kind, action.name)


def _result_of(response: Any) -> CommandResult:
    return CommandResult(bool(response.success), str(response.message))
