"""The servo bus: registers of servos, over the SDK. With port.py the only importer of the SDK."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dynamixel_sdk import COMM_RX_TIMEOUT, COMM_SUCCESS, Protocol2PacketHandler

from armature.dynamixel.control_table import Register
from armature.dynamixel.port import ServoPort
from armature.errors import CorruptPacket, PortError, ServoRefused, ServoTimeout

# Status packet: header 4, id, length 2, instruction, error, CRC 2 (Protocol 2.0 manual, "Status Packet").
_STATUS_OVERHEAD = 11
_ERROR_FIELD = 8
_FIRST_PARAMETER = 9
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
# Return Delay Time is at most 254 units of 2 µs (e-Manual, "Return Delay Time(9)").
_RETURN_DELAY = 508e-6  # [s]


@dataclass(frozen=True)
class Answer:
    """What one servo said in a group read."""

    data: bytes
    alert: bool


class ServoBus:
    """Servos on one serial port.

    Not thread-safe: one loop owns it.
    """

    def __init__(self, path: str, baud_rate: int, latency: float) -> None:
        """Describe the bus; nothing is opened yet.

        Args:
            path: serial device.
            baud_rate: [bit/s].
            latency: of the adapter and the servos' host [s].
        """
        self._port = ServoPort(path, baud_rate, latency + _RETURN_DELAY)
        self._packets = Protocol2PacketHandler()
        self.corrupt = 0
        self.timeouts = 0

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
        model, result, _ = self._packets.ping(self._usable(), servo_id)
        self._check(result, (servo_id,), "ping")
        return int(model)

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
        data, result, error = self._packets.readTxRx(self._usable(), servo_id, address, length)
        self._check(result, (servo_id,), request)
        _check_error(servo_id, error, request)
        if len(data) != length:
            raise CorruptPacket(request)
        return bytes(data)

    def write(self, servo_id: int, register: Register, value: int) -> None:
        """Write one register and await the servo's answer.

        Raises:
            ConfigError: the value is out of the register's range; nothing was written.
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        data = register.encode(value)
        request = f"write of {value} to {register.name}"
        result, error = self._packets.writeTxRx(
            self._usable(), servo_id, register.address, register.size, list(data)
        )
        self._check(result, (servo_id,), request)
        _check_error(servo_id, error, request)

    def reboot(self, servo_id: int) -> None:
        """Restart a servo; it is silent for some tenths of a second, and its torque is off afterwards.

        Raises:
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """
        result, error = self._packets.reboot(self._usable(), servo_id)
        self._check(result, (servo_id,), "reboot")
        _check_error(servo_id, error, "reboot")

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
        port = self._usable()
        self._packets.syncReadTx(port, address, length, list(ids), len(ids), False)
        port.setPacketTimeout((_STATUS_OVERHEAD + length) * len(ids))
        answers: dict[int, Answer] = {}
        for _ in ids:
            packet, result = self._packets.rxPacket(port, False)
            if result == COMM_RX_TIMEOUT:
                self.timeouts += 1
                break
            if result != COMM_SUCCESS or len(packet) != _STATUS_OVERHEAD + length or packet[4] not in ids:
                self.corrupt += 1
                continue
            error = packet[_ERROR_FIELD]
            if not error & ~_ALERT:
                data = bytes(packet[_FIRST_PARAMETER : _FIRST_PARAMETER + length])
                answers[packet[4]] = Answer(data, bool(error & _ALERT))
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

    def _usable(self) -> Any:
        if not self._port.is_open:
            raise PortError(self.path, "the port is closed", "open it first")
        # The SDK leaves this flag set when an exception passes through it, and is then busy for ever.
        self._port.is_using = False
        return self._port

    def _check(self, result: int, ids: Iterable[int], request: str) -> None:
        if result == COMM_RX_TIMEOUT:
            self.timeouts += 1
            raise ServoTimeout(ids, request)
        if result != COMM_SUCCESS:
            self.corrupt += 1
            raise CorruptPacket(request)


def _check_error(servo_id: int, error: int, request: str) -> None:
    number = error & ~_ALERT
    if number:
        raise ServoRefused(servo_id, request, _ERROR_NUMBERS.get(number, f"error number {number}"))
