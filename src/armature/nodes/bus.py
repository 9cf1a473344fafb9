"""The bus child: the bus loop on monotonic time, without rclpy, in a process of its own.

It outlives the ROS half that started it, holds the arm meanwhile, and serves the next one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import mmap
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from armature.core.model import ArmModel
from armature.core.stopping import Dynamics
from armature.dynamixel import link
from armature.dynamixel.bus import ServoBus
from armature.dynamixel.loop import LoopSettings, ServoLoop
from armature.dynamixel.port import ServoPort
from armature.dynamixel.setpoints import Piece
from armature.dynamixel.wiring import Wiring
from armature.errors import ArmatureError, BusError, CommandRefused, PortError
from armature.nodes.priority import prefer_real_time

_REOPEN_EVERY = 0.1  # [s]
_START_TRIES = 3  # of a bus whose port is there; a busy machine loses a packet now and then
_STATUS_EVERY = 1.0  # [s]
_FIRST_CLIENT = 5.0  # how long a child that failed to start waits to say so [s]
# A child that nobody asks for ends by itself where ending cannot drop the arm.
_IDLE_UNARMED = 5.0  # [s]


class Child:
    """The loop, its memory and the one client that it serves."""

    def __init__(self, config: dict[str, Any], listener: socket.socket) -> None:
        """Args: what `configuration` wrote, and a listening socket."""
        self._listener = listener
        self._client: socket.socket | None = None
        self._memory_fd = os.memfd_create("armature-bus")
        os.ftruncate(self._memory_fd, link.MEMORY_SIZE)
        self._memory = memoryview(mmap.mmap(self._memory_fd, link.MEMORY_SIZE))
        self._readings = link.Mailbox(self._memory[: link.READINGS_SIZE])
        self._pieces = link.Mailbox(self._memory[link.READINGS_SIZE :])
        self._config = config
        self.real_time = False
        self._period: float = 1.0 / config["rate"]
        self._bus, self._loop = _build(config)
        self._pieces_seen = 0
        self._piece_seen: dict[tuple[str, ...], int] = {}
        self._newest_piece = 0
        self._late = 0
        self._refused = 0
        self._refusal = ""
        self._shown: object = None
        self._shown_at = 0.0
        self._client_gone_at = time.monotonic()
        self._running = True

    # Life

    def start(self, patience: float) -> None:
        """Start the loop, waiting for the port to appear.

        Raises:
            BusError: it cannot be started.
        """
        give_up = time.monotonic() + patience
        tries = _START_TRIES
        while True:
            try:
                self._loop.start(time.monotonic())
                return
            except BusError as error:
                tries -= not isinstance(error, PortError)
                if time.monotonic() > give_up or tries == 0:
                    raise
                select.select([], [], [], _REOPEN_EVERY)

    def fail(self, error: ArmatureError) -> None:
        """Tell the client that is about to come why there will be no service."""
        self._listener.settimeout(_FIRST_CLIENT)
        try:
            client, _ = self._listener.accept()
        except TimeoutError:
            return
        with client:
            client.send(link.pack_call(link.FAILED, {"error": str(error)}))

    def quit(self, *_: object) -> None:
        """End after this cycle; torque stays as it is, so an armed arm is held by its servos."""
        self._running = False

    def run(self) -> None:
        """Cycle until asked to quit, or until nobody needs it."""
        next_cycle = time.monotonic()
        next_open = 0.0
        while self._running:
            self._serve_until(next_cycle)
            begun = time.monotonic()
            if not self._bus.is_open and begun >= next_open:
                next_open = begun + _REOPEN_EVERY
                self._reopen(begun)
            self._take_pieces(begun)
            self._loop.cycle(next_cycle)
            self._publish(next_cycle, begun)
            next_cycle = self._following(next_cycle)
            self._end_if_idle()
        self._bus.close()

    def _following(self, cycle: float) -> float:
        following = cycle + self._period
        behind = time.monotonic() - following
        if behind < self._period:
            return following
        missed = int(behind / self._period)
        self._late += missed
        return following + missed * self._period

    def _reopen(self, now: float) -> None:
        try:
            self._loop.start(now)
        except (BusError, CommandRefused) as error:
            self._loop.why = str(error)

    def _end_if_idle(self) -> None:
        if self._client is None and self._loop.torque() == "off":
            self._running = time.monotonic() - self._client_gone_at < _IDLE_UNARMED

    # Talk

    def _serve_until(self, deadline: float) -> None:
        while True:
            timeout = max(0.0, deadline - time.monotonic())
            sources = [self._listener] if self._client is None else [self._listener, self._client]
            ready, _, _ = select.select(sources, [], [], timeout)
            if not ready:
                return
            if self._listener in ready:
                self._welcome()
            if self._client in ready:
                self._hear()

    def _welcome(self) -> None:
        client, _ = self._listener.accept()
        if self._client is not None:
            client.send(link.pack_call(link.FAILED, {"error": f"{self._bus.path} is served to another process"}))
            client.close()
            return
        socket.send_fds(client, [json.dumps(self._config).encode()], [self._memory_fd])
        client.setblocking(False)
        self._client = client
        self._shown = None

    def _hear(self) -> None:
        assert self._client is not None
        try:
            message = self._client.recv(link.MESSAGE_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except ConnectionError:
            message = b""
        if not message:
            self._client.close()
            self._client = None
            self._client_gone_at = time.monotonic()
            self._loop.orphan()
            return
        self._answer(link.unpack_call(message))

    def _answer(self, request: dict[str, Any]) -> None:
        now = time.monotonic()
        try:
            text = self._requests()[request["request"]](request, now)
            reply = {"id": request["id"], "ok": True, "message": text or self._loop.why}
        except ArmatureError as error:
            reply = {"id": request["id"], "ok": False, "message": str(error)}
        self._show(now)  # before the reply, so that whoever has the reply knows the state it led to
        self._send(link.pack_call(link.REPLY, reply))

    def _requests(self) -> dict[str, Callable[[dict[str, Any], float], str | None]]:
        loop = self._loop
        return {
            "arm": lambda request, now: loop.arm(request["session"], now),
            "park": lambda request, now: loop.park(self._piece(request["serial"]), now),
            "hold": lambda request, now: loop.hold(request["why"], now),
            "protective_stop": lambda request, now: loop.protective_stop(request["on"], now),
            "clear_faults": lambda request, now: loop.clear_faults(now),
            "quit": lambda request, now: self.quit(),
        }

    def _piece(self, serial: int) -> Piece:
        found = self._pieces.read()
        for piece in link.unpack_pieces(found[1]) if found else ():
            if piece.serial == serial:
                self._piece_seen[piece.trajectory.joints] = serial
                return piece
        raise CommandRefused("park", f"its motion, number {serial}, did not arrive", "ask again")

    def _take_pieces(self, now: float) -> None:
        found = self._pieces.read(self._pieces_seen)
        if found is None:
            return
        self._pieces_seen, data = found
        for piece in link.unpack_pieces(data):
            group = piece.trajectory.joints
            if piece.serial <= self._piece_seen.get(group, 0):
                continue
            self._piece_seen[group] = piece.serial
            try:
                self._loop.follow(piece, now)
                self._newest_piece = max(self._newest_piece, piece.serial)
            except ArmatureError as error:
                self._refused += 1
                self._refusal = str(error)

    # Tell

    def _publish(self, cycle: float, begun: float) -> None:
        self._readings.write(link.pack_readings(self._current(cycle, begun)))
        self._send(link.CYCLE)
        self._show(begun)

    def _current(self, cycle: float, begun: float) -> link.Readings:
        targets = self._loop.setpoints(cycle)
        axes = []
        for joint, axis in self._loop.axes.items():
            target = targets.get(joint)
            axes.append(
                link.AxisReading(
                    axis.position,
                    axis.velocity,
                    axis.current,
                    axis.load,
                    axis.temperature,
                    axis.voltage,
                    cycle - axis.read_at,
                    float("nan") if axis.torque is None else float(axis.torque),
                    float(axis.hardware_error),
                    float("nan") if target is None else target.position,
                    float("nan") if target is None else target.velocity,
                )
            )
        mode = int(self._loop.mode(cycle))
        spent = time.monotonic() - begun
        return link.Readings(self._loop.cycles, cycle, begun - cycle, spent, mode, self._newest_piece, tuple(axes))

    def _show(self, now: float) -> None:
        loop = self._loop
        key = (loop.mode(now), loop.torque(), loop.session, loop.why, tuple(loop.faults), self._refused)
        if key == self._shown and now - self._shown_at < _STATUS_EVERY:
            return
        self._shown, self._shown_at = key, now
        faults = [
            {"joint": f.joint, "cause": f.cause, "done": f.done, "remedy": f.remedy, "age": now - f.since}
            for f in loop.faults.values()
        ]
        bus = {
            "cycles": loop.cycles,
            "late_cycles": self._late,
            "real_time": self.real_time,
            "timeouts": self._bus.timeouts,
            "corrupt_packets": self._bus.corrupt,
            "stale_packets": self._bus.stale,
            "refused_pieces": self._refused,
            "last_refusal": self._refusal,
        }
        status = link.Status(loop.mode(now).name, loop.torque(), loop.session, loop.why, tuple(faults), bus)
        self._send(link.pack_status(status))

    def _send(self, message: bytes) -> None:
        if self._client is None:
            return
        # A stalled client finds the newest values in the memory; one that is gone is noticed by its end.
        with contextlib.suppress(BlockingIOError, ConnectionError):
            self._client.send(message)


def _build(config: dict[str, Any]) -> tuple[ServoBus, ServoLoop]:
    arm = ArmModel.from_urdf(Path(config["urdf"]).read_text("utf-8"), Path(config["urdf"]).name)
    wiring = Wiring.from_yaml(Path(config["wiring"]).read_text("utf-8"), arm, Path(config["wiring"]).name)
    bus = ServoBus(ServoPort(config["port"], wiring.baud_rate, config["latency"]))
    settings = LoopSettings(
        dynamics={joint: Dynamics(*values) for joint, values in config["dynamics"].items()},
        registers=config["registers"],
        misses_allowed=config["misses_allowed"],
    )
    return bus, ServoLoop(bus, wiring, arm, settings)


def main() -> int:
    """Run the child with the configuration given as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="configuration as JSON, written by the servo interface")
    config = json.loads(parser.parse_args().config)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        try:
            listener.bind(link.address(config["port"]))
        except OSError:
            print(f"error: {config['port']} is already served", file=sys.stderr)  # noqa: T201
            return 1
        listener.listen(2)
        child = Child(config, listener)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, child.quit)
        try:
            child.start(config["patience"])
        except ArmatureError as error:
            child.fail(error)
            return 1
        child.real_time = prefer_real_time()
        child.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
