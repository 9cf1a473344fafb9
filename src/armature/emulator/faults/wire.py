"""Faults of the wire: what happens to requests and answers on their way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar

from armature.dynamixel.protocol.packet import BROADCAST_ID, Packet
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.bus.disturbance import Disturbance, Transmission
from armature.emulator.faults.fault import Fault, Undo, parameter
from armature.emulator.servo.servo import Servo

_Strike = Callable[[Transmission, Random], Iterable[Transmission]]


@dataclass(frozen=True)
class _Chance(Fault, ABC):
    """Strikes packets by chance, seeded, up to a number of them."""

    probability: float = parameter(1.0, "", 0.0, 1.0, "share of the packets that it strikes")
    count: int = parameter(0, "packets", 0, 10**6, "strikes this many, then no more; 0: without end")
    seed: int = parameter(0, "", 0, 2**31, "of the chance: the same seed strikes the same packets")


@dataclass(frozen=True)
class _OfAnswers(_Chance, ABC):
    """Changes answers, one by one."""

    def _begin(self, bus: EmulatedBus) -> Undo:
        return bus.disturb(lambda: _Striking(_Dice(self, self.servos(bus)), self._strike))

    @abstractmethod
    def _strike(self, sent: Transmission, random: Random) -> Iterable[Transmission]:
        """What arrives of an answer that is struck."""


class _Dice:
    """Chance, seeded, that falls on a number of packets at most, of some servos."""

    def __init__(self, fault: _Chance, servos: Sequence[Servo] = ()) -> None:
        self.random = Random(fault.seed)
        self._servos = servos
        self._probability = fault.probability
        self._left = fault.count or -1

    def strikes(self) -> bool:
        """Whether the next packet is struck."""
        if not self._left or self.random.random() >= self._probability:
            return False
        self._left -= 1
        return True

    def strikes_servo(self, servo_id: int) -> bool:
        """Whether the next packet is struck, which is of a servo."""
        return any(servo.servo_id == servo_id for servo in self._servos) and self.strikes()


class _Striking(Disturbance):
    """Throws the dice for each answer."""

    def __init__(self, dice: _Dice, strike: _Strike) -> None:
        self._dice = dice
        self._strike = strike

    def alter_answer(self, sent: Transmission, request: Packet, servos: Sequence[Servo]) -> Iterable[Transmission]:
        return self._strike(sent, self._dice.random) if self._dice.strikes_servo(sent.servo_id) else (sent,)


@dataclass(frozen=True)
class Drop(_OfAnswers):
    """Answers get lost on their way to the host; the servos behind in a Sync Read heard them and answer."""

    name: ClassVar[str] = "drop"

    def _strike(self, sent: Transmission, random: Random) -> Iterable[Transmission]:
        return ()


@dataclass(frozen=True)
class Corrupt(_OfAnswers):
    """Bits of answers are flipped."""

    name: ClassVar[str] = "corrupt"
    bits: int = parameter(1, "bits", 1, 64, "flipped in each packet that it strikes")

    def _strike(self, sent: Transmission, random: Random) -> Iterable[Transmission]:
        return (replace(sent, data=_flipped(sent.data, self.bits, random)),)


@dataclass(frozen=True)
class Delay(_OfAnswers):
    """Answers arrive later."""

    name: ClassVar[str] = "delay"
    seconds: float = parameter(0.005, "s", 0.0, 10.0, "by which they are late")

    def _strike(self, sent: Transmission, random: Random) -> Iterable[Transmission]:
        return (replace(sent, due=sent.due + self.seconds),)


@dataclass(frozen=True)
class Noise(_OfAnswers):
    """Random bytes arrive before answers, as from a bad ground."""

    name: ClassVar[str] = "noise"
    length: int = parameter(8, "bytes", 1, 1024, "of each burst")

    def _strike(self, sent: Transmission, random: Random) -> Iterable[Transmission]:
        return (replace(sent, data=random.randbytes(self.length) + sent.data),)


@dataclass(frozen=True)
class Ignore(_Chance):
    """Requests do not reach a servo that they are meant for; in a Sync Read nobody behind it answers."""

    name: ClassVar[str] = "ignore"

    def _begin(self, bus: EmulatedBus) -> Undo:
        return bus.disturb(lambda: _Ignoring(_Dice(self, self.servos(bus))))


class _Ignoring(Disturbance):
    def __init__(self, dice: _Dice) -> None:
        self._dice = dice

    def reaches(self, servo: Servo, request: Packet) -> bool:
        is_meant = request.packet_id in (servo.servo_id, BROADCAST_ID)
        return not (is_meant and self._dice.strikes_servo(servo.servo_id))


@dataclass(frozen=True)
class CorruptRequests(_Chance):
    """Bits of requests are flipped on their way to the servos, which answer with a CRC error or not at all."""

    name: ClassVar[str] = "corrupt_requests"
    of_joint: ClassVar[bool] = False
    bits: int = parameter(1, "bits", 1, 64, "flipped in each write of the host that it strikes")

    def _begin(self, bus: EmulatedBus) -> Undo:
        return bus.disturb(lambda: _Spoiling(self))


class _Spoiling(Disturbance):
    def __init__(self, fault: CorruptRequests) -> None:
        self._dice = _Dice(fault)
        self._bits = fault.bits

    def alter_request(self, data: bytes) -> bytes:
        return _flipped(data, self._bits, self._dice.random) if self._dice.strikes() else data


@dataclass(frozen=True)
class Late(_Chance):
    """Answers are held back and arrive just before the next answer: in time for the wrong request."""

    name: ClassVar[str] = "late"

    def _begin(self, bus: EmulatedBus) -> Undo:
        return bus.disturb(lambda: _Holding(_Dice(self, self.servos(bus))))


class _Holding(Disturbance):
    def __init__(self, dice: _Dice) -> None:
        self._dice = dice
        self._held: list[Transmission] = []

    def alter_answer(self, sent: Transmission, request: Packet, servos: Sequence[Servo]) -> Iterable[Transmission]:
        arriving = [replace(item, due=sent.due) for item in self._held]
        self._held = [sent] if self._dice.strikes_servo(sent.servo_id) else []
        return arriving if self._held else [*arriving, sent]


@dataclass(frozen=True)
class Stale(_Chance):
    """A servo answers with the bytes of its last answer of that length: valid, but old."""

    name: ClassVar[str] = "stale"

    def _begin(self, bus: EmulatedBus) -> Undo:
        return bus.disturb(lambda: _Repeating(_Dice(self, self.servos(bus))))


class _Repeating(Disturbance):
    def __init__(self, dice: _Dice) -> None:
        self._dice = dice
        self._last: dict[tuple[int, int], bytes] = {}

    def alter_answer(self, sent: Transmission, request: Packet, servos: Sequence[Servo]) -> Iterable[Transmission]:
        key = (sent.servo_id, len(sent.data))
        if key in self._last and self._dice.strikes_servo(sent.servo_id):
            return (replace(sent, data=self._last[key]),)
        self._last[key] = sent.data
        return (sent,)


def _flipped(data: bytes, bits: int, random: Random) -> bytes:
    spoiled = bytearray(data)
    for place in random.sample(range(8 * len(data)), min(bits, 8 * len(data))):
        spoiled[place // 8] ^= 1 << place % 8
    return bytes(spoiled)
