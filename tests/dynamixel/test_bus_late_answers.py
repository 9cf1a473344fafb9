"""A late answer to a request that was given up is never believed, whatever kind is asked next."""

from __future__ import annotations

import itertools

import pytest

from armature.dynamixel.bus import ServoBus
from armature.errors import ServoTimeout

from .scripted import ScriptedPort, status

READS = ((126, 10), (64, 7), (144, 3), (116, 4))  # state, status, environment, goal: address and length
PAIRS = tuple(itertools.product(READS, repeat=2))


@pytest.mark.parametrize(("given_up", "asked_next"), PAIRS)
@pytest.mark.parametrize("silences", [1, 2, 3])
def test_no_length_of_a_request_given_up_is_asked_again(given_up, asked_next, silences):
    port = ScriptedPort(latency=0.002)
    bus = ServoBus(port)
    bus.open()
    late = []
    for _ in range(silences):
        with pytest.raises(ServoTimeout):
            bus.read_block(1, *given_up)
        late.append(status(1, bytes([0xEE]) * asked(port.requests[-1])))
    port.answers.append(lambda request: b"".join(late) + status(1, bytes([0x11]) * asked(request)))
    assert bus.read_block(1, *asked_next) == bytes([0x11]) * asked_next[1]
    assert bus.stale == silences
    bus.close()
    port.hang_up()


def asked(request: bytes) -> int:
    """Number of bytes that a read request asks for."""
    return int.from_bytes(request[10:12], "little")
