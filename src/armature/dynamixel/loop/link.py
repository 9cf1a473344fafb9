"""The link between the bus process and its ROS half: newest values in shared memory, requests over a socket.

Layout and encoding only; who maps the memory and holds the socket stands in `nodes/`.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from armature.core.trajectory.segments import LoopTime, Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.loop.status import LoopStatus, Problem

READINGS_SIZE = 16_384  # [byte]
SEGMENTS_SIZE = 262_144  # [byte]
CLOCK_SIZE = 128  # [byte]
MEMORY_SIZE = READINGS_SIZE + SEGMENTS_SIZE + CLOCK_SIZE  # [byte]
# First byte of a socket message.
REQUEST, REPLY, CYCLE, STATUS, FAILED = b"q", b"r", b"c", b"s", b"f"
MESSAGE_SIZE = 65_536  # [byte]

_ATTEMPTS = 3  # of a reader whom the writer has overtaken
_SLOT = struct.Struct("<QIIxxxxxxxx")  # serial, length, CRC-32; 24 bytes keep the content aligned


class Mailbox:
    """One newest value from one writer, for one reader, in shared memory.

    Two slots take turns, each with a serial number and a CRC-32, so that a reader never sees half a value,
    whatever order the processor writes memory in.
    """

    def __init__(self, memory: memoryview) -> None:
        half = len(memory) // 2
        self._slots = (memory[:half], memory[half:])
        self._serial = max(self._header(slot)[0] for slot in self._slots)

    @property
    def capacity(self) -> int:
        """Longest value [byte]."""
        return len(self._slots[0]) - _SLOT.size

    def write(self, value: bytes) -> None:
        """Put a value in the place of the older of the last two.

        Raises:
            ValueError: it is longer than the capacity.
        """
        if len(value) > self.capacity:
            raise ValueError(f"value of {len(value)} bytes; the mailbox takes {self.capacity}")
        self._serial += 1
        slot = self._slots[self._serial % 2]
        _SLOT.pack_into(slot, 0, 0, 0, 0)
        slot[_SLOT.size : _SLOT.size + len(value)] = value
        _SLOT.pack_into(slot, 0, self._serial, len(value), _checksum(self._serial, value))

    def read(self, after: int = 0) -> tuple[int, bytes] | None:
        """The newest whole value.

        Args:
            after: serial number of the last value that was read.

        Returns:
            Its serial number and bytes; None where there is none newer.
        """
        for _ in range(_ATTEMPTS):
            headers = sorted(((self._header(slot), slot) for slot in self._slots), key=lambda item: -item[0][0])
            for (serial, length, checksum), slot in headers:
                if serial <= after:
                    return None
                value = bytes(slot[_SLOT.size : _SLOT.size + length])
                if _checksum(serial, value) == checksum:
                    return serial, value
        return None

    @staticmethod
    def _header(slot: memoryview) -> tuple[int, int, int]:
        serial, length, checksum = _SLOT.unpack_from(slot)
        return serial, min(length, len(slot)), checksum


class Memory:
    """The shared memory: a mailbox for each kind of newest value."""

    def __init__(self, memory: memoryview) -> None:
        """Args: MEMORY_SIZE bytes."""
        segments_end = READINGS_SIZE + SEGMENTS_SIZE
        self.readings = Mailbox(memory[:READINGS_SIZE])  # the child writes
        self.segments = Mailbox(memory[READINGS_SIZE:segments_end])  # the ROS half writes
        self.clock = Mailbox(memory[segments_end:MEMORY_SIZE])  # the ROS half writes, where time is simulated


def _checksum(serial: int, value: bytes) -> int:
    # With the serial number in it, a header that is half written never fits: not even that of no bytes at all.
    return zlib.crc32(value, serial & 0xFFFFFFFF)


@dataclass(frozen=True)
class JointReading:
    """One joint in one cycle; NaN stands for what was not read in it."""

    position: float  # [rad] or [m]
    velocity: float  # [rad/s] or [m/s]
    current: float  # [A]
    effort: float  # [N·m] or [N], by a calibrated factor
    load: float  # [%]
    temperature: float  # [°C]
    voltage: float  # [V]
    age: float  # since the last answer [s]
    slow_age: (
        float  # of the oldest of temperature, voltage, torque and hardware error, which are read in turns [s]
    )
    commanded_position: float  # [rad] or [m]
    commanded_velocity: float  # [rad/s] or [m/s]
    torque: bool | None  # None where unknown
    hardware_error: int | None  # value of the register; None where unknown


@dataclass(frozen=True)
class CycleReadings:
    """All joints in one cycle."""

    cycle: int
    time: float  # monotonic, at which the cycle was due; at most a period before its values were asked for [s]
    loop_time: float  # at which the goals were sampled, in the loop's own time [s]
    lateness: float  # of the cycle's begin [s]
    duration: float  # of its bus transactions [s]
    mode: int
    segment_serial: int  # the newest segment that this cycle sampled
    joints: tuple[JointReading, ...]


*_FLOATS, _, _ = JointReading.__dataclass_fields__  # the last two are torque and hardware error
_JOINT = struct.Struct(f"<{len(_FLOATS)}dbh")  # of those two −1 is unknown
_CYCLE = struct.Struct("<QddddIQI")
_CLOCK = struct.Struct("<d")


def pack_readings(readings: CycleReadings) -> bytes:
    """Bytes of one cycle's readings."""
    head = _CYCLE.pack(
        readings.cycle,
        readings.time,
        readings.loop_time,
        readings.lateness,
        readings.duration,
        readings.mode,
        readings.segment_serial,
        len(readings.joints),
    )
    return head + b"".join(map(_pack_joint, readings.joints))


def _pack_joint(joint: JointReading) -> bytes:
    *floats, torque, error = vars(joint).values()
    return _JOINT.pack(*floats, -1 if torque is None else torque, -1 if error is None else error)


def _unpack_joint(data: bytes, offset: int) -> JointReading:
    *floats, torque, error = _JOINT.unpack_from(data, offset)
    known = dict(zip(_FLOATS, floats, strict=True))
    return JointReading(
        **known, torque=None if torque < 0 else bool(torque), hardware_error=None if error < 0 else error
    )


def unpack_readings(data: bytes) -> CycleReadings:
    """One cycle's readings of bytes."""
    cycle, time, loop_time, lateness, duration, mode, serial, count = _CYCLE.unpack_from(data)
    joints = tuple(_unpack_joint(data, _CYCLE.size + number * _JOINT.size) for number in range(count))
    return CycleReadings(cycle, time, loop_time, lateness, duration, mode, serial, joints)


def pack_segments(segments: Sequence[Segment[LoopTime]]) -> bytes:
    """Bytes of the newest segment of each group of joints."""
    head, arrays = [], []
    for segment in segments:
        trajectory = segment.trajectory
        columns = [trajectory.positions, trajectory.velocities, trajectory.accelerations]
        head.append(
            {
                "serial": segment.serial,
                "session": segment.session,
                "begin": segment.begin,
                "joints": trajectory.joints,
                "points": len(trajectory.times),
                "columns": sum(column is not None for column in columns),
                "loads": segment.loads is not None,
                "effort_limits": dict(segment.effort_limits),
            }
        )
        arrays.append(np.asarray(trajectory.times, dtype="<f8").tobytes())
        tables = (column for column in (*columns, segment.loads) if column is not None)
        arrays.extend(np.asarray(table, dtype="<f8").tobytes() for table in tables)
    text = json.dumps(head).encode()
    return struct.pack("<I", len(text)) + text + b"".join(arrays)


def unpack_segments(data: bytes) -> tuple[Segment[LoopTime], ...]:
    """Segments of bytes."""
    (length,) = struct.unpack_from("<I", data)
    offset = 4 + length
    segments = []
    for head in json.loads(data[4:offset]):
        joints, points = tuple(head["joints"]), int(head["points"])
        shape = (points, len(joints))
        times = np.frombuffer(data, "<f8", points, offset)
        offset += 8 * points
        tables: list[Any] = [None, None, None, None]
        for index in (*range(head["columns"]), *((3,) if head["loads"] else ())):
            tables[index] = np.frombuffer(data, "<f8", points * len(joints), offset).reshape(shape)
            offset += 8 * points * len(joints)
        motion = Trajectory(joints, times, *tables[:3])
        begin, limits = LoopTime(head["begin"]), head["effort_limits"]
        segments.append(Segment(head["serial"], head["session"], begin, motion, tables[3], limits))
    return tuple(segments)


def pack_clock(time: float) -> bytes:
    """Bytes of the time that the loop shall live on [s], where that is simulated."""
    return _CLOCK.pack(time)


def unpack_clock(data: bytes) -> float:
    """The loop's time of bytes [s]."""
    return float(_CLOCK.unpack_from(data)[0])


def layout() -> str:
    """A digest of what both halves must agree on: fields, formats and sizes."""
    agreed = (
        [list(kind.__dataclass_fields__) for kind in (JointReading, CycleReadings, LoopStatus, Problem, Segment)],
        [code.format for code in (_SLOT, _CYCLE, _JOINT, _CLOCK)],
        (READINGS_SIZE, SEGMENTS_SIZE, CLOCK_SIZE, MESSAGE_SIZE),
        (REQUEST, REPLY, CYCLE, STATUS, FAILED),
    )
    return hashlib.sha256(repr(agreed).encode()).hexdigest()[:12]


def digest(*texts: str) -> str:
    """A digest of files that both halves have read, each for itself and perhaps at another time."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:12]


def pack_call(kind: bytes, content: Mapping[str, Any]) -> bytes:
    """Socket message of a request or a reply."""
    return kind + json.dumps(content).encode()


def unpack_call(message: bytes) -> dict[str, Any]:
    """Content of a request or a reply."""
    return dict(json.loads(message[1:]))


def address(port: str) -> bytes:
    """Abstract UNIX socket address of the child that owns a port; it has no name in any file system.

    It is a digest, since such an address has room for 107 bytes and a path may be longer.
    """
    return b"\0armature/bus/" + hashlib.sha256(port.encode()).hexdigest()[:32].encode()
