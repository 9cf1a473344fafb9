"""Commands that every controller takes beside its goals: joint jogs, stop, pause and state queries."""

from __future__ import annotations

from collections.abc import Callable

from control_msgs.msg import JointJog
from control_msgs.srv import QueryTrajectoryState
from std_srvs.srv import SetBool, Trigger

from armature.core.recovery_commands import in_namespace
from armature.core.trajectory.limits import check_joints
from armature.errors import ArmatureError, GoalRefused
from armature.nodes.arm_controller.group_node import GroupNode
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_seconds


class Commands:
    """Takes the commands of one controller, under its name."""

    def __init__(self, node: GroupNode) -> None:
        self._node = node
        self._control = node.control
        self._motion = node.control.state.motion
        interface = topics.of_controller(node.get_name())
        topics.subscription(node, interface.joint_jog, node.paced.taker(self._jog))
        for service, answer in (
            (interface.stop, self._stop),
            (interface.pause, self._pause),
            (interface.query_state, self._query_state),
        ):
            node.create_service(service.kind, service.name, answer)

    def _jog(self, message: JointJog) -> bool:
        try:
            slowed = self._control.jog(self._velocities(message), message.duration, self._node.now())
        except ArmatureError as error:
            self._node.refuse("jog", error)
            return False
        if slowed:
            self._node.reports.warn(f"jog: {slowed}")
        self._node.drop_pending("replaced by a jog")
        self._node.publish_now()
        return True

    def _velocities(self, message: JointJog) -> dict[str, float]:
        if message.joint_names:
            check_joints(message.joint_names, self._node.joints, is_partial=True)
        if len(message.displacements):
            raise GoalRefused("displacements", list(message.displacements), "give velocities")
        if len(message.velocities) != len(message.joint_names):
            raise GoalRefused("velocities", len(message.velocities), f"{len(message.joint_names)} are needed")
        stamp = to_seconds(message.header.stamp)
        late = self._node.now() - stamp
        if stamp > 0.0 and late > self._control.state.settings.lease:
            raise GoalRefused("header.stamp", f"{late:.3f} s ago", "a jog counts for its lease only")
        return dict(zip(message.joint_names, message.velocities, strict=True))

    def _stop(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._node.paced.drop()
        self._node.before_stop(f"stopped by {self._node.get_name()}/stop")
        moved = self._motion.is_moving(self._node.now())
        self._control.stop(self._node.now(), f"stopped by {self._node.get_name()}/stop")
        self._node.publish_now()
        response.success = True
        response.message = "slowing down, then holding" if moved else "nothing was moving"
        return response

    def _pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._node.paced.drop()
        command: Callable[[float], None] = self._control.pause if request.data else self._control.resume
        try:
            command(self._node.now())
        except ArmatureError as error:
            response.success, response.message = False, self._words(error)
            return response
        self._node.publish_now()
        response.success = True
        response.message = "pausing on the path" if request.data else "going on"
        return response

    def _query_state(
        self, request: QueryTrajectoryState.Request, response: QueryTrajectoryState.Response
    ) -> QueryTrajectoryState.Response:
        try:
            state = self._motion.commanded(to_seconds(request.time))
        except ArmatureError as error:
            response.message = self._words(error)
            return response
        response.success = True
        response.name = list(self._node.joints)
        response.position, response.velocity = state.position.tolist(), state.velocity.tolist()
        response.acceleration = state.acceleration.tolist()
        return response

    def _words(self, error: ArmatureError) -> str:
        return in_namespace(str(error), self._node.get_namespace())
