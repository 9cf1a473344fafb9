"""The same bus cycle as others do it: bare system calls, the stock SDK, LeRobot."""

from __future__ import annotations

import os
import select
import termios
import tty
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, Protocol

import dynamixel_sdk as sdk

from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.packet import BROADCAST_ID, Instruction, encode, fast_status_size
from armature.dynamixel.protocol.port import LATENCY
from armature.dynamixel.protocol.serial_port import SerialPort
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.eeprom import Protection
from armature.dynamixel.servo.state_group import StateGroup
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import ServoWiring
from armature.errors import BusError

STATE = (126, 10)  # current, velocity, position: address and length
GOAL = (116, 4)
_FIELDS = ((126, 2), (128, 4), (132, 4))
_MAXIMUM_WAIT = 1000.0  # [ms]
_CHUNK = 4_096
_LARGEST_MIN = 255  # a control character of termios is one byte
_FAST_FIRMWARE = 48


class Contender(Protocol):
    """One way to write all goals and read all states."""

    def cycle(self) -> bool:
        """Write and read once; whether all servos answered."""

    def close(self) -> None:
        """Give the port back."""


class Armature:
    """What the bus loop does: registers in, radians and amperes out."""

    def __init__(self, path: str, baud_rate: int, wirings: Sequence[ServoWiring]) -> None:
        self._bus = ServoBus(SerialPort(path, baud_rate, LATENCY))
        self._bus.open()
        self._axes = [Axis(wiring, protection=Protection(firmware=_FAST_FIRMWARE)) for wiring in wirings]
        for axis in self._axes:  # as the loop does at start; without it a wait allows the longest delay
            with suppress(BusError):
                self._bus.read(axis.wiring.servo_id, axis.wiring.model[Role.RETURN_DELAY])
        self._group = StateGroup(self._bus, self._axes, max_missed_reads=5)
        self._group.choose_instruction()

    def cycle(self) -> bool:
        """Write and read once."""
        register = self._axes[0].wiring.model[Role.GOAL_POSITION]
        self._bus.sync_write(register, {a.wiring.servo_id: a.wiring.to_ticks(0.1) for a in self._axes})
        self._group.request(0.0)()
        return not any(axis.misses for axis in self._axes)

    def close(self) -> None:
        """Give the port back."""
        self._bus.close()


class Bare:
    """The same bytes with a write, a poll and a read, without parsing them."""

    def __init__(self, path: str, baud_rate: int, wirings: Sequence[ServoWiring]) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._file)
        self._attributes = termios.tcgetattr(self._file)
        self._attributes[4:6] = [getattr(termios, f"B{baud_rate}")] * 2
        ids = bytes(wiring.servo_id for wiring in wirings)
        goals = _place(*GOAL) + b"".join(bytes((servo_id,)) + bytes(4) for servo_id in ids)
        self._request = encode(BROADCAST_ID, Instruction.SYNC_WRITE, goals)
        self._request += encode(BROADCAST_ID, Instruction.FAST_SYNC_READ, _place(*STATE) + ids)
        self._size = fast_status_size(len(ids), STATE[1])
        self._wait_for(self._size)
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)

    def cycle(self) -> bool:
        """Write and read once."""
        os.write(self._file, self._request)
        missing = self._size
        while missing > 0 and self._poll.poll(_MAXIMUM_WAIT):
            with suppress(BlockingIOError):
                while missing > 0:  # Linux hands out 64 bytes a call
                    missing -= len(os.read(self._file, _CHUNK))
            if self._size > _LARGEST_MIN:
                self._wait_for(missing or self._size)
        return missing == 0

    def _wait_for(self, size: int) -> None:
        self._attributes[6][termios.VMIN] = min(size, _LARGEST_MIN)
        termios.tcsetattr(self._file, termios.TCSANOW, self._attributes)

    def close(self) -> None:
        """Give the port back."""
        os.close(self._file)


class StockSdk:
    """The SDK's GroupSyncWrite and GroupSyncRead, as its examples use them."""

    def __init__(self, path: str, baud_rate: int, wirings: Sequence[ServoWiring]) -> None:
        self._port = sdk.PortHandler(path)
        self._port.openPort()
        self._port.setBaudRate(baud_rate)
        packets = sdk.PacketHandler(2.0)
        self._ids = [wiring.servo_id for wiring in wirings]
        self._reads = sdk.GroupSyncRead(self._port, packets, *STATE)
        self._writes = sdk.GroupSyncWrite(self._port, packets, *GOAL)
        for servo_id in self._ids:
            self._reads.addParam(servo_id)

    def cycle(self) -> bool:
        """Write and read once."""
        for servo_id in self._ids:
            self._writes.addParam(servo_id, [0, 8, 0, 0])
        self._writes.txPacket()
        self._writes.clearParam()
        if self._reads.txRxPacket() != sdk.COMM_SUCCESS:
            return False
        for servo_id in self._ids:
            for address, length in _FIELDS:
                self._reads.getData(servo_id, address, length)
        return True

    def close(self) -> None:
        """Give the port back."""
        self._port.closePort()


class LeRobot:
    """LeRobot's DynamixelMotorsBus, which reads one register a call.

    Raises:
        ImportError: it is not installed here.
    """

    def __init__(self, path: str, baud_rate: int, wirings: Sequence[ServoWiring]) -> None:
        kinds = import_module("lerobot.motors")  # not a requirement of Armature
        motors: Mapping[str, Any] = {
            wiring.joint: kinds.Motor(
                wiring.servo_id, wiring.model.name.lower(), kinds.MotorNormMode.RANGE_M100_100
            )
            for wiring in wirings
        }
        self._bus = import_module("lerobot.motors.dynamixel").DynamixelMotorsBus(path, motors)
        self._bus.connect(handshake=False)
        self._bus.set_baudrate(baud_rate)
        self._goals = dict.fromkeys(motors, 2048)

    def cycle(self) -> bool:
        """Write and read once."""
        self._bus.sync_write("Goal_Position", self._goals, normalize=False)
        try:
            for name in ("Present_Position", "Present_Velocity", "Present_Current"):
                self._bus.sync_read(name, normalize=False)
        except ConnectionError:
            return False
        return True

    def close(self) -> None:
        """Give the port back."""
        self._bus.port_handler.closePort()


def _place(address: int, length: int) -> bytes:
    return address.to_bytes(2, "little") + length.to_bytes(2, "little")
