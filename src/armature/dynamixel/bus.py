"""The servo bus: registers of servos, over packets on a port."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from armature.dynamixel.control_table import Register
from armature.dynamixel.packet import (
    ALERT,
    BROADCAST_ID,
    STATUS_OVERHEAD,
    Error,
    Instruction,
    Packet,
    StreamDecoder,
    encode,
    fast_status_head,
    fast_status_parts,
    fast_status_size,
)
from armature.dynamixel.port import ServoPort
from armature.dynamixel.statistics import BusStatistics, Tally
from armature.errors import CorruptPacket, PortError, ServoRefused, ServoTimeout

_LATEST = 1.0  # after which an answer does not come any more [s]
_PING_ANSWER = 3  # model number and firmware version (Protocol 2.0 manual, "Ping") [byte]
# Return Delay Time is at most 254 units (e-Manual, "Return Delay Time(9)").
_DELAY_UNIT, _LONGEST_DELAY = 2e-6, 508e-6  # [s]


@dataclass(frozen=True)
class Answer:
    """What one servo said in a group read."""

    data: bytes
    alert: bool


class ServoBus:
    """Servos on one serial port.

    Not thread-safe: one loop owns it. Answers carry no number, so one that comes after its request was given up
    could be believed as the answer to the next. Therefore id and length must fit, and for a second after a silence
    no request asks for a length that a late answer may have.
    """

    def __init__(self, port: ServoPort) -> None:
        """Args: the port, which is not opened yet."""
        self.timeouts = 0  # these counts are explained in BusStatistics
        self.stale = 0
        self._damaged = 0
        self._foreign = 0
        self._retries = 0
        self._port = port
        self._decoder = StreamDecoder()
        self._tallies: dict[int, Tally] = {}
        self._return_delays: dict[int, float] = {}  # by id [s]
        self._given_up: dict[int, float] = {}  # until when an answer of this length may still come
        self._called: set[int] = set()
        self._heard: set[int] = set()
        self._failed = (-1, "")  # the request that failed last

    @property
    def path(self) -> str:
        """The serial device."""
        return self._port.path

    @property
    def corrupt(self) -> int:
        """Packets with a wrong CRC, or broken off."""
        return self._damaged + self._decoder.cut

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return self._port.is_open

    def open(self) -> None:
        """Open the port.

        Raises:
            PortError: see ServoPort.open.
        """
        self._decoder.clear()
        self._called.clear()
        self._return_delays.clear()
        self._port.open()

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def statistics(self) -> BusStatistics:
        """How the servos have answered so far."""
        return BusStatistics(
            servos={servo_id: tally.snapshot() for servo_id, tally in sorted(self._tallies.items())},
            retries=self._retries,
            timeouts=self.timeouts,
            corrupt=self.corrupt,
            stale=self.stale,
            foreign=self._foreign,
            noise=self._decoder.noise,
        )

    # One servo

    def ping(self, servo_id: int) -> int:
        """Model number of a servo.

        Raises:
            ServoTimeout, CorruptPacket, PortError.
        """
        data = self._ask(servo_id, Instruction.PING, b"", _PING_ANSWER, "ping")
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
        self._usable().write(encode(servo_id, Instruction.PING))
        self._may_come(_PING_ANSWER)
        self._called.add(servo_id)

    def heard(self) -> set[int]:
        """Servos that have answered a call since the last time; this does not wait.

        Raises:
            PortError: the port is gone.
        """
        self._take_late(self._usable())
        heard, self._heard = self._heard, set()
        return heard

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
        asked = self._distinct(length)
        request = f"read of {length} bytes at {address}"
        return self._ask(servo_id, Instruction.READ, _place(address, asked), asked, request)[:length]

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
        asked = self._distinct(length)
        size = fast_status_size(len(ids), asked) if fast else len(ids) * (STATUS_OVERHEAD + asked)
        instruction = Instruction.FAST_SYNC_READ if fast else Instruction.SYNC_READ
        self._send(encode(BROADCAST_ID, instruction, _place(address, asked) + bytes(ids)), ids, size)
        parts = self._collect_together(ids, asked) if fast else self._collect(ids, asked)
        answers = {}
        for servo_id, (error, data) in parts.items():
            if error & ~ALERT:
                self._tallies[servo_id].refused += 1
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
        items = [bytes((servo_id,)) + register.encode(value) for servo_id, value in values.items()]
        parameters = _place(register.address, register.size) + b"".join(items)
        self._usable().write(encode(BROADCAST_ID, Instruction.SYNC_WRITE, parameters))

    # Requests and answers

    def _ask(self, servo_id: int, instruction: int, parameters: bytes, length: int, request: str) -> bytes:
        """Data of the one answer to a request to one servo."""
        if self._failed == (servo_id, request):
            self._retries += 1
        self._failed = servo_id, request
        corrupt = self.corrupt
        self._send(encode(servo_id, instruction, parameters), (servo_id,), STATUS_OVERHEAD + length)
        answer = self._collect((servo_id,), length).get(servo_id)
        if answer is None:
            raise CorruptPacket(request) if self.corrupt > corrupt else ServoTimeout((servo_id,), request)
        error, data = answer
        if error & ~ALERT:
            self._tallies[servo_id].refused += 1
            raise ServoRefused(servo_id, request, _reason(error & ~ALERT))
        self._failed = -1, ""
        return data

    def _send(self, packet: bytes, ids: Collection[int], size: int) -> None:
        """Send a request whose answers have so many bytes together."""
        port = self._usable()
        self._take_late(port)
        port.write(packet)
        delays = self._return_delays
        port.expect(size, sum([delays.get(servo_id, _LONGEST_DELAY) for servo_id in ids]))
        for servo_id in ids:
            tally = self._tallies.get(servo_id)
            if tally is None:
                tally = self._tallies[servo_id] = Tally()
            tally.asked += 1

    def _collect(self, ids: Collection[int], length: int) -> dict[int, tuple[int, bytes]]:
        """Error and data of these servos' status packets, until all came or the time is over.

        A packet of another length or id answers an earlier request that was given up; it is never believed.
        """
        answers: dict[int, tuple[int, bytes]] = {}
        enough = len(ids) * (STATUS_OVERHEAD + length)
        awaited = set(ids)
        damaged: list[int] = []
        cut = self._decoder.cut
        while len(answers) + len(damaged) + self._decoder.cut - cut < len(awaited):
            data = self._port.read(enough)
            if not data and self._port.is_over():
                self.timeouts += 1
                break
            enough = max(1, enough - len(data))
            for packet in self._decoder.feed(data):
                servo_id = packet.packet_id
                if not packet.intact:
                    damaged.append(servo_id)
                elif servo_id in awaited and servo_id not in answers and _fits(packet, length):
                    answers[servo_id] = packet.parameters[0], packet.parameters[1:]
                else:
                    self._note_stray(packet)
        self._decoder.clear()
        self._damaged += len(damaged)
        if len(answers) < len(ids):
            self._may_come(length)
            absent = [servo_id for servo_id in ids if servo_id not in answers]
            self._note_absent(absent, damaged, self._decoder.cut - cut)
        return answers

    def _collect_together(self, ids: Sequence[int], length: int) -> dict[int, tuple[int, bytes]]:
        """Error and data of these servos in the one status packet that they write together."""
        head, size = fast_status_head(len(ids), length), fast_status_size(len(ids), length)
        received, begin = b"", -1
        while begin < 0 or len(received) < begin + size:
            data = self._port.read(size + max(begin, 0) - len(received))
            if not data and self._port.is_over():
                break
            received += data
            begin = received.find(head)
        end = begin + size if begin >= 0 else 0
        answers = fast_status_parts(received[begin:end], ids, length) if begin >= 0 else {}
        if begin or len(received) > end:
            self._take_strays(received[: max(begin, 0)] + received[end:])
        if len(answers) < len(ids):
            self._lose_parts(ids, answers, length, is_whole=0 < end <= len(received))
        return answers

    def _lose_parts(self, ids: Sequence[int], answers: Collection[int], length: int, *, is_whole: bool) -> None:
        """Some servos are absent from a packet that is whole, and so damaged, or else broke off."""
        self._may_come(length)
        self.timeouts += not is_whole
        self._damaged += is_whole
        for servo_id in ids:
            if servo_id not in answers:
                self._tallies[servo_id].corrupt += is_whole
                self._tallies[servo_id].timeouts += not is_whole

    def _take_late(self, port: ServoPort) -> None:
        if data := port.pending():
            for packet in self._decoder.feed(data):
                self._note_stray(packet)

    def _take_strays(self, data: bytes) -> None:
        for packet in self._decoder.feed(data):
            self._note_stray(packet)
        self._decoder.clear()

    # Counting

    def _note_absent(self, absent: Sequence[int], damaged: Collection[int], cut: int) -> None:
        """A damaged answer may still name its servo; of one that broke off, the first absent is the likeliest."""
        for servo_id in absent:
            tally = self._tallies[servo_id]
            if servo_id in damaged:
                tally.corrupt += 1
            elif cut:
                tally.corrupt += 1
                cut -= 1
            else:
                tally.timeouts += 1

    def _note_stray(self, packet: Packet) -> None:
        """A packet that answers no present request: never believed, but a called servo has been heard."""
        servo_id = packet.packet_id
        if not packet.intact:
            self._damaged += 1
        elif packet.instruction != Instruction.STATUS or servo_id not in self._tallies:
            self._foreign += 1
        elif servo_id in self._called and _fits(packet, _PING_ANSWER):
            self._called.remove(servo_id)
            self._heard.add(servo_id)
        else:
            self.stale += 1
            self._tallies[servo_id].stale += 1

    def _note(self, servo_id: int, register: Register, value: int) -> None:
        """How long a servo takes to answer is known once its Return Delay Time was read or written."""
        if register.name == "Return Delay Time":
            self._return_delays[servo_id] = value * _DELAY_UNIT

    def _may_come(self, length: int) -> None:
        """An answer of this length may still come, late."""
        self._given_up[length] = self._port.now() + _LATEST

    def _distinct(self, length: int) -> int:
        """How many bytes to ask for, so that no late answer to a request given up has the same length.

        The bytes behind a register are harmless to read, and are thrown away.
        """
        if self._given_up:
            now = self._port.now()
            while self._given_up.get(length, 0.0) > now:
                length += 1
        return length

    def _usable(self) -> ServoPort:
        if not self._port.is_open:
            raise PortError(self.path, "the port is closed", "open it first")
        return self._port


def _place(address: int, length: int) -> bytes:
    return bytes((address & 0xFF, address >> 8, length & 0xFF, length >> 8))


def _fits(packet: Packet, length: int) -> bool:
    """Whether a status packet has so much data, or an error number in place of it."""
    data = len(packet.parameters) - 1
    if packet.instruction != Instruction.STATUS:
        return False
    return data == length or (data == 0 and bool(packet.parameters[0] & ~ALERT))


def _reason(number: int) -> str:
    """An error number in the manual's words."""
    if number not in tuple(Error):
        return f"error number {number}"
    words = Error(number).name.lower().replace("_", " ")
    return words if number == Error.RESULT_FAIL else f"{words.replace('crc', 'CRC')} error"
