"""The page's gateway to an arm that a hand moves: it is shown, and takes no command, since torque is off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import NoReturn

from armature.errors import CommandRefused
from armature.monitor.gateway import ServoInterfaceState, Snapshot
from armature.monitor.readings import NewestReadings

STATE = "CALIBRATING"
_WHY = "the arm is being calibrated: torque is off, and nothing moves but by hand"
_REMEDY = "end armature calibrate, then start the arm with armature up"


class CalibrationGateway:
    """Implements Gateway without a graph, over what the calibration reads."""

    def __init__(self, joints: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing has been read yet.

        Args:
            joints: names of the driven joints, in the order shown.
            clock: monotonic time [s].
        """
        self._clock, self._lock = clock, threading.Lock()
        self._readings = NewestReadings(joints)
        self._state, self._updated = ServoInterfaceState(STATE), clock()

    def update(
        self, task: str, values: Mapping[str, str], positions: Mapping[str, float], wanted: Mapping[str, float]
    ) -> None:
        """Make this the newest reading.

        Args:
            task: what the person is asked to do, in words.
            values: the same for the page: "asked", the joint to be pushed; "direction.JOINT".
            positions: of the joints that were read [rad] or [m].
            wanted: the pose in which the arm is to be placed [rad] or [m], empty where there is none.
        """
        with self._lock:
            self._updated = now = self._clock()
            self._state = ServoInterfaceState(STATE, task, values={"torque": "off", **values})
            self._readings.update_joint_states(now, {name: {"position": at} for name, at in positions.items()})
            self._readings.update_commanded(now, wanted)

    def snapshot(self) -> Snapshot:
        """The newest values, as far as they are fresh."""
        with self._lock:
            now = self._clock()
            return Snapshot(replace(self._state, age=now - self._updated), self._readings.at(now), time=now)

    def protective_stop(self, engage: bool) -> NoReturn:
        """Refused: without torque there is nothing to stop."""
        _refuse("protective stop" if engage else "release")

    def enable(self, on: bool) -> NoReturn:
        """Refused."""
        _refuse("enable" if on else "disable")

    def stop_motion(self) -> NoReturn:
        """Refused."""
        _refuse("stop")

    def jog(self, velocities: Mapping[str, float]) -> NoReturn:
        """Refused."""
        _refuse("jog")

    def move_to_pose(self, name: str) -> NoReturn:
        """Refused."""
        _refuse(f"pose {name}")

    def move_gripper(self, position: float | Mapping[str, float]) -> NoReturn:
        """Refused."""
        _refuse("gripper")

    def record(self, on: bool) -> NoReturn:
        """Refused."""
        _refuse("record")

    def clear_faults(self) -> NoReturn:
        """Refused."""
        _refuse("clear faults")

    def torque_off(self) -> NoReturn:
        """Refused: it is off."""
        _refuse("torque off")


def _refuse(request: str) -> NoReturn:
    raise CommandRefused(request, _WHY, _REMEDY)
