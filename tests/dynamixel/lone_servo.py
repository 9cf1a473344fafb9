"""A bus with one servo alone, as its factory delivers it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from armature.dynamixel.commissioning.commissioning import Presence, only_servo
from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.discovery import survey
from armature.emulator.servo.servo import BOOT_TIME

from .virtual import Bench

_STEP = 0.05  # [s]; a longer pause would be skipped


class LoneServo:
    """Its bus, and whoever opens it at a rate."""

    def __init__(self, bench: Bench, joint: str) -> None:
        """Args: the arm, and the joint whose servo is new."""
        self.bench = bench
        self.opened_at: list[int] = []
        self.bench.far.factory_reset(joint)
        self.pass_time(BOOT_TIME + _STEP)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / _STEP)):
            self.bench.port.time += _STEP
            self.bench.far.advance(self.bench.port.time)

    @contextmanager
    def opened(self, baud_rate: int) -> Iterator[ServoBus]:
        self.opened_at.append(baud_rate)
        self.bench.port.baud_rate = self.bench.far.wire.baud_rate = baud_rate
        self.bench.bus.open()
        try:
            yield self.bench.bus
        finally:
            self.bench.bus.close()

    def find(self, rates: Iterable[int]) -> Presence:
        seen = []
        for rate in rates:
            with self.opened(rate):
                seen.append(survey(self.bench.port))
        return only_servo(seen)
