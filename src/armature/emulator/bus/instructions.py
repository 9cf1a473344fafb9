"""What each instruction does on a bus of servos, and who answers.

Source: e-Manual, "DYNAMIXEL Protocol 2.0", section "Instruction Details".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from armature.dynamixel.protocol.packet import (
    ALERT,
    BROADCAST_ID,
    HEADER,
    Error,
    Instruction,
    Packet,
    crc16,
    status,
)
from armature.dynamixel.tables.roles import Role
from armature.emulator.servo.registers import FactoryReset
from armature.emulator.servo.servo import Servo

# Status Return Level(68) that an answer needs.
_LEVELS: dict[int, int] = {Instruction.PING: 0, Instruction.READ: 1}
_READ, _ALL = 1, 2
_LONGEST = 0xFFFF  # what a length field of two bytes can say


class StatusPacket(NamedTuple):
    """Bytes that one servo sends."""

    delay: float  # [s] that it waits after the byte before
    data: bytes
    servo_id: int


class _Item(NamedTuple):
    """One entry of a group instruction."""

    servo_id: int
    address: int
    length: int
    data: bytes = b""


def execute(packet: Packet, servos: Sequence[Servo]) -> Iterator[StatusPacket]:
    """Carry out a packet on the servos that receive it; yield their answers in the order of the wire."""
    if packet.instruction == Instruction.STATUS:
        return
    if packet.intact:
        for servo in servos:
            servo.feed_watchdog()
    group = _GROUPS.get(packet.instruction)
    if group is not None:
        if packet.intact:
            yield from group(packet, {servo.servo_id: servo for servo in servos})
        return
    addressed = sorted(_addressed(packet, servos), key=lambda servo: servo.servo_id)
    for servo in addressed:
        yield from _single(packet, servo)


def _addressed(packet: Packet, servos: Sequence[Servo]) -> list[Servo]:
    if packet.packet_id == BROADCAST_ID:
        return list(servos)
    return [servo for servo in servos if packet.packet_id in (servo.servo_id, _shadow_id(servo))]


def _shadow_id(servo: Servo) -> int:
    """Section "Secondary(Shadow) ID(12)": below 253 the servo obeys it as well, without an answer."""
    shadow = servo.registers.get(Role.SHADOW_ID, servo.model.no_shadow)
    return shadow if shadow < servo.model.no_shadow else servo.servo_id


def _single(packet: Packet, servo: Servo) -> Iterator[StatusPacket]:
    servo_id, has_alert = servo.servo_id, servo.has_alert
    answers = servo.answers(_LEVELS.get(packet.instruction, _ALL))
    error, data = _perform(packet, servo)
    to_me = packet.packet_id == servo_id
    to_all = packet.packet_id == BROADCAST_ID and packet.instruction == Instruction.PING
    if answers and (to_me or (to_all and packet.intact)):
        yield StatusPacket(_delay(servo), status(servo_id, error | (ALERT if has_alert else 0), data), servo_id)


def _perform(packet: Packet, servo: Servo) -> tuple[Error, bytes]:
    if not packet.intact:
        return Error.CRC, b""
    handler = _SINGLES.get(packet.instruction)
    if handler is None or not servo.knows(packet.instruction):
        return Error.INSTRUCTION, b""
    return handler(packet, servo)


def _ping(packet: Packet, servo: Servo) -> tuple[Error, bytes]:
    version = bytes([servo.registers.get(Role.FIRMWARE_VERSION)])
    return Error.NONE, servo.model.number.to_bytes(2, "little") + version


def _read(packet: Packet, servo: Servo) -> tuple[Error, bytes]:
    if len(packet.parameters) != 4:
        return Error.DATA_LENGTH, b""
    return servo.read(_word(packet.parameters, 0), _word(packet.parameters, 2))


def _write(packet: Packet, servo: Servo) -> tuple[Error, bytes]:
    return servo.write(_word(packet.parameters, 0), packet.parameters[2:]), b""


def _reg_write(packet: Packet, servo: Servo) -> tuple[Error, bytes]:
    return servo.reg_write(_word(packet.parameters, 0), packet.parameters[2:]), b""


def _action(packet: Packet, servo: Servo) -> tuple[Error, bytes]:
    return servo.action(), b""


def _factory_reset(packet: Packet, servo: Servo) -> tuple[Error, bytes]:
    option = packet.parameters[0] if len(packet.parameters) == 1 else -1
    if packet.packet_id == BROADCAST_ID and option == FactoryReset.ALL:
        return Error.INSTRUCTION, b""
    return servo.factory_reset(option), b""


def _reboot(packet: Packet, servo: Servo) -> tuple[Error, bytes]:
    servo.reboot()
    return Error.NONE, b""


def _clear(packet: Packet, servo: Servo) -> tuple[Error, bytes]:
    return servo.clear(packet.parameters), b""


def _sync_read(packet: Packet, servos: dict[int, Servo]) -> Iterator[StatusPacket]:
    yield from _read_each(_sync_items(packet), servos)


def _bulk_read(packet: Packet, servos: dict[int, Servo]) -> Iterator[StatusPacket]:
    yield from _read_each(_bulk_items(packet), servos)


def _read_each(items: Sequence[_Item], servos: dict[int, Servo]) -> Iterator[StatusPacket]:
    """Each servo waits for the one before it, so a silent one silences all behind it."""
    for item in items:
        servo = servos.get(item.servo_id)
        if servo is None or not servo.answers(_READ):
            return
        error, data = servo.read(item.address, item.length)
        yield StatusPacket(_delay(servo), status(item.servo_id, _flagged(error, servo), data), item.servo_id)


def _fast_sync_read(packet: Packet, servos: dict[int, Servo]) -> Iterator[StatusPacket]:
    yield from _fast_read(_sync_items(packet), servos)


def _fast_bulk_read(packet: Packet, servos: dict[int, Servo]) -> Iterator[StatusPacket]:
    yield from _fast_read(_bulk_items(packet), servos)


def _fast_read(items: Sequence[_Item], servos: dict[int, Servo]) -> Iterator[StatusPacket]:
    """One status packet that the servos write together, without stuffing.

    Protocol 2.0, "Fast Sync Read": error, id, data and CRC of each; each CRC covers all bytes before it.
    """
    length = 1 + sum(item.length + 4 for item in items)
    if length > _LONGEST:
        return
    start = HEADER + bytes([BROADCAST_ID]) + length.to_bytes(2, "little") + bytes([Instruction.STATUS])
    crc = 0
    for item in items:
        servo = servos.get(item.servo_id)
        if servo is None or not (servo.answers(_READ) and servo.knows(Instruction.FAST_SYNC_READ)):
            return
        error, data = servo.read(item.address, item.length)
        block = start + bytes([_flagged(error, servo), item.servo_id]) + data.ljust(item.length, b"\0")
        crc = crc16(block, crc)
        check = crc.to_bytes(2, "little")
        yield StatusPacket(_delay(servo), block + check, item.servo_id)
        crc, start = crc16(check, crc), b""


def _sync_write(packet: Packet, servos: dict[int, Servo]) -> Iterator[StatusPacket]:
    address, length = _word(packet.parameters, 0), _word(packet.parameters, 2)
    rest, hearers = packet.parameters[4:], _receivers(servos)
    for start in range(0, len(rest) - length, length + 1):
        _write_item(_Item(rest[start], address, length, rest[start + 1 : start + 1 + length]), hearers)
    yield from ()


def _bulk_write(packet: Packet, servos: dict[int, Servo]) -> Iterator[StatusPacket]:
    rest, hearers = packet.parameters, _receivers(servos)
    while len(rest) >= 5:
        end = 5 + _word(rest, 3)
        if end <= len(rest):
            _write_item(_Item(rest[0], _word(rest, 1), _word(rest, 3), rest[5:end]), hearers)
        rest = rest[end:]
    yield from ()


def _receivers(servos: dict[int, Servo]) -> dict[int, list[Servo]]:
    """Who obeys an id: its servo, and those that have it as their shadow."""
    hearers = {servo_id: [servo] for servo_id, servo in servos.items()}
    for servo_id, servo in servos.items():
        if (shadow := _shadow_id(servo)) != servo_id:
            hearers.setdefault(shadow, []).append(servo)
    return hearers


def _write_item(item: _Item, hearers: dict[int, list[Servo]]) -> None:
    for servo in hearers.get(item.servo_id, ()):
        servo.write(item.address, item.data)


def _sync_items(packet: Packet) -> list[_Item]:
    address, length = _word(packet.parameters, 0), _word(packet.parameters, 2)
    return [_Item(servo_id, address, length) for servo_id in packet.parameters[4:]]


def _bulk_items(packet: Packet) -> list[_Item]:
    rest = packet.parameters
    starts = range(0, len(rest) - 4, 5)
    return [_Item(rest[start], _word(rest, start + 1), _word(rest, start + 3)) for start in starts]


def _word(parameters: bytes, start: int) -> int:
    return int.from_bytes(parameters[start : start + 2], "little")


def _flagged(error: Error, servo: Servo) -> int:
    return error | (ALERT if servo.has_alert else 0)


def _delay(servo: Servo) -> float:
    return servo.registers.measure(Role.RETURN_DELAY)


_SINGLES: dict[int, Callable[[Packet, Servo], tuple[Error, bytes]]] = {
    Instruction.PING: _ping,
    Instruction.READ: _read,
    Instruction.WRITE: _write,
    Instruction.REG_WRITE: _reg_write,
    Instruction.ACTION: _action,
    Instruction.FACTORY_RESET: _factory_reset,
    Instruction.REBOOT: _reboot,
    Instruction.CLEAR: _clear,
}
_GROUPS: dict[int, Callable[[Packet, dict[int, Servo]], Iterator[StatusPacket]]] = {
    Instruction.SYNC_READ: _sync_read,
    Instruction.SYNC_WRITE: _sync_write,
    Instruction.FAST_SYNC_READ: _fast_sync_read,
    Instruction.BULK_READ: _bulk_read,
    Instruction.BULK_WRITE: _bulk_write,
    Instruction.FAST_BULK_READ: _fast_bulk_read,
}
