"""The bus process: the bus loop on monotonic time, without rclpy, in a process of its own.

It outlives the ROS half that started it, holds the arm meanwhile, and serves the next one. It ends when that half
asks it to, or by itself where it cannot drop the arm. A signal counts only where there is no ROS half: it ends at
rest then, and leaves torque as it is.
"""

from __future__ import annotations

import json
import math
import socket
import time
from pathlib import Path
from typing import Any

from armature import __version__
from armature.dynamixel.loop import link
from armature.dynamixel.loop.status import pack_status
from armature.errors import ArmatureError, PortError
from armature.nodes.bus_process.clock import LoopClock
from armature.nodes.bus_process.cpu_sleep import CpuSleep
from armature.nodes.bus_process.report import BusReport, missing_bus_cause
from armature.nodes.bus_process.requests import BusRequests
from armature.nodes.bus_process.server import BusLink, refuse
from armature.nodes.bus_process.setup import build
from armature.nodes.common.device_holder import describe_process, lock_holder, require_exclusive
from armature.nodes.common.exit_message import not_parked, write_unless_reported
from armature.nodes.common.priority import collect_garbage, disable_gc, lock_memory, prefer_real_time

_SLACK = 0.75  # of a cycle: what can wait is skipped where it would begin later
REOPEN_EVERY = 0.1  # [s]
START_TRIES = 3  # of a bus whose port is there; a busy machine loses a packet now and then
# Without a client the process ends by itself, unless its end could drop the arm.
_IDLE_UNNEEDED = 5.0  # [s]
# The end of a ROS half within this time of a signal belongs to the same shutdown.
_LONGEST_END = 60.0  # [s]


class BusProcess:
    """The bus loop and the one client that it serves."""

    def __init__(self, config: dict[str, Any], listener: socket.socket) -> None:
        """Args: the servo interface's configuration of the child, and a listening socket."""
        self._period: float = 1.0 / config["rate"]
        self._listener = listener
        self._bus, self._loop, read = build(config)
        greeting = {"layout": link.layout(), "version": __version__, "config": read}
        self._link = BusLink(listener, json.dumps(greeting).encode())
        self._clock = LoopClock(self._link.memory.clock, is_simulated=config["simulated_time"])
        self._report = BusReport(self._loop.state, self._bus, self._period)
        self._requests = BusRequests(self._loop, self._report, self._link.memory.segments, self.quit)
        self._cpu_sleep = CpuSleep() if config["disable_cpu_sleep"] else None
        self._needed_at = time.monotonic()
        self._is_running = True
        self._signalled_at = -math.inf
        self._exit_message_file: str = config.get("exit_message_file", "")

    # Start, run, end

    def start(self, connect_timeout: float) -> None:
        """Start the loop, waiting for the port to appear.

        Raises:
            ArmatureError: it cannot be started.
        """
        give_up = time.monotonic() + connect_timeout
        tries = START_TRIES
        while self._is_running:
            try:
                for part in self._bus.parts.values():
                    require_exclusive(part.path)
                self._loop.start(self._now())
                return
            except ArmatureError as error:
                tries -= not isinstance(error, PortError)
                if time.monotonic() > give_up or tries == 0:
                    raise self._name_port_holder(error) from error
                time.sleep(REOPEN_EVERY)

    def fail(self, reason: str) -> None:
        """Report to the client why there is no service."""
        if self._link.has_client:
            self._link.send(link.pack_call(link.FAILED, {"error": reason}))
        else:
            refuse(self._listener, reason)

    def quit(self, *_: object) -> None:
        """End once the arm is at rest; torque stays as it is, so an enabled arm is held by its servos."""
        self._is_running = False

    def on_signal(self, *_: object) -> None:
        """End without a ROS half, or once it has gone: a signal for all must not keep it from parking."""
        self._signalled_at = time.monotonic()
        if not self._link.has_client:
            self.quit()

    def run(self) -> None:
        """Run cycles until asked to quit, or until no client needs it."""
        self._report.process = {**_prepare_process(), "disable_cpu_sleep": _describe_cpu_sleep(self._cpu_sleep)}
        due = time.monotonic()
        next_open = 0.0
        while self._continues():
            self._link.serve_until(due, self._answer_request, self._loop.lose_parent)
            begun = time.monotonic()
            now = self._now(due)
            if not self._bus.is_whole and begun >= next_open:
                self._reopen(now)
                next_open = time.monotonic() + REOPEN_EVERY
            self._requests.follow_new_segments(now)
            self._loop.cycle(now, slack=due + _SLACK * self._period)
            self._link.memory.readings.write(link.pack_readings(self._report.readings(due, begun, now)))
            self._link.send(link.CYCLE)
            self._send_status(now)
            if self._cpu_sleep is not None:
                self._cpu_sleep.inhibit(awake=self._loop.state.torque() != "off")
            due = self._next_due(due)
        if self._is_signalled and self._exit_message_file and self._loop.state.torque() != "off":
            words = not_parked("the bus process was ended", self._report.status(self._now()))
            write_unless_reported(Path(self._exit_message_file), words)
        self._loop.release_bus()

    def _now(self, monotonic: float | None = None) -> float:
        """The loop's time, at present or when a cycle was due [s]."""
        present = time.monotonic() if monotonic is None else monotonic
        return self._clock.at(present, has_client=self._link.has_client)

    @property
    def _is_signalled(self) -> bool:
        """Whether it is to end by a signal."""
        return not self._link.has_client and time.monotonic() - self._signalled_at < _LONGEST_END

    def _continues(self) -> bool:
        if self._is_running and not self._is_signalled and self._is_needed(time.monotonic()):
            return True
        now = self._now()
        if self._loop.state.session or self._loop.state.mode(now).name == "PARKING":
            self._loop.hold("the bus process is ending; the servos hold", now)
        return self._bus.is_open and self._loop.state.is_moving(now)

    def _is_needed(self, monotonic: float) -> bool:
        """Whether a client is connected, or was within some seconds, or the bus is open and a joint has torque."""
        if self._link.has_client or (self._bus.is_open and self._loop.state.torque() != "off"):
            self._needed_at = monotonic
        return monotonic - self._needed_at < _IDLE_UNNEEDED

    def _next_due(self, cycle: float) -> float:
        following = cycle + self._period
        behind = time.monotonic() - following
        if behind < self._period:
            return following
        missed = int(behind / self._period)
        self._report.skipped_cycles += missed
        return following + missed * self._period

    def _reopen(self, now: float) -> None:
        if self._bus.is_open:  # some of several buses are gone; their servos are pinged, and join the others
            self._bus.reopen()
            return
        try:
            self._loop.start(now)
            self._report.unavailable_cause = ""
        except ArmatureError as error:
            explained = self._name_port_holder(error)
            self._loop.explain(str(explained))
            self._report.unavailable_cause = "port_held" if explained is not error else missing_bus_cause(error)

    def _name_port_holder(self, error: ArmatureError) -> ArmatureError:
        """The same error, or the process that holds the port."""
        for path in (part.path for part in self._bus.parts.values()):
            holder = lock_holder(path) if isinstance(error, PortError) else None
            if holder is not None:
                return PortError(path, f"{describe_process(holder)} holds it", "stop that first")
        return error

    # The client

    def _answer_request(self, message: bytes) -> None:
        now = self._now()
        reply = self._requests.answer(message, now)
        self._send_status(now)  # before the reply, so that the client has the new state when the reply comes
        self._link.send(link.pack_call(link.REPLY, reply))

    def _send_status(self, now: float) -> None:
        status = self._report.status_if_due(now, self._link.clients)
        if status is not None:
            self._link.send(pack_status(status))
            self._report.note_collection(collect_garbage())


def _prepare_process() -> dict[str, str]:
    """Take real-time priority and lock memory, as far as permitted; returns how far."""
    disable_gc()
    refusal = lock_memory()
    return {
        "real_time": "yes" if prefer_real_time() else "no: not permitted; give the user an rtprio limit",
        "memory_locked": f"no: {refusal}; give the user a memlock limit" if refusal else "yes",
    }


def _describe_cpu_sleep(cpu_sleep: CpuSleep | None) -> str:
    if cpu_sleep is None:
        return "no: by parameter"
    return "while torque is on" if cpu_sleep.is_permitted else "no: /dev/cpu_dma_latency may not be written"
