"""Free-drive: joints that are guided by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from std_srvs.srv import SetBool

from armature.client.connection import Connection, ask
from armature.client.readings import Readings
from armature.core.model.names import ros_name
from armature.errors import CommandRefused, ConfigError, GoalRefused, listed
from armature.nodes.common import topics

_DISCOVERY = 3.0  # until an existing service should have been discovered [s]
_PREFIX, _, _SUFFIX = topics.free("*").name.partition("*")


class Guide:
    """Starts and ends free-drive of joints, and knows which can be guided and which are."""

    def __init__(self, connection: Connection, readings: Readings) -> None:
        """Args: connection: to the graph; readings: of the arm."""
        self._connection = connection
        self._readings = readings
        self._guided: set[str] = set()  # joints whose free-drive ends with this client
        self._holding: list[Any] = []  # answers that are awaited then

    def free_joints(self) -> tuple[str, ...]:
        """Joints that are free now."""
        return self._readings.state().free

    def require_known(self, joints: Sequence[str]) -> None:
        """Refuse joints that the arm does not have.

        Raises:
            ConfigError: names the first of them.
        """
        wanted = set(map(ros_name, joints))
        self._connection.wait_until(lambda: wanted <= set(self._known_joints()), _DISCOVERY)
        for joint in joints:
            if ros_name(joint) not in self._known_joints():
                raise ConfigError("armature free", joint, listed("joints", self._known_joints()))

    def set_free(self, joint: str, *, is_free: bool) -> str:
        """Start or end free-drive of one joint; returns the answer.

        Raises:
            CommandRefused: it is refused.
            ProcessError: it is not answered.
        """
        return ask(self._connection, topics.free(ros_name(joint)), is_free)

    def guide(self, joints: Sequence[str]) -> None:
        """Let joints be guided, until they are held again or this client ends; see `set_free`."""
        self.require_known(joints)
        for joint in joints:
            self._guided.add(joint)
            try:
                self.set_free(joint, is_free=True)
            except CommandRefused:
                self._guided.discard(joint)
                raise

    def hold(self, joints: Sequence[str]) -> None:
        """Let joints hold where they are; see `set_free`."""
        for joint in joints:
            if joint in self._guided:
                self.set_free(joint, is_free=False)
                self._guided.discard(joint)

    def hold_now(self) -> None:
        """Let all joints hold that this client has let be guided; in the thread of the connection."""
        for joint in list(self._guided):
            self._holding.append(self._connection.send(topics.free(ros_name(joint)), SetBool.Request(data=False)))

    def wait_until_held(self) -> None:
        """Wait until what `hold_now` has asked for is answered."""
        self._connection.wait_until(
            lambda: all(answer.done() for answer in self._holding), self._connection.patience
        )

    def _known_joints(self) -> list[str]:
        """Joints whose service has been discovered, as `ros_name` has them."""
        node = self._connection.node
        prefix = f"{node.get_namespace().rstrip('/')}/{_PREFIX}"
        names = (name for name, _ in node.get_service_names_and_types())
        mine = (name for name in names if name.startswith(prefix) and name.endswith(_SUFFIX))
        return [name[len(prefix) : -len(_SUFFIX)] for name in mine]


class Guided:
    """Joints that are guided by hand as long as its with-block lasts."""

    name = "free"

    def __init__(self, guide: Callable[[], Guide], joints: Sequence[object]) -> None:
        """Args: guide: of the arm, while that is open; joints: their names.

        Raises:
            GoalRefused: there are none, or what is no name.
        """
        self.has_begun = False
        self._guide = guide
        self._joints = [joint for joint in joints if isinstance(joint, str)]
        if not joints or len(self._joints) < len(joints):
            allowed = "name the joints to be guided, as in free('waist', 'elbow')"
            raise GoalRefused("free", list(joints) or None, allowed)

    def __enter__(self) -> None:
        self.has_begun = True
        try:
            self._guide().guide(self._joints)
        except BaseException:
            self._guide().hold(self._joints)
            raise

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._guide().hold(self._joints)
