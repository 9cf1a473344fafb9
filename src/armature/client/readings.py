"""What an arm reports: its state, its joints, and what its controllers said last."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState

from armature.client.connection import SEE_STATUS, START, Connection
from armature.client.state import ArmState
from armature.errors import NotRead, ProcessError, listed
from armature.nodes.common import topics
from armature.nodes.common.conversions import values_of

LATELY = 0.5
"""A value counts for so long after it was read [s]."""
SERVER = "servo_interface"
FIRST = 3.0  # until a topic's first message [s]
# Without any message for so long the servo interface is silent [s]: it tells at 20 Hz what is commanded, and where
# it reads no servo its diagnostics alone.
_SILENT, _UNDIAGNOSED = 0.9, 2.5
_WITHOUT_READINGS = ("STARTING", "DISCONNECTED", "FAULT")
_GRACE = 1.2  # in which what was received meanwhile is taken, as after a computation that let no thread run [s]
_EFFECT = 0.1  # until what was asked for shows in what is commanded [s]
_MOST = 200  # messages of a topic that are kept


class JointValues(dict[str, float]):
    """A value by joint, of those that were read lately; any other is absent, and refused where it is asked for."""

    def __init__(self, values: Mapping[str, float], refusal: Callable[[str], NotRead]) -> None:
        """Args: values: by joint; refusal: of a joint that is absent."""
        super().__init__(values)
        self._refusal = refusal

    def __missing__(self, joint: str) -> float:
        raise self._refusal(joint)


class Readings:
    """The newest of what the graph of an arm publishes."""

    def __init__(self, connection: Connection) -> None:
        """Begin to listen.

        Args:
            connection: to the graph.

        Raises:
            ProcessError: the servo interface publishes no state.
        """
        self._connection = connection
        self._state: ArmState | None = None
        self._alive_at = self._diagnosed_at = -math.inf  # monotonic [s]
        self._last: dict[str, tuple[float, str]] = {}
        self._kept: dict[topics.Topic, deque[tuple[float, bytes]]] = {}
        self._keep(topics.COMMANDED)
        connection.subscribe(topics.STATE, self._on_state)
        connection.subscribe(topics.DIAGNOSTICS, self._on_diagnostics)
        connection.require(lambda: self._state is not None, SERVER, "it publishes no state")

    @property
    def reported(self) -> ArmState:
        """The state that was reported last, however long ago."""
        assert self._state is not None  # since construction
        return self._state

    def state(self) -> ArmState:
        """The state of the arm.

        Raises:
            ProcessError: the servo interface is silent, so that it is not known.
        """
        if not self._connection.wait_until(self._is_alive, _GRACE):
            why = f"it is silent for {_age(self._heard_at()):.1f} s"
            raise ProcessError(SERVER, why, self._connection.told(START))
        return self.reported

    def wait_for(self, condition: Callable[[ArmState], bool], seconds: float) -> bool:
        """Wait for a state, for a time [s]; whether it was reported."""
        return self._connection.wait_until(lambda: condition(self.reported), seconds)

    def wait_for_rest(self, seconds: float) -> bool:
        """Wait until nothing is commanded to move any more, for a time [s]; whether that is so.

        The state tells it too, but apart from the answer to a stop.
        """
        since = time.monotonic() + _EFFECT
        return self._connection.wait_until(lambda: self._rests_since(since), seconds)

    def _rests_since(self, since: float) -> bool:
        kept = self._kept[topics.COMMANDED]
        if not kept or kept[-1][0] < since:
            return False
        return not any(deserialize_message(kept[-1][1], JointState).velocity)

    def joints(self, column: str) -> JointValues:
        """Values of the joints that were read lately.

        Args:
            column: position, velocity or effort.
        """
        values: dict[str, float] = {}
        joints = set(self.reported.joints)
        for data in reversed(self.recent(topics.JOINT_STATES)):
            message = deserialize_message(data, JointState)
            values = dict(zip(message.name, getattr(message, column), strict=False)) | values
            if joints and joints <= values.keys():  # as nearly always in the newest
                break
        known = {joint: value for joint, value in values.items() if math.isfinite(value)}
        return JointValues(known, self._not_read)

    def commanded(self) -> dict[str, float]:
        """Where joints are sent now [rad] or [m]."""
        newest = self.recent(topics.COMMANDED)
        if not newest:
            return {}
        message = deserialize_message(newest[-1], JointState)
        return {name: at for name, at in zip(message.name, message.position, strict=False) if math.isfinite(at)}

    def recent(self, topic: topics.Topic) -> list[bytes]:
        """The messages of a topic that were received lately, the newest last; it is listened to from now on."""
        patience = LATELY
        if topic not in self._kept:
            patience = FIRST
            self._keep(topic)
        kept = self._kept[topic]
        self._connection.wait_until(lambda: bool(kept) and _age(kept[-1][0]) < LATELY, patience)
        return [data for received_at, data in list(kept) if _age(received_at) < LATELY]

    def last_words(self, controller: str, since: float) -> str:
        """What a controller has reported last since a time, monotonic [s]; empty where it has not."""
        received_at, text = self._last.get(controller, (-math.inf, ""))
        return text if received_at >= since else ""

    def _keep(self, topic: topics.Topic) -> None:
        kept: deque[tuple[float, bytes]] = deque(maxlen=_MOST)
        self._connection.subscribe(topic, lambda data: kept.append((time.monotonic(), data)), raw=True)
        self._kept[topic] = kept

    def _is_alive(self) -> bool:
        if self.reported.name in _WITHOUT_READINGS and _age(self._diagnosed_at) < _UNDIAGNOSED:
            return True
        return _age(self._heard_at()) < _SILENT

    def _heard_at(self) -> float:
        """When the servo interface was heard last, monotonic [s]."""
        commanded = self._kept[topics.COMMANDED]
        return max(self._alive_at, commanded[-1][0] if commanded else -math.inf)

    def _on_state(self, message: DiagnosticStatus) -> None:
        self._alive_at = time.monotonic()
        self._state = ArmState.parse(message.message, values_of(message))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        now = time.monotonic()
        for status in message.status:
            if status.name.startswith(SERVER):
                self._diagnosed_at = now
            elif "last" in (values := values_of(status)):
                self._last[status.name] = (now, values["last"])

    def _not_read(self, joint: str) -> NotRead:
        state = self.reported
        if state.joints and joint not in state.joints:
            return NotRead(repr(joint), "the arm has no such joint", listed("joints", state.joints))
        fault = next((fault for fault in state.faults if fault.servo == joint), None)
        why, remedy = (
            (state.why, state.remedy) if fault is None else (f"{fault.cause}: {fault.detail}", fault.remedy)
        )
        told = f"it was not read within {LATELY:g} s; {state.name}: {why.removesuffix(f'; {remedy}')}"
        return NotRead(repr(joint), told, remedy or self._connection.told(SEE_STATUS))


def _age(monotonic: float) -> float:
    return time.monotonic() - monotonic
