"""Disabling: stop, park if the way is free, torque off; it takes seconds, so it runs in a thread of its own."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import numpy as np

from armature.core.planning.transfer import transfer
from armature.core.recovery_commands import DISABLE, TORQUE_OFF
from armature.core.steps import run_to_end
from armature.core.trajectory.segments import LoopTime, Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.status.states import Mode, describe_state
from armature.errors import PARKING_INTERRUPTED, CommandRefused, GoalRefused, ParkingInterrupted, named
from armature.nodes.common.answers import run_guarded
from armature.nodes.common.parameters.payload import Carried
from armature.nodes.common.robot_files import drive_ratings
from armature.nodes.servo_interface.bus_process.client import BusClient
from armature.nodes.servo_interface.bus_process.connection import BusConnection
from armature.nodes.servo_interface.parameters import ServoConfiguration

_TORQUE_SHARE = 0.9  # of what a servo can give, as goals may ask for
_LONGEST_WAY = 15.0  # [s]; a way to park is cut off after 20 s (faults.park_time)
_REST_TIME = 5.0  # how long a stop may take before parking begins [s]
_STANDSTILL = 5.0  # without time passing, as in a paused simulation, after which nothing is waited for [s]
_CUT_TIME = 1.0  # how long torque may take to go off where an answer gets lost [s]
_SUPPORT = f"look at the arm, then run {DISABLE} again, or support the arm and run {TORQUE_OFF}"
_STOPPABLE = (Mode.ENABLED.name, Mode.MOVING.name, Mode.HOLDING.name, Mode.PARKING.name)


class Disabling:
    """Disables on request; a request while it is under way awaits the same end."""

    def __init__(self, configuration: ServoConfiguration, bus: BusConnection) -> None:
        """Args: the arm and its park pose, and the bus process."""
        self._configuration = configuration
        self._bus = bus
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="disabling")
        self._lock = threading.Lock()  # held while the bus process is asked to park, or to cancel that
        # Taken by the bus connection's listener too, which receives answers: nothing is requested under it.
        self._begin_lock = threading.Lock()
        self._is_canceled = False
        self._present: Future[str] | None = None

    def begin(self, *, is_leaving: bool = False) -> Future[str]:
        """Disable.

        Args:
            is_leaving: whether it is due to the process's end alone; then an arm at fault holds.

        Returns:
            What was done; a CommandRefused where it could not, and torque stays on.
        """
        with self._begin_lock:
            if self._present is None or self._present.done():
                self._present = self._worker.submit(run_guarded, lambda: self._disable(is_leaving))
            return self._present

    @property
    def is_under_way(self) -> bool:
        """Whether a request has not been answered yet."""
        return self._present is not None and not self._present.done()

    def cancel(self, why: str) -> None:
        """Hold at once, and begin no other parking."""
        with self._lock:
            self._is_canceled = True
            self._bus.client.request("hold", why=why)

    def close(self) -> None:
        """End the thread; the bus must be closed before, so that it waits for nothing."""
        self._worker.shutdown()

    def _disable(self, is_leaving: bool) -> str:
        status = self._bus.status
        if self._is_off():
            return "torque is off already"
        is_fault = status.mode == Mode.FAULT.name  # of which the loop knows whether the arm can park with it
        if status.mode not in _STOPPABLE and not status.wants_park and not (is_fault and not is_leaving):
            faults = [problem.fault for problem in status.faults]
            why = describe_state(status.mode, status.why, faults, status.remedy)
            raise CommandRefused("disable", why, f"{status.remedy or 'wait for another state'}; torque stays on")
        self._end_free_drive(status.free)
        if status.mode != Mode.PARKING.name:  # else it is under way, and its end is this one's too
            if not (is_fault or status.wants_park):  # else the fault has stopped the arm
                self._bus.client.request("hold", why="stopping before parking")
            self._go_to_park()
        self._await_end()
        if self._bus.status.mode == Mode.FAULT.name:
            self._bus.wait_for(self._is_off, _CUT_TIME)
        if not self._is_off():
            status = self._bus.status
            step = _SUPPORT if status.mode in _STOPPABLE else status.remedy or _SUPPORT
            why = status.why.removeprefix(PARKING_INTERRUPTED).removesuffix(f"; {step}")
            raise ParkingInterrupted(why, f"{step}; torque stays on")
        return "parked, torque off"

    def _await_end(self) -> None:
        """Wait while the arm parks, which ends within a bounded time, unless no time passes."""
        before = math.nan
        while not self._bus.wait_for(lambda: self._bus.status.mode != Mode.PARKING.name, _STANDSTILL):
            client = self._bus.client
            time = self._loop_time(client)
            if time == before:
                client.request("hold", why="parking was canceled: time stands still")
                why = "time stands still, as in a paused simulation"
                raise ParkingInterrupted(why, f"let it run, then run {DISABLE} again; torque stays on")
            before = time

    def _is_off(self) -> bool:
        status = self._bus.status
        return status.mode == Mode.DISABLED.name or (status.mode == Mode.FAULT.name and status.torque == "off")

    def _end_free_drive(self, joints: Sequence[str]) -> None:
        """End free-drive: only an arm that holds all its joints can park."""
        for joint in joints:
            self._bus.client.request("free", joint=joint, begin=False)
        if joints:
            cycle = self._cycle()
            self._bus.wait_for(lambda: not self._bus.status.free and self._cycle() > cycle, _REST_TIME)

    def _cycle(self) -> int:
        readings = self._bus.client.readings()
        return 0 if readings is None else readings.cycle

    def _at_rest(self) -> dict[str, float]:
        """Commanded positions once nothing is commanded to move."""
        self._bus.wait_for(lambda: self._resting() is not None, _REST_TIME)
        resting = self._resting()
        if resting is None:
            raise CommandRefused("disable", "the arm does not come to rest", f"{_SUPPORT}; torque stays on")
        return resting

    def _resting(self) -> dict[str, float] | None:
        readings = self._bus.client.readings()
        if readings is None or any(axis.commanded_velocity for axis in readings.joints):
            return None
        joints = self._configuration.joints
        return {joint: axis.commanded_position for joint, axis in zip(joints, readings.joints, strict=True)}

    def _go_to_park(self) -> None:
        """Park; try again where the arm has come to rest elsewhere, as after a watchdog trip on a busy machine."""
        for is_last in (False, False, True):
            start = self._at_rest()
            try:
                self._park(start)
                return
            except CommandRefused:
                if is_last or self._is_canceled or self._at_rest() == start:
                    raise

    def _park(self, start: dict[str, float]) -> None:
        way = way_to_park(self._configuration, start)
        with self._lock:
            if self._is_canceled:
                raise ParkingInterrupted("it was canceled", f"run {DISABLE} again; torque stays on")
            client = self._bus.client
            serial = client.send_segment(Segment(0, "", self._loop_time(client), way))
            client.request("park", serial=serial)

    @staticmethod
    def _loop_time(client: BusClient) -> LoopTime:
        readings = client.readings()
        return LoopTime(0.0 if readings is None else readings.loop_time)


def way_to_park(configuration: ServoConfiguration, start: Mapping[str, float]) -> Trajectory:
    """The straight way in joint space to the park pose.

    Args:
        configuration: the arm, its park pose and how fast it may go there.
        start: where every joint rests now [rad] or [m].

    Raises:
        CommandRefused: the arm would collide with itself or the floor.
    """
    # Here, not above: MuJoCo takes a third of the process's memory, which it needs for this alone.
    from armature.core.kinematics.collision import CollisionModel

    joints = configuration.joints
    park = {**start, **configuration.park}
    contact = CollisionModel(configuration.arm).first_contact(
        joints, np.array([start[joint] for joint in joints]), np.array([park[joint] for joint in joints])
    )
    if contact is not None:
        raise CommandRefused(
            "disable",
            f"{named(contact.first)} would meet {named(contact.second)} at {contact.fraction:.0%} of the way",
            f"move the arm to where the straight way is free, or support it and run {TORQUE_OFF}; torque stays on",
        )
    limits = {joint: configuration.arm.limit(joint) for joint in joints}
    way = transfer(joints, start, park, limits, configuration.dynamics, configuration.park_speed)
    return _slow_enough(way, configuration)


def _slow_enough(way: Trajectory, configuration: ServoConfiguration) -> Trajectory:
    """The way as slow as the servos' torques need it; as it is where no time to park is enough for that."""
    from armature.core.kinematics.dynamics import Torques
    from armature.core.kinematics.mechanics import Mechanics
    from armature.core.planning.torque_share import TorqueShares

    drives = drive_ratings(configuration.wiring)
    inertia = {joint: drive.rotor_inertia for joint, drive in drives.items()}
    carried = Carried.find(configuration.payload_file)
    mechanics = Mechanics(configuration.arm, way.joints, inertia, carried.tool if carried else "")
    if carried is not None:
        mechanics.set_payload(carried.payload.mass, carried.payload.at)
    torques = Torques(mechanics, drives)
    with suppress(GoalRefused):
        slowed = run_to_end(TorqueShares(torques, _TORQUE_SHARE).slow_down(way))
        return slowed if slowed.duration <= _LONGEST_WAY else way
    return way
