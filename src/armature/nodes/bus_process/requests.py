"""Input of the bus process: requests, which are answered, and segments, of which the newest counts."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from armature.core.trajectory.segments import LoopTime, Segment
from armature.dynamixel.loop import link
from armature.dynamixel.loop.loop import ServoLoop
from armature.errors import ArmatureError, BusError, CommandRefused, PortError
from armature.nodes.bus_process.report import BusReport

Handler = Callable[[Mapping[str, Any], float], "str | None"]


class _Request(dict[str, Any]):
    """The fields of a request, which refuses itself where one is missing."""

    def __missing__(self, field: str) -> Any:
        raise CommandRefused(self.get("request", "request"), f"it lacks '{field}'", "send the whole request")


class BusRequests:
    """Carries out requests of the ROS half."""

    def __init__(
        self, loop: ServoLoop, report: BusReport, segments: link.Mailbox, quit: Callable[[], None]
    ) -> None:
        """Args: the loop and its report, where segments come in, and what ends the process."""
        self._loop = loop
        self._report = report
        self._segments = segments
        self._last_serial = 0  # the serial number of what was read last
        self._newest_by_group: dict[tuple[str, ...], int] = {}  # by the joints that it moves
        self._handlers: dict[str, Handler] = {
            "enable": lambda request, now: loop.enable(request["session"], now),
            "park": lambda request, now: loop.park(self._segment(request["serial"]), now),
            "back_off": lambda request, now: loop.back_off(request["session"], request["joints"], now),
            "not_parked": lambda request, _: loop.give_up_parking(request["why"]),
            "hold": lambda request, now: loop.hold(request["why"], now),
            "protective_stop": lambda request, now: loop.protective_stop(request["on"], now),
            "clear_faults": lambda _, now: loop.clear_faults(now),
            "reboot": lambda request, now: loop.reboot(request["joint"], now),
            "free": lambda request, now: loop.guide(request["joint"], now, begin=request["begin"]),
            "loads": lambda request, now: loop.set_loads(request["loads"], now),
            "controller_gone": lambda request, now: loop.lose_controller(request["why"], now),
            "torque_off": lambda _, now: loop.torque_off(now),
            "quit": lambda _request, _now: quit(),
        }

    def answer(self, message: bytes, now: float) -> dict[str, Any]:
        """Carry out a request; returns the reply.

        Args:
            message: as it came.
            now: the loop's time [s].
        """
        try:
            request = _Request(link.unpack_call(message))
        except (ValueError, TypeError, RecursionError):  # of another program that has found the address
            return {"id": 0, "ok": False, "message": "request refused: it is no JSON object; send one"}
        number = request.get("id", 0)
        try:
            text = self._perform(request, now)
        except ArmatureError as error:
            return {"id": number, "ok": False, "message": _describe(error)}
        return {"id": number, "ok": True, "message": text or self._loop.state.why}

    def follow_new_segments(self, now: float) -> None:
        """Follow the segments that are new at the loop's time [s]."""
        found = self._segments.read(self._last_serial)
        if found is None:
            return
        self._last_serial, data = found
        for segment in link.unpack_segments(data):
            group = segment.trajectory.joints
            # A segment without session is a way to park; it waits for its request.
            if segment.session and segment.serial > self._newest_by_group.get(group, 0):
                self._newest_by_group[group] = segment.serial
                self._follow(segment, now)

    def _perform(self, request: Mapping[str, Any], now: float) -> str | None:
        name = str(request["request"])
        if name not in self._handlers:
            raise CommandRefused(name, "the bus process has no such request", f"use {', '.join(self._handlers)}")
        late = time.monotonic() - request.get("until", math.inf)
        if late > 0.0 and not _only_stops(request):
            raise CommandRefused(name, f"it came {late:.2f} s too late", "ask again")
        return self._handlers[name](request, now)

    def _segment(self, serial: int) -> Segment[LoopTime]:
        found = self._segments.read()
        for segment in link.unpack_segments(found[1]) if found else ():
            if segment.serial == serial:
                return segment
        raise CommandRefused("disable", f"its motion, number {serial}, did not arrive", "ask again")

    def _follow(self, segment: Segment[LoopTime], now: float) -> None:
        try:
            self._loop.follow(segment, now)
            self._report.newest_segment = max(self._report.newest_segment, segment.serial)
        except ArmatureError as error:
            self._report.refuse(str(error))


def _describe(error: ArmatureError) -> str:
    """A refusal with what to do; where an answer was lost on the bus, asking again is all there is."""
    is_whole = isinstance(error, PortError) or not isinstance(error, BusError)
    return str(error) if is_whole else f"{error}; see the state, then ask again"


def _only_stops(request: Mapping[str, Any]) -> bool:
    """Whether a request does nothing but stop, which is right however late it comes."""
    return request["request"] in ("hold", "quit", "torque_off", "controller_gone") or bool(request.get("on"))
