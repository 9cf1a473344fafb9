"""What can stand between servos and host, and what it is given."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from armature.dynamixel.protocol.packet import Packet
from armature.emulator.servo.servo import Servo


@dataclass(frozen=True)
class Transmission:
    """Bytes that one servo put on the wire."""

    due: float  # [s] when their last bit has arrived
    data: bytes
    servo_id: int


class Disturbance(ABC):  # noqa: B024  # each kind disturbs what it likes
    """Something between the servos and the host; it leaves as it is what a kind of it does not change."""

    def alter_request(self, data: bytes) -> bytes:
        """What arrives of the host's bytes."""
        return data

    def reaches(self, servo: Servo, request: Packet) -> bool:
        """Whether a request reaches a servo."""
        return True

    def alter_answer(self, sent: Transmission, request: Packet, servos: Sequence[Servo]) -> Iterable[Transmission]:
        """What arrives of an answer.

        Args:
            sent: the answer.
            request: what it answers.
            servos: those that received the request.
        """
        return (sent,)
