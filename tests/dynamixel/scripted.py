"""A real pseudo-terminal whose far end answers as a test writes it, with packets assembled by hand."""

from __future__ import annotations

import os
import struct
import tty
from collections import deque
from collections.abc import Callable

from armature.dynamixel.protocol.serial_port import SerialPort

Answer = bytes | Callable[[bytes], bytes]


def crc(data: bytes) -> int:
    """CRC-16 of the Protocol 2.0 manual, "CRC Calculation": polynomial 0x8005, not reflected, from 0."""
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x8005 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def packet(servo_id: int, instruction: int, parameters: bytes) -> bytes:
    """A packet of the Protocol 2.0 manual; its parameters are taken as they are, without stuffing."""
    head = struct.pack("<4sBHB", b"\xff\xff\xfd\x00", servo_id, len(parameters) + 3, instruction)
    return head + parameters + struct.pack("<H", crc(head + parameters))


def status(servo_id: int, data: bytes = b"", error: int = 0) -> bytes:
    """A status packet."""
    return packet(servo_id, 0x55, bytes([error]) + data)


class ScriptedPort(SerialPort):
    """A port whose requests are answered at once by what the test has queued."""

    def __init__(self, latency: float = 0.02, baud_rate: int = 1_000_000) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        super().__init__(os.ttyname(slave), baud_rate, latency)
        self._slave = slave
        self.requests: list[bytes] = []
        self.answers: deque[Answer] = deque()

    def write(self, request: bytes) -> None:
        super().write(request)
        self.requests.append(os.read(self.master, 4096))
        answer = self.answers.popleft() if self.answers else b""
        os.write(self.master, answer(self.requests[-1]) if callable(answer) else answer)

    def hang_up(self) -> None:
        """Pull the plug: the far end is gone."""
        if self.master >= 0:
            os.close(self.master)
            os.close(self._slave)
            self.master = -1
