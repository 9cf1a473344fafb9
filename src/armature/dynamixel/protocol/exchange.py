"""Requests and their answers on one port: what is awaited is accepted, everything else is counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from armature.dynamixel.protocol.packet import (
    ALERT,
    BROADCAST_ID,
    STATUS_OVERHEAD,
    Instruction,
    Packet,
    StreamDecoder,
    encode,
    fast_status_head,
    fast_status_parts,
    fast_status_size,
)
from armature.dynamixel.protocol.port import Port
from armature.dynamixel.protocol.statistics import BusStatistics, Tally

PING_ANSWER = 3  # model number and firmware version (Protocol 2.0 manual, "Ping") [byte]
_LATEST = 1.0  # after which an answer does not come any more [s]
# 254 units of 2 µs (e-Manual, "Return Delay Time(9)"); a delay that was read of a servo replaces it.
_LONGEST_DELAY = 508e-6  # [s]

ErrorAndData = tuple[int, bytes]
"""Error field and data of one answer."""


class _LateRequest(NamedTuple):
    """A request that was given up, and whose answer may still come."""

    packet: bytes
    length: int  # of the answer's data [byte]
    until: float  # [s]


class Exchange:
    """Sends requests on an open port and takes their answers in.

    Answers carry no number, so one that comes after its request was given up could be taken for the answer to
    the next. Therefore id and length must fit, and for a second after a silence no request asks for a length that
    a late answer may have. An acknowledgement and an error number have no length to tell them apart:
    `may_answer_late` says whether one may still come.
    """

    def __init__(self, port: Port) -> None:
        self.retries = 0  # counted where a request is repeated
        self.timeouts = 0  # these counts are explained in BusStatistics
        self.stale = 0
        self.return_delays: dict[int, float] = {}  # of those servos of which it is known [s]
        self._damaged = 0
        self._foreign = 0
        self._port = port
        self._decoder = StreamDecoder()
        self._tallies: defaultdict[int, Tally] = defaultdict(Tally)
        self._given_up: dict[int, float] = {}  # until when an answer of this length may still come
        self._late_requests: dict[int, list[_LateRequest]] = {}  # by servo, of requests to it alone
        self._pinged: set[int] = set()
        self._ping_answers: dict[int, int] = {}

    @property
    def corrupt(self) -> int:
        """Packets with a wrong CRC, or broken off."""
        return self._damaged + self._decoder.cut

    def begin(self) -> None:
        """Forget all requests before."""
        self._decoder.clear()
        self._pinged.clear()
        self._late_requests.clear()
        self.return_delays.clear()

    def unambiguous_length(self, length: int) -> int:
        """How many bytes to ask for, so that no late answer to a request given up has the same length.

        The bytes behind a register are harmless to read, and are thrown away.
        """
        if self._given_up:
            now = self._port.now()
            while self._given_up.get(length, 0.0) > now:
                length += 1
            if max(self._given_up.values()) <= now:
                self._given_up.clear()
        return length

    def ask(self, packet: bytes, ids: Collection[int], length: int) -> dict[int, ErrorAndData]:
        """Send a request; each servo answers with a status packet of its own.

        Args:
            packet: the request.
            ids: servos that shall answer.
            length: of each one's data [byte].

        Returns:
            Answers of those that answered in time.

        Raises:
            PortError: the port is gone.
        """
        answers = self.send(packet, ids, length)()
        now = self._port.now()
        for servo_id in [servo_id for servo_id in ids if servo_id not in answers]:
            others = [
                owed
                for owed in self._late_requests.get(servo_id, ())
                if owed.until > now and owed.packet != packet
            ]
            self._late_requests[servo_id] = [*others, _LateRequest(packet, length, now + _LATEST)]
        return answers

    def may_answer_late(self, servo_id: int, packet: bytes, *, data: bool = True) -> bool:
        """Whether a servo's answer to another request, given up before, may still come.

        Args:
            servo_id: of the servo.
            packet: the present request; a late answer to the same one would be as true.
            data: whether one with data counts too, which no acknowledgement has.
        """
        owed, now = self._late_requests.get(servo_id, ()), self._port.now()
        return any(item.until > now and item.packet != packet and (data or not item.length) for item in owed)

    def clear_late(self, servo_id: int) -> None:
        """Forget late answers of a servo: they have come, or never will."""
        self._late_requests.pop(servo_id, None)

    def send(self, packet: bytes, ids: Collection[int], length: int) -> Callable[[], dict[int, ErrorAndData]]:
        """The first half of ask(); returns what awaits the answers, to be called before the next request."""
        self._send(packet, ids, len(ids) * (STATUS_OVERHEAD + length))
        return lambda: self._collect(ids, length)

    def send_fast(self, packet: bytes, ids: Sequence[int], length: int) -> Callable[[], dict[int, ErrorAndData]]:
        """As send(), of a Fast Sync Read: the servos answer in one status packet."""
        self._send(packet, ids, fast_status_size(len(ids), length))
        return lambda: self._collect_together(ids, length)

    def send_ping(self, servo_id: int) -> None:
        """Ping a servo without waiting for its answer.

        Raises:
            PortError: the port is gone.
        """
        self._port.write(encode(servo_id, Instruction.PING))
        self._expect_late(PING_ANSWER)
        self.return_delays.pop(servo_id, None)  # perhaps it comes back as another servo
        self._pinged.add(servo_id)

    def collect_ping_answers(self) -> dict[int, int]:
        """Model numbers of the servos that have answered a ping since the last time; this does not wait.

        Raises:
            PortError: the port is gone.
        """
        if self._pinged:
            self._take_late()
        answered, self._ping_answers = self._ping_answers, {}
        return answered

    def refuse(self, servo_id: int) -> None:
        """Count an answer that was an error number."""
        self._tallies[servo_id].refused += 1

    def statistics(self) -> BusStatistics:
        """The counts as they are now."""
        return BusStatistics(
            servos={servo_id: tally.snapshot() for servo_id, tally in sorted(self._tallies.items())},
            retries=self.retries,
            timeouts=self.timeouts,
            corrupt=self.corrupt,
            stale=self.stale,
            foreign=self._foreign,
            noise=self._decoder.noise,
        )

    def _send(self, packet: bytes, ids: Collection[int], size: int) -> None:
        if self._given_up:
            self._take_late()
        self._port.write(packet)
        delay = 0.0
        for servo_id in ids:
            delay += self.return_delays.get(servo_id, _LONGEST_DELAY)
            self._tallies[servo_id].asked += 1
        self._port.set_deadline(size, delay)

    def _collect(self, ids: Collection[int], length: int) -> dict[int, ErrorAndData]:
        answers: dict[int, ErrorAndData] = {}
        enough = len(ids) * (STATUS_OVERHEAD + length)
        awaited = set(ids)
        damaged: list[int] = []
        cut = self._decoder.cut
        while len(answers) + len(damaged) + self._decoder.cut - cut < len(awaited):
            data = self._port.read(enough)
            if not data and self._port.is_timed_out():
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
            self._expect_late(length)
            absent = [servo_id for servo_id in ids if servo_id not in answers]
            self._note_absent(absent, damaged, self._decoder.cut - cut)
        return answers

    def _collect_together(self, ids: Sequence[int], length: int) -> dict[int, ErrorAndData]:
        head, size = fast_status_head(len(ids), length), fast_status_size(len(ids), length)
        received, begin = b"", -1
        while begin < 0 or len(received) < begin + size:
            data = self._port.read(max(1, size + max(begin, 0) - len(received)))
            if not data and self._port.is_timed_out():
                break
            received += data
            begin = received.find(head)
        end = begin + size if begin >= 0 else 0
        answers = fast_status_parts(received[begin:end], ids, length) if begin >= 0 else {}
        if begin or len(received) > end:
            self._take_strays(received[: max(begin, 0)] + received[end:])
            self._decoder.clear()
        if len(answers) < len(ids):
            absent = [servo_id for servo_id in ids if servo_id not in answers]
            self._note_missing_parts(absent, length, is_whole=0 < end <= len(received))
        return answers

    def _note_missing_parts(self, absent: Sequence[int], length: int, *, is_whole: bool) -> None:
        """Servos are absent from a packet that is whole, and so damaged, or else broke off."""
        self._expect_late(length)
        if is_whole:
            self._damaged += 1
        else:
            self.timeouts += 1
        self._note_absent(absent, absent if is_whole else (), 0)

    def _take_late(self) -> None:
        if data := self._port.read_pending():
            self._take_strays(data)

    def _take_strays(self, data: bytes) -> None:
        for packet in self._decoder.feed(data):
            self._note_stray(packet)

    def _note_stray(self, packet: Packet) -> None:
        """Count a packet that answers no present request; only the answer to a ping is taken."""
        servo_id = packet.packet_id
        if not packet.intact:
            self._damaged += 1
        elif packet.instruction != Instruction.STATUS:
            self._foreign += 1
        elif servo_id in self._pinged and _fits(packet, PING_ANSWER):
            self._pinged.remove(servo_id)
            if len(packet.parameters) > PING_ANSWER:  # else it is an error number
                self._ping_answers[servo_id] = packet.parameters[1] | packet.parameters[2] << 8
        elif servo_id in self._tallies:
            self.stale += 1
            self._tallies[servo_id].stale += 1
        elif servo_id == BROADCAST_ID:
            self.stale += 1
        else:
            self._foreign += 1

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

    def _expect_late(self, length: int) -> None:
        """Note that an answer of this length may still come, late."""
        self._given_up[length] = self._port.now() + _LATEST


def _fits(packet: Packet, length: int) -> bool:
    """Whether a status packet has so much data, or an error number in place of it."""
    data = len(packet.parameters) - 1
    if packet.instruction != Instruction.STATUS:
        return False
    return data == length or (data == 0 and bool(packet.parameters[0] & ~ALERT))
