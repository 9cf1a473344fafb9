"""The monitor's gateway to the robot: commands as services, actions and jog messages of the graph."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
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
from armature.core.model.arm import ArmModel
from armature.errors import CommandRefused, ProcessError
from armature.monitor.board import Board
from armature.monitor.gateway import Outcome, Snapshot
from armature.nodes.common import conversions, topics
from armature.nodes.monitor.action_goal import ActionGoal, absent
from armature.nodes.monitor.executor_bridge import ExecutorBridge, settle

_ANSWER = 5.0  # [s]
_STOP_ANSWER = 2.0  # [s]
_STATE_FOLLOWS = 1.0  # [s]
# A goal that is refused after it was accepted (its reason travels in the result) is refused at once.
_EARLY_RESULT = 0.3  # [s]
_COMES_TO_REST = 3.0  # [s]
_GENTLY = 2.0  # a move to a pose takes so many times the least that it can
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
            node: whose clients they are.
            board: where the outcome of motions is noted.
            arm: the joints and their limits.
            poses: positions [rad] or [m] by joint, by name.
            jog_lease: how long one jog message moves a joint [s].
        """
        self._node, self._board, self._arm, self._poses = node, board, arm, poses
        self._jog_lease = jog_lease
        self.bridge = ExecutorBridge(node)
        self.shown: Snapshot = board.at(0.0)
        self._news = threading.Condition()
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

    def show(self, snapshot: Snapshot) -> None:
        """Make these the newest values; called in the executor's thread."""
        with self._news:
            self.shown = snapshot
            self._news.notify_all()

    def snapshot(self) -> Snapshot:
        """The newest values."""
        return self.shown

    def protective_stop(self, engage: bool) -> Outcome:
        """Stop every joint within its limits and latch the stop, or release it."""
        return self._ask(topics.PROTECTIVE_STOP, SetBool.Request(data=engage), _STOP_ANSWER)

    def enable(self, on: bool) -> Outcome:
        """Torque on at the measured position, or park and torque off."""
        outcome = self._ask(topics.ENABLE, SetBool.Request(data=on), _ANSWER if on else topics.PARK_TIMEOUT)
        if on and outcome.accepted:
            # The state travels apart from the answer: a command that follows at once must not be refused.
            with self._news:
                self._news.wait_for(lambda: self.shown.state.name in _COMMANDABLE, _STATE_FOLLOWS)
        return outcome

    def stop_motion(self) -> Outcome:
        """End the motion under way: decelerate within limits and hold; the arm stays enabled."""
        return self._ask(topics.STOP_MOTION, Trigger.Request(), _STOP_ANSWER)

    def record(self, on: bool) -> Outcome:
        """Start or stop a recording."""
        service = topics.RECORDER_START if on else topics.RECORDER_STOP
        return self._ask(service, Trigger.Request(), _ANSWER)

    def clear_faults(self) -> Outcome:
        """Recover from the present faults."""
        return self._ask(topics.CLEAR_FAULTS, Trigger.Request(), _ANSWER)

    def torque_off(self) -> Outcome:
        """Cut all torque at once; the arm sinks unless something holds it."""
        return self._ask(topics.TORQUE_OFF, Trigger.Request(), _ANSWER)

    def jog(self, velocities: Mapping[str, float]) -> Outcome:
        """Move joints at a velocity [rad/s] for one lease; zero ends it at once."""
        if any(velocities.values()):
            self._check_commandable("jog")
            check_jog_unblocked(velocities, conversions.blocks_of(self.shown.state.values))

        def begin(answer: Future[Outcome]) -> None:
            if not self._jog.get_subscription_count():
                raise absent("arm_controller", topics.JOINT_JOG.name)
            self._jog.publish(self._jog_message(velocities))
            settle(answer, Outcome(True, "sent"))

        return self.bridge.wait(begin, "monitor", "jog", _STOP_ANSWER)

    def move_to_pose(self, name: str) -> Outcome:
        """Move to a named pose, in twice the least time; answers when the goal is accepted or refused.

        A motion that is under way is stopped before, since a move begins from rest.
        """
        self._check_commandable(f"pose {name}")
        if self.shown.state.name == "MOVING":
            self.stop_motion()
            with self._news:
                self._news.wait_for(lambda: self.shown.state.name != "MOVING", _COMES_TO_REST)
        least = self._least_time(name)
        if not least.accepted:
            return least
        seconds = _GENTLY * float(json.loads(least.message)["duration"])
        goal = self._move_goal(name, seconds)
        return self._pursue(self._move, goal, f"pose {name}", f"moving to {name}, {seconds:.1f} s")

    def _least_time(self, name: str) -> Outcome:
        """What the controller foresees of a move, which it does not make for that."""
        preview = ActionGoal(None, self._move, self._move_goal(name, 0.0, topics.PREVIEW), f"pose {name}")
        if not self.bridge.wait(preview.begin, "arm_controller", f"pose {name}", _ANSWER):
            return Outcome(False, f"arm_controller refused pose {name}; its state is {self.shown.state.name}")
        try:
            seen = preview.result.result(_ANSWER)
        except FutureTimeoutError as error:
            self.bridge.wait(preview.cancel, "arm_controller", f"pose {name}", _STOP_ANSWER)
            why = f"no way to pose {name} was found within {_ANSWER:g} s"
            raise ProcessError("arm_controller", why, "go there over a pose between") from error
        return Outcome(seen.outcome == "succeeded", seen.message or seen.outcome)

    def _move_goal(self, name: str, seconds: float, frame: str = "") -> FollowJointTrajectory.Goal:
        goal = {joint: value for joint, value in self._poses[name].items() if not self._is_gripper(joint)}
        point = JointTrajectoryPoint(
            positions=list(goal.values()), time_from_start=conversions.to_duration(seconds)
        )
        trajectory = JointTrajectory(joint_names=list(goal), points=[point])
        trajectory.header.frame_id = frame
        return FollowJointTrajectory.Goal(trajectory=trajectory)

    def move_gripper(self, position: float) -> Outcome:
        """Move the gripper to a position [m]; answers when the goal is accepted or refused."""
        self._check_commandable("gripper")
        names = [joint.name for joint in self._arm.driven if self._is_gripper(joint.name)]
        command = JointState(name=names[:1], position=[position])
        request = ParallelGripperCommand.Goal(command=command)
        label = f"gripper to {position * 1000:.0f} mm"
        return self._pursue(self._gripper, request, label, f"moving {label}")

    def _ask(self, service: topics.Service, request: Any, timeout: float) -> Outcome:
        client, process = self._services[service], service.name.split("/")[0]

        def begin(answer: Future[Outcome]) -> None:
            if not client.service_is_ready():
                raise absent(process, service.name)
            asked = client.call_async(request)
            asked.add_done_callback(lambda done: settle(answer, _outcome_of(done.result())))
            # Whoever has given up waits no longer, and neither shall the client.
            answer.add_done_callback(lambda _: client.remove_pending_request(asked))

        return self.bridge.wait(begin, process, service.name, timeout)

    def _pursue(self, client: Any, goal: Any, label: str, message: str) -> Outcome:
        action_goal = ActionGoal(self._board, client, goal, label)
        process = "arm_controller"
        accepted = self.bridge.wait(action_goal.begin, process, label, _ANSWER)
        if not accepted:
            return Outcome(False, f"{process} refused {label}; its state is {self.shown.state.name}")
        try:
            early = action_goal.result.result(_EARLY_RESULT)
        except FutureTimeoutError:
            return Outcome(True, message)
        return Outcome(early.outcome == "succeeded", early.message or early.outcome)

    def _check_commandable(self, request: str) -> None:
        state = self.shown.state
        if state.name not in _COMMANDABLE:
            why = f"state is {state.name}" + (f" ({state.reason})" if state.reason else "")
            unheard = "wait until it is heard again" if state.name == "DISCONNECTED" else ""
            raise CommandRefused(request, why, then_enable(state.values.get("remedy", unheard)))

    def _is_gripper(self, joint: str) -> bool:
        return self._arm.joint(joint).kind == "prismatic"

    def _jog_message(self, velocities: Mapping[str, float]) -> JointJog:
        message = JointJog(
            joint_names=list(velocities), velocities=list(velocities.values()), duration=self._jog_lease
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        return message


def _action(node: Node, action: topics.Service) -> Any:
    return ActionClient(node, action.kind, action.name)


def _outcome_of(response: Any) -> Outcome:
    return Outcome(bool(response.success), str(response.message))
