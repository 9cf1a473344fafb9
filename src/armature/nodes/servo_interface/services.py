"""The services of the servo interface."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

from armature.core.model.names import ros_name
from armature.errors import CommandRefused
from armature.nodes.common import topics
from armature.nodes.common.answers import AnswerService
from armature.nodes.servo_interface.bus_process.client import BusClient, describe_difference
from armature.nodes.servo_interface.bus_process.connection import BusConnection
from armature.nodes.servo_interface.disabling import Disabling
from armature.nodes.servo_interface.publishers import Publishers
from armature.nodes.servo_interface.stop_latch import ProtectiveStopLatch

_COMMANDED_WITHIN = 0.5  # [s]; two cycles at the lowest rates take longer, and are not waited for


class ServoServices:
    """Serves them.

    Those that only stop or cut torque work in every state, also while the bus process is still being started.
    """

    def __init__(
        self,
        node: Node,
        joints: tuple[str, ...],
        servos: tuple[str, ...],
        bus: BusConnection,
        disabling: Disabling,
        latch: ProtectiveStopLatch,
        publishers: Publishers,
    ) -> None:
        """Args: the node, names of the joints and of all their servos, and the parts that carry requests out."""
        self.is_active = False
        self.inactive_remedy = "activate it first"  # while it is not
        self._bus = bus
        self._disabling = disabling
        self._latch = latch
        self._publishers = publishers
        handlers: dict[topics.Service, Callable[[Any], str | Future[str]]] = {
            topics.ENABLE: self._enable,
            topics.PROTECTIVE_STOP: self._protective_stop,
            topics.CLEAR_FAULTS: lambda _: self._active().client.request("clear_faults"),
            topics.TORQUE_OFF: lambda _: self._bus.client.request("torque_off"),
            **{topics.reboot(ros_name(servo)): self._reboot(servo) for servo in servos},
            **{topics.free(ros_name(joint)): self._free(joint) for joint in joints},
        }
        self._servers = [AnswerService(node, service, handler) for service, handler in handlers.items()]

    def close(self) -> None:
        """Withdraw them."""
        for server in self._servers:
            server.close()

    def _active(self) -> BusConnection:
        if not self.is_active:
            raise CommandRefused("request", "the servo interface is not active", self.inactive_remedy)
        return self._bus

    def _enable(self, request: SetBool.Request) -> str | Future[str]:
        if request.data:
            client = self._active().client
            _require_ours(client)
            message = client.request("enable", session=uuid.uuid4().hex[:8])
            self._await_commanded()
            return message
        return self._disabling.begin()  # in every state: clean-up and shutdown need it

    def _await_commanded(self) -> None:
        """Answer once a cycle has reported what is commanded now, so that a goal finds its controller ready."""
        client = self._bus.client
        begun = _cycle_of(client)
        self._bus.wait_for(lambda: _cycle_of(client) > begun + 1, _COMMANDED_WITHIN)

    def _reboot(self, joint: str) -> Callable[[Trigger.Request], str]:
        return lambda _: self._active().client.request("reboot", joint=joint)

    def _free(self, joint: str) -> Callable[[SetBool.Request], str]:
        return lambda request: self._active().client.request("free", joint=joint, begin=request.data)

    def _protective_stop(self, request: SetBool.Request) -> str:
        message = self._stop() if request.data else self._release()
        return f"{message}; {self._latch.failure}" if self._latch.failure else message

    def _stop(self) -> str:
        with suppress(CommandRefused):  # it is being started
            # The status that comes before the answer has put the latch on the disk.
            return self._bus.client.request("protective_stop", on=True)
        self._latch.set(engaged=True)
        self._publishers.publish_state(self._bus.note_protective_stop(), None)
        if self._bus.is_attached:  # it has started meanwhile
            return self._bus.client.request("protective_stop", on=True)
        return "the protective stop is latched; the bus process will start with it"

    def _release(self) -> str:
        message = self._bus.client.request("protective_stop", on=False)
        self._latch.set(engaged=False)
        return message


def _require_ours(client: BusClient) -> None:
    """Refuse a bus process that was taken over with other limits or another wiring than the files hold now."""
    why, remedy = describe_difference(client)
    if why:
        raise CommandRefused("enable", why, remedy)


def _cycle_of(client: BusClient) -> int:
    readings = client.readings()
    return 0 if readings is None else readings.cycle
