"""The half-duplex line between host and servos: when bytes arrive, and what disturbs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from armature.dynamixel.protocol.packet import BITS_PER_BYTE, Packet, StreamDecoder
from armature.emulator.bus.disturbance import Disturbance, Transmission
from armature.emulator.bus.instructions import StatusPacket, execute
from armature.emulator.servo.servo import Servo

# An adapter hands over what it has at least this often: a frame of USB [s].
_FRAME = 1e-3


class Wire:
    """Carries the host's bytes to the servos that receive them, and their answers back."""

    def __init__(self, baud_rate: int, now: float) -> None:
        """Args: at which the host talks [bit/s], and the time [s]."""
        self.baud_rate = baud_rate
        self.usb_latency = 0.0  # [s] before the host's adapter hands bytes over
        self._decoder = StreamDecoder()
        self._free = now  # [s] from when on nobody talks
        self._disturbances: list[Disturbance] = []

    def disturb(self, disturbance: Disturbance) -> Callable[[], None]:
        """Put something between servos and host; returns what takes it away."""
        self._disturbances.append(disturbance)
        return lambda: self._disturbances.remove(disturbance)

    def transmit(self, data: bytes, servos: Iterable[Servo], now: float) -> list[Transmission]:
        """Take bytes of the host in.

        Args:
            data: the bytes.
            servos: all that hang on the wire.
            now: when the bytes were handed to the wire [s].

        Returns:
            What the servos answer, with the times at which it has arrived.
        """
        self._free = max(now, self._free) + self._duration(data)
        for disturbance in self._disturbances:
            data = disturbance.alter_request(data)
        frame = max(1, int(_FRAME * self.baud_rate / BITS_PER_BYTE))
        answers = [sent for packet in self._decoder.feed(data) for sent in self._answers(packet, servos)]
        if all(len(sent.data) <= frame for sent in answers):
            return answers
        return [piece for sent in answers for piece in self._pieces(sent, frame)]

    def _answers(self, packet: Packet, servos: Iterable[Servo]) -> Iterable[Transmission]:
        hearing = self._receivers(packet, servos)
        sent = [self._send(answer) for answer in execute(packet, hearing)]
        for disturbance in self._disturbances:
            sent = [item for one in sent for item in disturbance.alter_answer(one, packet, hearing)]
        return sent

    def _receivers(self, packet: Packet, servos: Iterable[Servo]) -> Sequence[Servo]:
        """Those that are awake and at the host's baud rate; to others it is noise."""
        hearing = [servo for servo in servos if servo.is_awake and servo.baud_rate == self.baud_rate]
        for disturbance in self._disturbances:
            hearing = [servo for servo in hearing if disturbance.reaches(servo, packet)]
        return hearing

    def _send(self, answer: StatusPacket) -> Transmission:
        self._free += answer.delay + self._duration(answer.data)
        return Transmission(self._free + self.usb_latency, answer.data, answer.servo_id)

    def _pieces(self, sent: Transmission, size: int) -> Iterator[Transmission]:
        """What takes longer than a frame of this size [byte] arrives in several."""
        for start in range(0, len(sent.data), size):
            due = sent.due - self._duration(sent.data[start + size :])
            yield replace(sent, due=due, data=sent.data[start : start + size])

    def _duration(self, data: bytes) -> float:
        return len(data) * BITS_PER_BYTE / self.baud_rate
