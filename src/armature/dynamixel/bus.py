"""The servo bus: registers of servos, over the SDK. With port.py the only importer of the SDK."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dynamixel_sdk import COMM_RX_TIMEOUT, COMM_SUCCESS, INST_PING, INST_REBOOT

from armature.dynamixel.control_table import Register
from armature.dynamixel.port import PacketHandler, ServoPort
from armature.errors import CorruptPacket, PortError, ServoRefused, ServoTimeout

# Status packet: header 4, id, length 2, instruction, error, CRC 2 (Protocol 2.0 manual, "Status Packet").
_STATUS_OVERHEAD = 11
_ID_FIELD = 4
_ERROR_FIELD = 8
_FIRST_PARAMETER = 9
_CRC_SIZE = 2
_INSTRUCTION_LENGTH = 3  # instruction and CRC
_LATEST = 1.0  # after which an answer does not come any more [s]
# Bit 7 of the error field says that Hardware Error Status is not 0 (same section, "Alert").
_ALERT = 0x80
_ERROR_NUMBERS = {
    1: "result fail",
    2: "instruction error",
    3: "CRC error",
    4: "data range error",
    5: "data length error",
    6: "data limit error",
    7: "access error",
}
_PING_PARAMETERS = 3  # model number and firmware version (same manual, "Ping")


@dataclass(frozen=True)
class Answer:
    """What one servo said in a group read."""

    data: bytes
    alert: bool


class ServoBus:
    """Servos on one serial port.

    Not thread-safe: one loop owns it.
    """

    def __init__(self, port: ServoPort) -> None:
        """Args: the port, which is not opened yet."""
        self._port = port
        self._packets = PacketHandler()
        self._given_up: dict[int, float] = {}  # until when an answer of this length may still come
        self.corrupt = 0
        self.timeouts = 0
        self.stale = 0

    @property
    def path(self) -> str:
        """The serial device."""
        return str(self._port.port_name)

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return bool(self._port.is_open)

    def open(self) -> None:
        """Open the port.

        Raises:
            PortError: see ServoPort.open.
        """
        self._port.open()

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def ping(self, servo_id: int) -> int:
        """Model number of a servo.

        Raises:
            ServoTimeout, CorruptPacket, PortError.
        """
        packet = self._ask(servo_id, INST_PING, _PING_PARAMETERS, "ping")
        return packet[_FIRST_PARAMETER] | packet[_FIRST_PARAMETER + 1] << 8

    def read(self, servo_id: int, register: Register) -> int:
        """Value of one register.

        Raises:
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        data = self.read_block(servo_id, register.address, register.size)
        return register.decode(int.from_bytes(data, "little"))

    def read_block(self, servo_id: int, address: int, length: int) -> bytes:
        """Bytes of neighbouring registers of one servo.

        Raises:
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        request = f"read of {length} bytes at {address}"
        port, asked = self._usable(), self._distinct(length)
        self._packets.readTx(port, servo_id, address, asked)
        packet = self._answer(port, servo_id, asked, request)
        return bytes(packet[_FIRST_PARAMETER : _FIRST_PARAMETER + length])

    def write(self, servo_id: int, register: Register, value: int) -> None:
        """Write one register and await the servo's answer.

        Raises:
            ConfigError: the value is out of the register's range; nothing was written.
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        data = register.encode(value)
        port = self._usable()
        self._packets.writeTxOnly(port, servo_id, register.address, register.size, list(data))
        self._answer(port, servo_id, 0, f"write of {value} to {register.name}")

    def reboot(self, servo_id: int) -> None:
        """Restart a servo; it is silent for some tenths of a second, and its torque is off afterwards.

        Raises:
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        self._ask(servo_id, INST_REBOOT, 0, "reboot")

    def sync_read(self, ids: Sequence[int], address: int, length: int) -> dict[int, Answer]:
        """Read the same block of several servos in one request.

        A servo that stays silent, or whose packet is corrupt, is absent from the answer; so are those behind a
        silent one, since each waits for the one before it (Protocol 2.0 manual, "Sync Read").

        Args:
            ids: servos, in the order in which they shall answer.
            address: first address of the block.
            length: of the block [byte].

        Raises:
            PortError: the port is gone.
        """
        port, asked = self._usable(), self._distinct(length)
        self._packets.syncReadTx(port, address, asked, list(ids), len(ids), False)
        answers: dict[int, Answer] = {}
        for packet in self._collect(port, ids, asked):
            error = packet[_ERROR_FIELD]
            if not error & ~_ALERT:
                data = bytes(packet[_FIRST_PARAMETER : _FIRST_PARAMETER + length])
                answers[packet[_ID_FIELD]] = Answer(data, bool(error & _ALERT))
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
        parameters: list[int] = []
        for servo_id, value in values.items():
            parameters.append(servo_id)
            parameters.extend(register.encode(value))
        self._packets.syncWriteTxOnly(self._usable(), register.address, register.size, parameters, len(parameters))

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

    def _ask(self, servo_id: int, instruction: int, length: int, request: str) -> list[int]:
        """Send an instruction without parameters; the SDK's own ping and reboot believe late answers to others."""
        port = self._usable()
        body = [servo_id, _INSTRUCTION_LENGTH, 0, instruction]
        self._packets.txPacket(port, [0] * _ID_FIELD + body + [0] * _CRC_SIZE)
        return self._answer(port, servo_id, length, request)

    def _answer(self, port: ServoPort, servo_id: int, length: int, request: str) -> list[int]:
        corrupt = self.corrupt
        for packet in self._collect(port, (servo_id,), length):
            _check_error(servo_id, packet[_ERROR_FIELD], request)
            return packet
        if self.corrupt > corrupt:
            raise CorruptPacket(request)
        raise ServoTimeout((servo_id,), request)

    def _collect(self, port: ServoPort, ids: Sequence[int], length: int) -> Iterator[list[int]]:
        """Status packets of these servos with so many parameter bytes, until all came or the time is over.

        A packet of another length or id answers an earlier request that was given up; it is never believed.
        """
        port.expect((_STATUS_OVERHEAD + length) * len(ids), len(ids))
        port.is_using = True
        missing = set(ids)
        damaged = 0
        while len(missing) > damaged:
            packet, result = self._packets.rxPacket(port, False)
            if result == COMM_RX_TIMEOUT:
                self._give_up(length)
                return
            if result != COMM_SUCCESS:
                self._given_up[length] = time.monotonic() + _LATEST
                self.corrupt += 1
                damaged += 1
            elif packet[_ID_FIELD] not in missing or not _fits(packet, length):
                self.stale += 1
            else:
                missing.remove(packet[_ID_FIELD])
                yield packet

    def _give_up(self, length: int) -> None:
        """An answer of this length may still come, late."""
        self.timeouts += 1
        self._given_up[length] = time.monotonic() + _LATEST

    def _distinct(self, length: int) -> int:
        """How many bytes to ask for, so that no late answer to a request given up has the same length.

        The bytes behind a register are harmless to read, and are thrown away.
        """
        now = time.monotonic()
        while self._given_up.get(length, 0.0) > now:
            length += 1
        return length

    def _usable(self) -> ServoPort:
        if not self._port.is_open:
            raise PortError(self.path, "the port is closed", "open it first")
        # The SDK leaves this flag set when an exception passes through it, and is then busy for ever.
        self._port.is_using = False
        return self._port


def _fits(packet: list[int], length: int) -> bool:
    parameters = len(packet) - _STATUS_OVERHEAD
    return parameters == length or (parameters == 0 and bool(packet[_ERROR_FIELD] & ~_ALERT))


def _check_error(servo_id: int, error: int, request: str) -> None:
    number = error & ~_ALERT
    if number:
        raise ServoRefused(servo_id, request, _ERROR_NUMBERS.get(number, f"error number {number}"))
