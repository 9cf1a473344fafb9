"""What a wire does to packets: seeded, and of the kinds that the CRC of the protocol is sure to find."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from armature.bench.simulation.virtual_port import VirtualPort
from armature.dynamixel.protocol.packet import HEADER
from armature.emulator.bus.bus import EmulatedBus

# A CRC finds every burst of errors up to its own length (Peterson and Brown, 1961). This one is sent low byte
# first, which tears a burst over its beginning apart by eight bits; so of 16 bits it is sure of eight.
_BURST = 8
_STALL = 0.03  # the longest that an adapter holds bytes back [s]


def damaged(data: bytes, chance: Random) -> bytes:
    """A packet with a burst of wrong bits, or cut short."""
    if chance.random() < 0.2:
        # So much is lost that the header of the next packet cannot stand in for it.
        return data[: chance.randrange(max(1, len(data) - len(HEADER)))]
    burst = chance.randrange(1, 1 << _BURST)
    place = chance.randrange(8 * len(data))
    flips = (burst << place & (1 << 8 * len(data)) - 1) or 1
    return (int.from_bytes(data, "big") ^ flips).to_bytes(len(data), "big")


class NoisyPort(VirtualPort):
    """A virtual port that loses, damages and delays packets on their way, in both directions."""

    def __init__(self, far: EmulatedBus, chance: Random, share: float) -> None:
        super().__init__(far)
        self._chance = chance
        self._share = share
        self._last_due = 0.0

    def _put(self, packet: bytes) -> None:
        for request in self._carried(packet):
            for answer in self.far.transmit(request, self.time):
                for data in self._carried(answer.data):
                    # An adapter that stalls holds back what is behind, too: bytes never overtake each other.
                    stall = self._chance.uniform(0.0, _STALL) if self._chance.random() < 0.1 * self._share else 0.0
                    self._last_due = max(self._last_due, answer.due + stall)
                    self._arriving.append((self._last_due, data))

    def _carried(self, data: bytes) -> Iterator[bytes]:
        fate = self._chance.random()
        if fate < self._share:
            yield damaged(data, self._chance)
        elif fate > 2.0 * self._share:
            yield data
