"""What arrives of requests and answers when the wire is at fault."""

from __future__ import annotations

import pytest

from armature.dynamixel.protocol.packet import BROADCAST_ID, Error, Instruction, StreamDecoder, encode
from armature.emulator.faults.catalogue import (
    Corrupt,
    CorruptRequests,
    Delay,
    Drop,
    DuplicateId,
    Ignore,
    Late,
    Noise,
    SlowBus,
    Stale,
    Unplug,
)

from ..bench import place

PING = encode(1, Instruction.PING)
POSITIONS = encode(BROADCAST_ID, Instruction.SYNC_READ, place(132) + place(4) + bytes([1, 2, 3]))


def answering(host, request=POSITIONS):
    """Ids of the intact answers."""
    packets = StreamDecoder().feed(host.send(request))
    return [packet.packet_id for packet in packets if packet.intact]


def test_a_dropped_answer_does_not_silence_those_behind(host):
    host.faults.inject(Drop("joint2"))
    assert answering(host) == [1, 3]


def test_an_ignored_request_silences_those_behind(host):
    """Protocol 2.0, "Sync Read": each servo answers after the one before it in the list."""
    host.faults.inject(Ignore("joint2"))
    assert answering(host) == [1]


def test_an_ignored_write_is_not_carried_out(host):
    host.faults.inject(Ignore("joint1", count=1))
    assert host.ask(Instruction.WRITE, place(65) + b"\x01") == []
    assert host.servo.registers["LED"] == 0
    host.set(LED=1)


def test_requests_to_others_are_not_counted(host):
    host.faults.inject(Ignore("joint1", count=1))
    for _ in range(5):
        assert len(host.ask(Instruction.PING, servo_id=2)) == 1
    assert host.ask(Instruction.PING) == []
    assert len(host.ask(Instruction.PING)) == 1


@pytest.mark.parametrize("kind", [Drop, Corrupt, Ignore, Noise])
def test_the_same_seed_strikes_the_same_packets(host, kind):
    def run(seed):
        host.faults.inject(kind(probability=0.3, seed=seed))
        seen = [host.send(PING) for _ in range(60)]
        host.faults.clear()
        return seen

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_chance_strikes_its_share(host):
    host.faults.inject(Drop(probability=0.1, seed=3))
    lost = sum(not host.send(PING) for _ in range(2_000))
    assert lost == pytest.approx(200, abs=60)  # more than four standard deviations


def test_a_count_ends_by_itself(host):
    host.faults.inject(Drop("joint1", count=2))
    assert [len(answering(host, PING)) for _ in range(4)] == [0, 0, 1, 1]


def test_a_corrupt_answer_has_the_length_and_another_content(host):
    sound = host.send(PING)
    host.faults.inject(Corrupt("joint1", bits=3))
    spoiled = host.send(PING)
    differing = int.from_bytes(sound, "big") ^ int.from_bytes(spoiled, "big")
    assert len(spoiled) == len(sound)
    assert differing.bit_count() == 3


def test_a_corrupt_request_is_not_carried_out(host):
    """Protocol 2.0, "Error": 3, where the id survived."""
    host.faults.inject(CorruptRequests(seed=5))
    register = encode(1, Instruction.WRITE, place(65) + b"\x01")
    answers = b"".join(host.send(register) for _ in range(50))
    errors = {packet.parameters[0] for packet in StreamDecoder().feed(answers)}
    assert errors == {Error.CRC}
    assert host.servo.registers["LED"] == 0
    host.faults.clear()
    host.wait(0.1)
    host.set(LED=1)


def test_a_delay_comes_on_top_of_the_wire(host):
    [prompt] = host.bus.transmit(PING, 1.0)
    host.faults.inject(Delay("joint1", seconds=0.02))
    [late] = host.bus.transmit(PING, 2.0)
    assert late.due - 2.0 == pytest.approx(prompt.due - 1.0 + 0.02)


def test_a_late_answer_arrives_before_the_next(host):
    host.faults.inject(Late("joint1", count=1))
    assert answering(host, PING) == []
    assert answering(host, POSITIONS) == [1, 1, 2, 3]


def test_a_stale_answer_is_valid_and_old(host):
    host.faults.inject(Stale("joint1"))
    before = host.read("LED")
    host.set(LED=1)
    assert (host.read("LED"), before) == (0, 0)
    host.faults.clear()
    assert host.read("LED") == 1


def test_noise_stands_before_the_answer(host):
    sound = host.send(PING)
    host.faults.inject(Noise("joint1", length=5))
    noisy = host.send(PING)
    assert noisy[5:] == sound


def test_twins_spoil_each_others_answers(host):
    host.faults.inject(DuplicateId("joint2"))
    assert answering(host) == [1, 3]


def test_twins_that_say_the_same_are_not_noticed(host):
    """A ping has equal answers, which is why a scan alone does not find duplicates."""
    host.faults.inject(DuplicateId("joint2"))
    assert answering(host, encode(2, Instruction.PING)) == [2]


def test_twins_obey_together(host):
    host.faults.inject(DuplicateId("joint1"))
    host.set(LED=1)
    assert host.read("LED") == 1


def test_a_slow_adapter_adds_its_latency(host):
    [prompt] = host.bus.transmit(PING, 1.0)
    host.faults.inject(SlowBus(latency=0.016))
    [late] = host.bus.transmit(PING, 2.0)
    assert late.due - 2.0 == pytest.approx(prompt.due - 1.0 + 0.016)
    host.faults.clear()
    assert host.bus.wire.usb_latency == 0.0


def test_nobody_answers_through_a_pulled_plug(host):
    host.faults.inject(Unplug())
    assert host.send(PING) == b""
    host.faults.clear()
    assert host.send(PING) != b""
