"""A client of the servo interface's free-drive."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostic_msgs.msg import DiagnosticStatus
from std_srvs.srv import SetBool

from armature.cli.arm.client import Client
from armature.core.model.names import ros_name
from armature.errors import ConfigError, ProcessError, listed
from armature.nodes.common import topics
from armature.nodes.common.conversions import values_of

_DISCOVERY = 3.0  # until an existing service should have been discovered [s]
_SERVER = "servo_interface"
_PREFIX, _, _SUFFIX = topics.free("*").name.partition("*")


class Guide:
    """Starts and ends free-drive of joints, and knows which can be guided and which are."""

    def __init__(self, client: Client) -> None:
        """Args: client: of the graph. Waits until the servo interface has published its state."""
        self._client = client
        self._states: list[DiagnosticStatus] = []
        topics.subscription(client.node, topics.STATE, self._states.append)
        client.require(lambda: bool(self._states), _SERVER, "it publishes no state")

    def free_joints(self) -> list[str]:
        """Joints that are free now."""
        joints = values_of(self._states[-1]).get("free", "")
        return joints.split(", ") if joints else []

    def require_known(self, joints: Sequence[str]) -> None:
        """Refuse joints that the arm does not have.

        Raises:
            ConfigError: names the first of them.
        """
        wanted = set(map(ros_name, joints))
        self._client.wait_until(lambda: wanted <= set(self._known_joints()), _DISCOVERY)
        for joint in joints:
            if ros_name(joint) not in self._known_joints():
                raise ConfigError("armature free", joint, listed("joints", self._known_joints()))

    def set_free(self, joint: str, *, is_free: bool) -> str:
        """Start or end free-drive of one joint; returns the answer.

        Raises:
            ProcessError: it is refused or not answered.
        """
        answer = self._client.call(topics.free(ros_name(joint)), SetBool.Request(data=is_free))
        if not answer.success:
            raise ProcessError(_SERVER, answer.message, "see: armature status")
        return str(answer.message)

    def _known_joints(self) -> list[str]:
        """Joints whose service has been discovered, as `ros_name` has them."""
        node = self._client.node
        prefix = f"{node.get_namespace().rstrip('/')}/{_PREFIX}"
        names = (name for name, _ in node.get_service_names_and_types())
        mine = (name for name in names if name.startswith(prefix) and name.endswith(_SUFFIX))
        return [name[len(prefix) : -len(_SUFFIX)] for name in mine]
