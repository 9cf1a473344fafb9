"""The servo bus: registers of servos, over packets on a port."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from armature.dynamixel.control_table import Register
from armature.dynamixel.exchange import PING_ANSWER, Exchange
from armature.dynamixel.packet import ALERT, BROADCAST_ID, Error, Instruction, encode, group_read, place
from armature.dynamixel.port import ServoPort
from armature.dynamixel.statistics import BusStatistics
from armature.errors import CorruptPacket, PortError, ServoRefused, ServoTimeout

_LETTERS = {1: "b", 2: "h", 4: "i"}  # of the module struct, by size [byte]
_DELAY_UNIT = 2e-6  # [s] (e-Manual, "Return Delay Time(9)")


class Answer(NamedTuple):
    """What one servo said in a group read. A tuple, since one is made for each servo in every cycle."""

    data: bytes
    alert: bool


class ServoBus:
    """Servos on one serial port.

    Not thread-safe: one loop owns it. Several buses in one process do not know of each other.
    """

    def __init__(self, port: ServoPort) -> None:
        """Args: the port, which is not opened yet."""
        self._port = port
        self._exchange = Exchange(port)
        self._failed = (-1, "")  # the request that failed last

    @property
    def path(self) -> str:
        """The serial device."""
        return self._port.path

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return self._port.is_open

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
        """Whole answers that nobody waited for any more."""
        return self._exchange.stale

    def statistics(self) -> BusStatistics:
        """How the servos have answered so far."""
        return self._exchange.statistics()

    def open(self) -> None:
        """Open the port.

        Raises:
            PortError: see ServoPort.open.
        """
        self._exchange.begin()
        self._port.open()

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    # One servo

    def ping(self, servo_id: int) -> int:
        """Model number of a servo.

        Raises:
            ServoTimeout, CorruptPacket, PortError.
        """
        data = self._ask(servo_id, Instruction.PING, b"", PING_ANSWER, "ping")
        return data[0] | data[1] << 8

    def found(self, ids: Iterable[int]) -> dict[int, int]:
        """Model numbers of those servos that answer a ping.

        Raises:
            PortError: the port is gone.
        """
        models: dict[int, int] = {}
        for servo_id in ids:
            try:
                models[servo_id] = self.ping(servo_id)
            except (ServoTimeout, CorruptPacket):
                continue
        return models

    def call(self, servo_id: int) -> None:
        """Ping a servo without waiting for its answer; see heard().

        Raises:
            PortError: the port is gone.
        """
        self._usable().call(servo_id)

    def heard(self) -> set[int]:
        """Servos that have answered a call since the last time; this does not wait.

        Raises:
            PortError: the port is gone.
        """
        return self._usable().heard()

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
        asked = self._exchange.distinct(length)
        request = f"read of {length} bytes at {address}"
        return self._ask(servo_id, Instruction.READ, place(address, asked), asked, request)[:length]

    def write(self, servo_id: int, register: Register, value: int) -> None:
        """Write one register and await the servo's answer.

        Raises:
            ConfigError: the value is out of the register's range; nothing was written.
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        parameters = register.address.to_bytes(2, "little") + register.encode(value)
        self._ask(servo_id, Instruction.WRITE, parameters, 0, f"write of {value} to {register.name}")
        self._note(servo_id, register, value)

    def reboot(self, servo_id: int) -> None:
        """Restart a servo; it is silent for some tenths of a second, and its torque is off afterwards.

        Raises:
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        self._ask(servo_id, Instruction.REBOOT, b"", 0, "reboot")

    # Several servos

    def sync_read(self, ids: Sequence[int], address: int, length: int, *, fast: bool = False) -> dict[int, Answer]:
        """Read the same block of several servos in one request.

        A servo that stays silent, or whose packet is corrupt, is absent from the answer; so are those behind a
        silent one, since each waits for the one before it (Protocol 2.0 manual, "Sync Read").

        Args:
            ids: servos, in the order in which they shall answer.
            address: first address of the block.
            length: of the block [byte].
            fast: by Fast Sync Read, which all of them must know; they answer together in one packet.

        Raises:
            PortError: the port is gone.
        """
        exchange = self._usable()
        asked = exchange.distinct(length)
        instruction = Instruction.FAST_SYNC_READ if fast else Instruction.SYNC_READ
        packet = group_read(instruction, bytes(ids), address, asked)
        found = exchange.ask_together(packet, ids, asked) if fast else exchange.ask(packet, ids, asked)
        answers = {}
        for servo_id, (error, data) in found.items():
            if error & ~ALERT:
                exchange.refuse(servo_id)
            else:
                answers[servo_id] = Answer(data[:length], error != 0)
        return answers

    def sync_write(self, register: Register, values: Mapping[int, int]) -> None:
        """Write one register of several servos in one packet, which no servo answers.

        Args:
            register: the same address in all of them.
            values: register value by servo id.

        Raises:
            ConfigError: a value is out of the register's range; nothing was written.
            PortError: the port is gone.
        """
        for bound in (min(values.values()), max(values.values())):
            register.encode(bound)  # refuses what is out of range
        letter = _LETTERS[register.size]
        layout = "<" + len(values) * f"B{letter if register.signed else letter.upper()}"
        items = struct.pack(layout, *chain.from_iterable(values.items()))
        parameters = place(register.address, register.size) + items
        self._usable()
        self._port.write(encode(BROADCAST_ID, Instruction.SYNC_WRITE, parameters))

    def _ask(self, servo_id: int, instruction: int, parameters: bytes, length: int, request: str) -> bytes:
        """Data of the one answer to a request to one servo."""
        exchange = self._usable()
        exchange.retries += self._failed == (servo_id, request)
        self._failed = servo_id, request
        corrupt = exchange.corrupt
        answer = exchange.ask(encode(servo_id, instruction, parameters), (servo_id,), length).get(servo_id)
        if answer is None:
            raise CorruptPacket(request) if exchange.corrupt > corrupt else ServoTimeout((servo_id,), request)
        error, data = answer
        if error & ~ALERT:
            exchange.refuse(servo_id)
            raise ServoRefused(servo_id, request, _reason(error & ~ALERT))
        self._failed = -1, ""
        return data

    def _note(self, servo_id: int, register: Register, value: int) -> None:
        """How long a servo takes to answer is known once its Return Delay Time was read or written."""
        if register.name == "Return Delay Time":
            self._exchange.return_delays[servo_id] = value * _DELAY_UNIT

    def _usable(self) -> Exchange:
        if not self._port.is_open:
            raise PortError(self.path, "the port is closed", "open it first")
        return self._exchange


def _reason(number: int) -> str:
    """An error number in the manual's words."""
    if number not in tuple(Error):
        return f"error number {number}"
    words = Error(number).name.lower().replace("_", " ")
    return words if number == Error.RESULT_FAIL else f"{words.replace('crc', 'CRC')} error"
