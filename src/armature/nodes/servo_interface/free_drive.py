"""Loads of the joints for the bus process while a hand guides the arm, from the arm's model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

import numpy as np

from armature.dynamixel.loop import link
from armature.errors import CommandRefused, InternalError
from armature.nodes.common.answers import run_guarded
from armature.nodes.common.parameters.payload import Carried
from armature.nodes.servo_interface.bus_process.connection import BusConnection
from armature.nodes.servo_interface.parameters import ServoConfiguration

_EVERY = 0.05  # [s]

Loads = Callable[[link.CycleReadings], Mapping[str, float]]


class FreeDriveLoads:
    """Sends them from a thread of its own while joints are compliant, since the model takes time to load."""

    def __init__(self, configuration: ServoConfiguration, bus: BusConnection) -> None:
        """Args: the arm, and the bus process."""
        self._configuration = configuration
        self._bus = bus
        self._thread: threading.Thread | None = None
        self._has_failed = False  # it is not tried again

    def update(self, free: tuple[str, ...]) -> None:
        """Take which joints are free; called in the connection's thread."""
        is_under_way = self._thread is not None and self._thread.is_alive()
        is_compliant = bool(self._configuration.wiring.compliant_joints.intersection(free))
        if is_compliant and not (is_under_way or self._has_failed):
            self._thread = threading.Thread(target=self._run, name="free-drive loads")
            self._thread.start()

    def close(self) -> None:
        """End the thread; the bus must be closed before, so that it waits for nothing."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        with suppress(CommandRefused):  # the process ends, or the bus process has gone
            try:
                run_guarded(self._send_loads)
            except InternalError:  # without loads an arm that a hand guides would sink
                self._has_failed = True
                for joint in self._bus.status.free:
                    self._bus.client.request("free", joint=joint, begin=False)

    def _send_loads(self) -> None:
        loads = _loads_of(self._configuration)
        while self._bus.status.free:
            client = self._bus.client
            readings = client.readings()
            if readings is not None and (present := loads(readings)):
                client.notify("loads", loads=present)
            self._bus.wait_for(lambda: not self._bus.status.free, _EVERY)


def _loads_of(configuration: ServoConfiguration) -> Loads:
    """Loads of the joints by weight at a reading [N·m] or [N]; none where a joint was not read."""
    # Here, not above: MuJoCo takes memory that this process needs for nothing else but parking.
    from armature.core.kinematics.drive_ratings import ratings_from_urdf
    from armature.core.kinematics.dynamics import Torques
    from armature.core.kinematics.mechanics import Mechanics

    arm, joints = configuration.arm, configuration.joints
    carried = Carried.find(configuration.payload_file)
    mechanics = Mechanics(arm, joints, tool=carried.tool if carried else "")
    torques = Torques(mechanics, ratings_from_urdf(arm))

    def loads(readings: link.CycleReadings) -> dict[str, float]:
        place = np.array([[axis.position for axis in readings.joints]])
        if not np.isfinite(place).all():
            return {}
        if present := Carried.find(configuration.payload_file):  # which may change while a hand guides the arm
            mechanics.set_payload(present.payload.mass, present.payload.at)
        return dict(zip(joints, map(float, torques.loads(place)[0]), strict=True))

    return loads
