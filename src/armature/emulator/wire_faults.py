"""Faults of the wire: what happens to requests and answers on their way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from random import Random
from typing import TYPE_CHECKING, ClassVar

from armature.dynamixel.packet import Packet
from armature.emulator.disturbance import Disturbance, Transmission
from armature.emulator.fault import Fault, Undo, parameter
from armature.emulator.instructions import execute
from armature.emulator.servo import Servo

if TYPE_CHECKING:
    from armature.emulator.bus import EmulatedBus

_Strike = Callable[["Transmission", Random], Iterable["Transmission"]]
_IDLE = 0xFF  # an idle line reads as ones


@dataclass(frozen=True)
class _Chance(Fault):
    """Strikes packets by chance, seeded, up to a number of them."""

    probability: float = parameter(1.0, "", 0.0, 1.0, "share of the packets that it strikes")
    count: int = parameter(0, "packets", 0, 10**9, "strikes this many, then no more; 0: without end")
    seed: int = parameter(0, "", 0, 2**31, "of the chance: the same seed strikes the same packets")

    def _begin(self, bus: EmulatedBus) -> Undo:
        return bus.wire.disturb(_Striking(self, self.servos(bus), self._strike))

    def _strike(self, sent: Transmission, random: Random) -> Iterable[Transmission]:
        """What arrives of an answer that is struck."""
        return (sent,)


def _unchanged(sent: Transmission, random: Random) -> Iterable[Transmission]:
    return (sent,)


class _Striking(Disturbance):
    """Throws the dice for each packet."""

    def __init__(self, fault: _Chance, servos: Sequence[Servo], strike: _Strike = _unchanged) -> None:
        self._fault = fault
        self._servos = servos
        self._strike = strike
        self._left = fault.count or -1
        self._random = Random(fault.seed)

    def carry(self, sent: Transmission, request: Packet, servos: Sequence[Servo]) -> Iterable[Transmission]:
        return self._strike(sent, self._random) if self._falls_on(sent.servo_id) else (sent,)

    def _falls_on(self, servo_id: int) -> bool:
        """Whether the next packet of a servo is struck."""
        if not self._left or all(servo.servo_id != servo_id for servo in self._servos):
            return False
        if self._random.random() >= self._fault.probability:
            return False
        self._left -= 1
        return True


@dataclass(frozen=True)
class Drop(_Chance):
    """Answers get lost on their way to the host; the servos behind in a Sync Read heard them and answer."""

    name: ClassVar[str] = "drop"

    def _strike(self, sent: Transmission, random: Random) -> Iterable[Transmission]:
        return ()


@dataclass(frozen=True)
class Corrupt(_Chance):
    """Bits of answers are flipped."""

    name: ClassVar[str] = "corrupt"
    bits: int = parameter(1, "bits", 1, 64, "flipped in each packet that it strikes")

    def _strike(self, sent: Transmission, random: Random) -> Iterable[Transmission]:
        return (replace(sent, data=_flipped(sent.data, self.bits, random)),)


@dataclass(frozen=True)
class Delay(_Chance):
    """Answers arrive later."""

    name: ClassVar[str] = "delay"
    seconds: float = parameter(0.005, "s", 0.0, 10.0, "by which they are late")

    def _strike(self, sent: Transmission, random: Random) -> Iterable[Transmission]:
        return (replace(sent, due=sent.due + self.seconds),)


@dataclass(frozen=True)
class Noise(_Chance):
    """Random bytes arrive before answers, as from a bad ground."""

    name: ClassVar[str] = "noise"
    length: int = parameter(8, "bytes", 1, 1024, "of each burst")

    def _strike(self, sent: Transmission, random: Random) -> Iterable[Transmission]:
        return (replace(sent, data=random.randbytes(self.length) + sent.data),)


@dataclass(frozen=True)
class Ignore(_Chance):
    """Requests do not reach the servo, so nothing is done and, in a Sync Read, nobody behind answers."""

    name: ClassVar[str] = "ignore"

    def _begin(self, bus: EmulatedBus) -> Undo:
        return bus.wire.disturb(_Ignoring(self, self.servos(bus)))


class _Ignoring(_Striking):
    def hears(self, servo: Servo) -> bool:
        return not self._falls_on(servo.servo_id)

    def carry(self, sent: Transmission, request: Packet, servos: Sequence[Servo]) -> Iterable[Transmission]:
        return (sent,)


@dataclass(frozen=True)
class Late(_Chance):
    """Answers are held back and arrive just before the next answer: in time for the wrong request."""

    name: ClassVar[str] = "late"

    def _begin(self, bus: EmulatedBus) -> Undo:
        return bus.wire.disturb(_Holding(self, self.servos(bus)))


class _Holding(_Striking):
    def __init__(self, fault: _Chance, servos: Sequence[Servo]) -> None:
        super().__init__(fault, servos)
        self._held: list[Transmission] = []

    def carry(self, sent: Transmission, request: Packet, servos: Sequence[Servo]) -> Iterable[Transmission]:
        arriving = [replace(item, due=sent.due) for item in self._held]
        self._held = [sent] if self._falls_on(sent.servo_id) else []
        return arriving if self._held else [*arriving, sent]


@dataclass(frozen=True)
class Stale(_Chance):
    """A servo answers with the bytes of its last answer of that length: valid, but old."""

    name: ClassVar[str] = "stale"

    def _begin(self, bus: EmulatedBus) -> Undo:
        return bus.wire.disturb(_Repeating(self, self.servos(bus)))


class _Repeating(_Striking):
    def __init__(self, fault: _Chance, servos: Sequence[Servo]) -> None:
        super().__init__(fault, servos)
        self._last: dict[tuple[int, int], bytes] = {}

    def carry(self, sent: Transmission, request: Packet, servos: Sequence[Servo]) -> Iterable[Transmission]:
        key = (sent.servo_id, len(sent.data))
        if key in self._last and self._falls_on(sent.servo_id):
            return (replace(sent, data=self._last[key]),)
        self._last[key] = sent.data
        return (sent,)


@dataclass(frozen=True)
class DuplicateId(Fault):
    """A second servo with the same id, turned elsewhere: both answer at once, and low bits win over high ones."""

    name: ClassVar[str] = "duplicate_id"
    angle: float = parameter(0.5, "rad", -6.0, 6.0, "by which the second servo stands apart")

    def _begin(self, bus: EmulatedBus) -> Undo:
        return bus.wire.disturb(_Twins([self._twin(servo) for servo in self.servos(bus)]))

    def _twin(self, servo: Servo) -> Servo:
        twin = Servo(servo.model, servo.servo_id)
        for name in ("Baud Rate", "Return Delay Time"):
            twin.registers[name] = servo.registers[name]
        twin.place(servo.drive.position * servo.model.position_unit + self.angle)
        return twin


class _Twins(Disturbance):
    def __init__(self, twins: Sequence[Servo]) -> None:
        self._twins = {twin.servo_id: twin for twin in twins}

    def carry(self, sent: Transmission, request: Packet, servos: Sequence[Servo]) -> Iterable[Transmission]:
        twin = self._twins.get(sent.servo_id)
        if twin is None:
            return (sent,)
        doubles = [twin if servo.servo_id == twin.servo_id else servo for servo in servos]
        for answer in execute(request, doubles):
            if answer.servo_id == twin.servo_id:
                return (replace(sent, data=_collided(sent.data, answer.data)),)
        return (sent,)


@dataclass(frozen=True)
class SlowBus(Fault):
    """The adapter hands answers over late: 16 ms is the latency timer of FTDI's drivers as they come."""

    name: ClassVar[str] = "slow_bus"
    of_joint: ClassVar[bool] = False
    latency: float = parameter(0.016, "s", 0.0, 1.0, "that the USB adapter adds")

    def _begin(self, bus: EmulatedBus) -> Undo:
        bus.wire.usb_latency += self.latency

        def undo() -> None:
            bus.wire.usb_latency -= self.latency

        return undo


@dataclass(frozen=True)
class Unplug(Fault):
    """The adapter is pulled out of the computer: the device disappears until the fault is cleared."""

    name: ClassVar[str] = "unplug"
    of_joint: ClassVar[bool] = False

    def _begin(self, bus: EmulatedBus) -> Undo:
        bus.pulls += 1

        def undo() -> None:
            bus.pulls -= 1

        return undo


def _flipped(data: bytes, bits: int, random: Random) -> bytes:
    spoiled = bytearray(data)
    for place in random.sample(range(8 * len(data)), min(bits, 8 * len(data))):
        spoiled[place // 8] ^= 1 << place % 8
    return bytes(spoiled)


def _collided(one: bytes, other: bytes) -> bytes:
    return bytes(a & b for a, b in zip_longest(one, other, fillvalue=_IDLE))
