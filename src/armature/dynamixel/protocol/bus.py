"""The servo bus: registers of servos, over packets on a port."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain

from armature.dynamixel.protocol.base import ReadAnswer
from armature.dynamixel.protocol.exchange import PING_ANSWER, ErrorAndData, Exchange
from armature.dynamixel.protocol.packet import (
    ALERT,
    BROADCAST_ID,
    Error,
    Instruction,
    encode,
    encode_address,
    group_read,
)
from armature.dynamixel.protocol.port import Port
from armature.dynamixel.protocol.statistics import BusStatistics
from armature.dynamixel.tables.model import Register
from armature.dynamixel.tables.roles import Role
from armature.errors import CorruptPacket, PortError, ServoRefused, ServoTimeout


class ServoBus:
    """Servos on one serial port; its methods are those of `Bus`.

    Not thread-safe: one loop owns it. Several buses in one process do not know of each other.
    """

    def __init__(self, port: Port) -> None:
        """Args: the port, which is not opened yet."""
        self._port = port
        self._exchange = Exchange(port)
        self._failed = (-1, "")  # the request that failed last

    @property
    def path(self) -> str:
        """The serial device."""
        return self._port.path

    @property
    def parts(self) -> Mapping[str, ServoBus]:
        """Itself, which has no name."""
        return {"": self}

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return self._port.is_open

    @property
    def is_whole(self) -> bool:
        """Whether the port is open."""
        return self._port.is_open

    def disconnect_reason(self, servo_id: int) -> str:
        """Why the port is not open, in words; empty where it is."""
        return "" if self._port.is_open else f"{self.path} is closed"

    def now(self) -> float:
        """The time by which the port waits [s]."""
        return self._port.now()

    @property
    def timeouts(self) -> int:
        """Waits that ended without all answers."""
        return self._exchange.timeouts

    @property
    def corrupt(self) -> int:
        """Packets with a wrong CRC, or broken off."""
        return self._exchange.corrupt

    @property
    def stale(self) -> int:
        """Whole answers that came after their request was given up."""
        return self._exchange.stale

    def statistics(self) -> BusStatistics:
        """How the servos have answered so far."""
        return self._exchange.statistics()

    def open(self, *, allow_missing: bool = False) -> None:
        """Open the port, of which there must be one.

        Raises:
            PortError: see Port.open.
        """
        self._exchange.begin()
        self._port.open()

    def reopen(self) -> None:
        """Nothing: with one port alone the loop starts again instead."""

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    # One servo

    def ping(self, servo_id: int) -> int:
        """Model number of a servo.

        Raises:
            ServoTimeout, CorruptPacket, PortError.
        """
        data = self._ask(servo_id, encode(servo_id, Instruction.PING), PING_ANSWER, "ping")
        return data[0] | data[1] << 8

    def send_ping(self, servo_id: int) -> None:
        """Ping a servo without waiting for its answer; see collect_ping_answers().

        Raises:
            PortError: the port is gone.
        """
        self._usable().send_ping(servo_id)

    def collect_ping_answers(self) -> dict[int, int]:
        """Model numbers of the servos that have answered a ping since the last time; this does not wait.

        Raises:
            PortError: the port is gone.
        """
        return self._usable().collect_ping_answers()

    def read(self, servo_id: int, register: Register) -> int:
        """Value of one register.

        Raises:
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        data = self.read_block(servo_id, register.address, register.size)
        value = register.decode(int.from_bytes(data, "little"))
        self._note(servo_id, register, value)
        return value

    def read_block(self, servo_id: int, address: int, length: int) -> bytes:
        """Bytes of neighbouring registers of one servo.

        Raises:
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        asked = self._exchange.unambiguous_length(length)
        request = f"read of {length} bytes at {address}"
        packet = encode(servo_id, Instruction.READ, encode_address(address, asked))
        return self._ask(servo_id, packet, asked, request)[:length]

    def write(self, servo_id: int, register: Register, value: int) -> None:
        """Write one register and await the servo's answer.

        Raises:
            ConfigError: the value is out of the register's range; nothing was written.
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        parameters = register.address.to_bytes(2, "little") + register.encode(value)
        request = f"write of {value} to {register.name}"
        packet = encode(servo_id, Instruction.WRITE, parameters)
        is_doubtful = self._usable().may_answer_late(servo_id, packet, data=False)
        self._ask(servo_id, packet, 0, request)
        if is_doubtful and self.read(servo_id, register) != value:  # what answered was an earlier request's
            raise ServoTimeout((servo_id,), request)
        self._note(servo_id, register, value)

    def reboot(self, servo_id: int) -> None:
        """Restart a servo; it is silent for some tenths of a second, and its torque is off afterwards.

        Raises:
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        packet = encode(servo_id, Instruction.REBOOT)
        if self._usable().may_answer_late(servo_id, packet, data=False):
            # Answers come in order: behind this one there is no earlier one.
            self.read_block(servo_id, 0, PING_ANSWER)
            self._exchange.clear_late(servo_id)
        self._ask(servo_id, packet, 0, "reboot")

    # Several servos

    def sync_read(
        self, ids: Sequence[int], address: int, length: int, *, fast: bool = False
    ) -> dict[int, ReadAnswer]:
        """Read the same block of several servos in one request; see Bus."""
        return self.start_sync_read(ids, address, length, fast=fast)()

    def start_sync_read(
        self, ids: Sequence[int], address: int, length: int, *, fast: bool = False
    ) -> Callable[[], dict[int, ReadAnswer]]:
        """The first half of sync_read(); returns what awaits the answers, to be called before anything else."""
        exchange = self._usable()
        asked = exchange.unambiguous_length(length)
        instruction = Instruction.FAST_SYNC_READ if fast else Instruction.SYNC_READ
        packet = group_read(instruction, bytes(ids), address, asked)
        collect = exchange.send_fast(packet, ids, asked) if fast else exchange.send(packet, ids, asked)
        return lambda: self._usable_answers(collect(), length)

    def _usable_answers(self, found: Mapping[int, ErrorAndData], length: int) -> dict[int, ReadAnswer]:
        answers = {}
        for servo_id, (error, data) in found.items():
            if error & ~ALERT:
                self._exchange.refuse(servo_id)
            else:
                answers[servo_id] = ReadAnswer(data[:length], error != 0)
        return answers

    def sync_write(self, register: Register, values: Mapping[int, int]) -> None:
        """Write one register of several servos in one packet, which no servo answers; see Bus."""
        require_range(register, values.values())
        layout = "<" + len(values) * f"B{register.format}"
        items = struct.pack(layout, *chain.from_iterable(values.items()))
        parameters = encode_address(register.address, register.size) + items
        self._usable()
        self._port.write(encode(BROADCAST_ID, Instruction.SYNC_WRITE, parameters))

    def _ask(self, servo_id: int, packet: bytes, length: int, request: str) -> bytes:
        """Data of the one answer to a request to one servo."""
        exchange = self._usable()
        exchange.retries += self._failed == (servo_id, request)
        self._failed = servo_id, request
        corrupt, is_doubtful = exchange.corrupt, exchange.may_answer_late(servo_id, packet)
        answer = exchange.ask(packet, (servo_id,), length).get(servo_id)
        if answer is None:
            raise CorruptPacket(request) if exchange.corrupt > corrupt else ServoTimeout((servo_id,), request)
        error, data = answer
        if error & ~ALERT:
            exchange.refuse(servo_id)
            if is_doubtful:  # an earlier request may have been refused; once asked again it is this one
                exchange.clear_late(servo_id)
                raise ServoTimeout((servo_id,), request)
            raise ServoRefused(servo_id, request, _reason(error & ~ALERT))
        self._failed = -1, ""
        return data

    def _note(self, servo_id: int, register: Register, value: int) -> None:
        """How long a servo takes to answer is known once its return delay was read or written."""
        if register.role is Role.RETURN_DELAY:
            self._exchange.return_delays[servo_id] = register.to_si(value)

    def _usable(self) -> Exchange:
        if not self._port.is_open:
            raise PortError(self.path, "the port is closed", "open it first")
        return self._exchange


def require_range(register: Register, values: Collection[int]) -> None:
    """Refuse values that a register does not take.

    Raises:
        ConfigError: with the value and the range.
    """
    for bound in (min(values), max(values)):
        register.encode(bound)


def _reason(number: int) -> str:
    """An error number in the manual's words."""
    if number not in tuple(Error):
        return f"error number {number}"
    words = Error(number).name.lower().replace("_", " ")
    return words if number == Error.RESULT_FAIL else f"{words.replace('crc', 'CRC')} error"
