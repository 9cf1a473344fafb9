"""The ROS half's end of the link to the bus process: requests, set-points and reports."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import replace
from typing import Any

from armature.core.recovery_commands import DISABLE, ENABLE, RESTART_SERVO_INTERFACE
from armature.core.trajectory.segments import LoopTime, Segment
from armature.dynamixel.loop import link
from armature.dynamixel.loop.status import LoopStatus, unpack_status
from armature.errors import CommandRefused, GoalRefused, ProcessError
from armature.nodes.servo_interface.bus_process.spawn import Attachment

_ANSWER_TIME = 5.0  # how long a request may take [s]
_VELOCITY = 2  # its place among the limits of a joint
_NO_SETTINGS = ("protective_stop", "resumes", "exit_message_file")


class BusClient:
    """One connection to the bus process.

    `listen` calls back in its own thread; the other methods may be called in any other.
    """

    def __init__(self, attachment: Attachment, required: Mapping[str, Any]) -> None:
        """Args: the connection, and the configuration that the child should have."""
        self.was_found = attachment.child is None
        self.has_our_settings = _has(attachment.config, required)
        self.faster = _faster(attachment.config, required)  # joints that it lets move faster than we would
        self.slower = _faster(required, attachment.config)
        # Servos that it takes to turn another way, or from another zero: its positions are not those of our files.
        self.turned = _turned(attachment.config, required)
        self.child = attachment.child
        self._socket: socket.socket | None = attachment.connection
        self._memory = attachment.memory
        self._waiting: dict[int, Future[str]] = {}
        self._lock = threading.Lock()
        self._requests = 0
        self._segments: dict[tuple[str, ...], Segment[LoopTime]] = {}
        self._serial = max((segment.serial for segment in self._known_segments()), default=0)

    def readings(self) -> link.CycleReadings | None:
        """The newest cycle."""
        found = self._memory.readings.read()
        return None if found is None else link.unpack_readings(found[1])

    def send_segment(self, segment: Segment[LoopTime]) -> int:
        """Write a set-point segment to the memory that the next cycle reads.

        Returns:
            Its serial number, assigned here.

        Raises:
            GoalRefused: it is too long.
        """
        joints = segment.trajectory.joints
        with self._lock:
            segment = replace(segment, serial=self._serial + 1)
            # A segment that has ended is of no use any more.
            others = {of: other for of, other in self._segments.items() if other.end > segment.begin}
            segments = {**others, joints: segment}
            data = link.pack_segments(list(segments.values()))
            if len(data) > self._memory.segments.capacity:
                allowed = f"segments take {self._memory.segments.capacity} bytes; send about 200 ms at a time"
                raise GoalRefused("set-points: points", len(segment.trajectory.times), allowed)
            self._memory.segments.write(data)
            self._segments, self._serial = segments, segment.serial
            return segment.serial

    def set_clock(self, time: float) -> None:
        """Send the loop its time [s], where it runs on simulated time."""
        self._memory.clock.write(link.pack_clock(time))

    def request(self, name: str, **fields: Any) -> str:
        """Send a request and await its answer.

        Raises:
            CommandRefused: it refuses, is gone, or does not answer in time.
        """
        future: Future[str] = Future()
        with self._lock:
            self._requests += 1
            number = self._requests
            self._waiting[number] = future
        try:
            until = time.monotonic() + _ANSWER_TIME  # a request that was abandoned must not be carried out later
            call = {"until": until, **fields, "request": name, "id": number}
            self._require_socket().send(link.pack_call(link.REQUEST, call))
            return future.result(_ANSWER_TIME)
        except (OSError, FutureTimeoutError, ProcessError) as error:
            why = "the bus process does not answer"
            raise CommandRefused(name, why, "check its state, then ask again") from error
        finally:
            self._waiting.pop(number, None)

    def notify(self, name: str, **fields: Any) -> None:
        """Send a request without awaiting an answer; allowed in the listening thread too."""
        with contextlib.suppress(OSError, ProcessError):  # the listening thread notices its end
            self._require_socket().send(link.pack_call(link.REQUEST, {**fields, "request": name, "id": 0}))

    def listen(
        self, on_cycle: Callable[[link.CycleReadings], None], on_status: Callable[[LoopStatus], None]
    ) -> str:
        """Receive reports until the bus process ends or the connection is closed.

        Returns:
            The last error that it reported; empty for none.
        """
        connection = self._require_socket()
        last_error = ""
        while True:
            try:
                message = connection.recv(link.MESSAGE_SIZE)
            except OSError:
                message = b""
            kind = message[:1]
            if not message:
                break
            if kind == link.CYCLE:
                readings = self.readings()
                if readings is not None:
                    on_cycle(readings)
            elif kind == link.STATUS:
                on_status(unpack_status(message))
            elif kind == link.REPLY:
                self._resolve(link.unpack_call(message))
            elif kind == link.FAILED:
                last_error = str(link.unpack_call(message).get("error", ""))
        for future in list(self._waiting.values()):
            future.set_exception(ProcessError("bus", "it has ended", "it is started again by itself"))
        return last_error

    def close(self) -> None:
        """Close the connection; the bus process holds the arm, and ends by itself if torque is off."""
        with self._lock:  # both threads may close at once
            connection, self._socket = self._socket, None
        if connection is not None:
            with contextlib.suppress(OSError):  # the child was first
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def wait_ended(self, timeout: float) -> None:
        """Reap a child that was started here and has been asked to quit."""
        if self.child is not None:
            # One that does not end holds the arm; the next servo interface finds it.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(timeout)

    def _resolve(self, reply: Mapping[str, Any]) -> None:
        future = self._waiting.pop(reply["id"], None)
        if future is None:
            return
        if reply["ok"]:
            future.set_result(reply["message"])
        else:
            future.set_exception(_Refused(reply["message"]))

    def _known_segments(self) -> tuple[Segment[LoopTime], ...]:
        found = self._memory.segments.read()
        return link.unpack_segments(found[1]) if found else ()

    def _require_socket(self) -> socket.socket:
        if self._socket is None:
            raise ProcessError("bus", "it is not connected", "wait until it is started again")
        return self._socket


def describe_difference(client: BusClient) -> tuple[str, str]:
    """Why a bus process that has not our settings must not be enabled, and what to do; empty where it may."""
    who, as_told = "the running bus process", "than the files and parameters"
    remedy = f"run {DISABLE}, which parks; then the files and parameters are in force: run {ENABLE}"
    if not client.was_found:
        steps = f"run {DISABLE}, then {RESTART_SERVO_INTERFACE}"
        remedy = f"the files have changed since the servo interface read them: {steps}"
    if client.turned:
        way = "another direction, zero offset, reduction, id or model"
        return f"{who} has {way} for {', '.join(client.turned)} than the wiring file", remedy
    if client.faster:
        return f"{who} lets {', '.join(client.faster)} move faster {as_told}", remedy
    if client.slower:
        return f"{who} lets {', '.join(client.slower)} move less fast {as_told}", remedy
    return "", ""


def _has(config: Mapping[str, Any], required: Mapping[str, Any]) -> bool:
    """Whether a bus process has the user's settings; the rest of its configuration is the state at its start."""
    names = [name for name in required if name not in _NO_SETTINGS]
    return all(name in config and config[name] == required[name] for name in names)


def _faster(config: Mapping[str, Any], required: Mapping[str, Any]) -> tuple[str, ...]:
    """Joints to which a bus process allows more speed, acceleration or jerk."""
    theirs = _bounds(config)
    found = (joint for (joint, of), bound in _bounds(required).items() if theirs.get((joint, of), bound) > bound)
    return tuple(dict.fromkeys(found))


def _turned(config: Mapping[str, Any], required: Mapping[str, Any]) -> tuple[str, ...]:
    """Servos of which a bus process has another direction, zero, reduction, id or model, or which it alone has."""
    theirs = config.get("turns", {})
    ours = required.get("turns", theirs)
    return tuple(name for name in {**ours, **theirs} if theirs.get(name) != ours.get(name))


def _bounds(config: Mapping[str, Any]) -> dict[tuple[str, int], float]:
    speeds = {joint: [limit[_VELOCITY]] for joint, limit in config.get("limits", {}).items()}
    bounds = {joint: [*speeds.get(joint, []), *given] for joint, given in config.get("dynamics", {}).items()}
    return {(joint, place): bound for joint, given in bounds.items() for place, bound in enumerate(given)}


class _Refused(CommandRefused):
    """A refusal with the text of the bus process."""

    def __init__(self, text: str) -> None:
        super().__init__("request", text, "see the state, then ask again")
        self.args = (text,)  # it is whole
