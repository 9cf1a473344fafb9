"""A late answer to a request that was given up is never believed, whatever kind is asked next."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.catalogue import Late
from armature.errors import ServoRefused, ServoTimeout

from ..scripted import ScriptedPort, status
from ..virtual import Bench

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


# Acknowledgements have no data by which they could be told apart

REGISTERS = servo_model("XM430-W350").roles
RESULT_FAIL, ACCESS = 0x01, 0x07  # Protocol 2.0 manual, "Error"
Ask = Callable[[ServoBus], object]
WRITES: dict[str, Ask] = {
    "watchdog": lambda bus: bus.write(1, REGISTERS[Role.BUS_WATCHDOG], 10),
    "torque": lambda bus: bus.write(1, REGISTERS[Role.TORQUE_ENABLE], 1),
    "goal": lambda bus: bus.write(1, REGISTERS[Role.GOAL_POSITION], 2048),
    "gain": lambda bus: bus.write(1, REGISTERS[Role.POSITION_P_GAIN], 900),
    "reboot": lambda bus: bus.reboot(1),
}
ASKS: dict[str, Ask] = {**WRITES, "read": lambda bus: bus.read_block(1, 64, 7)}


class Far:
    """A servo on a scripted port: it acknowledges what the test lets it hear."""

    def __init__(self, port: ScriptedPort) -> None:
        self.late = b""  # what arrives before its next answer
        self.loses: tuple[int, ...] = ()  # instructions that it does not hear
        self.taken: list[bytes] = []
        self._port = port
        port.answers.extend([self._answer] * 20)

    def _answer(self, request: bytes) -> bytes:
        late, self.late = self.late, b""
        if request[7] in self.loses:
            return late
        self.taken.append(request)
        return late + (status(1, bytes(asked(request))) if request[7] == 0x02 else status(1))


@pytest.fixture
def line():
    port = ScriptedPort(latency=0.01)
    bus = ServoBus(port)
    bus.open()
    yield bus, port
    bus.close()
    port.hang_up()


def given_up(bus: ServoBus, request: Ask) -> None:
    with pytest.raises(ServoTimeout):
        request(bus)


@pytest.mark.parametrize(("first", "lost"), tuple(itertools.permutations(WRITES, 2)))
def test_a_late_acknowledgement_does_not_confirm_a_write_that_was_lost(line, first, lost):
    bus, port = line
    given_up(bus, WRITES[first])
    far = Far(port)
    far.late, far.loses = status(1), (0x03, 0x08)
    given_up(bus, WRITES[lost])
    assert [request for request in far.taken if request[7] != 0x02] == []


@pytest.mark.parametrize(("first", "following"), tuple(itertools.permutations(ASKS, 2)))
def test_a_late_refusal_is_not_taken_for_the_next_one(line, first, following):
    bus, port = line
    given_up(bus, ASKS[first])
    far = Far(port)
    far.late = status(1, error=ACCESS)
    try:
        ASKS[following](bus)
    except ServoTimeout:
        ASKS[following](bus)  # asked again, as by everybody who asks


@pytest.mark.parametrize("following", list(ASKS))
def test_a_refusal_is_told_after_a_silence_too(line, following):
    bus, port = line
    given_up(bus, WRITES["torque"])
    port.answers.extend([status(1, error=RESULT_FAIL)] * 5)
    if following != "torque":
        given_up(bus, ASKS[following])
    with pytest.raises(ServoRefused):
        ASKS[following](bus)


def test_a_write_after_a_silence_is_confirmed_by_what_the_register_holds(line):
    bus, port = line
    given_up(bus, WRITES["torque"])
    port.answers.extend(
        [status(1) + status(1), lambda request: status(1, bytes([10] + [0] * (asked(request) - 1)))]
    )
    WRITES["watchdog"](bus)
    assert [request[7] for request in port.requests] == [0x03, 0x03, 0x02]


def test_a_write_without_a_silence_before_it_costs_no_read(line):
    bus, port = line
    port.answers.extend([status(1)] * 2)
    WRITES["torque"](bus)
    WRITES["watchdog"](bus)
    assert [request[7] for request in port.requests] == [0x03, 0x03]


@pytest.mark.parametrize("request_name", list(WRITES))
def test_the_same_request_again_is_confirmed_by_either_answer(line, request_name):
    bus, port = line
    given_up(bus, WRITES[request_name])
    port.answers.append(status(1))
    WRITES[request_name](bus)
    assert len(port.requests) == 2


def test_a_silence_of_one_servo_casts_no_doubt_on_another(line):
    bus, port = line
    given_up(bus, WRITES["torque"])
    port.answers.append(status(2))
    bus.write(2, REGISTERS[Role.TORQUE_ENABLE], 1)
    assert len(port.requests) == 2


@pytest.mark.parametrize("seed", range(5))
def test_an_arm_whose_acknowledgements_come_late_has_what_it_is_told_to_have(seed):
    bench = Bench("home").start().run(0.1)
    bench.faults.inject(Late(probability=0.2, seed=seed))
    for _ in range(20):
        try:
            bench.loop.enable("s1", bench.now)
            break
        except (ServoTimeout, ServoRefused):
            bench.run(0.2)
    watchdogs = {joint: axis.watchdog for joint, axis in bench.loop.state.axes.items()}
    held = {joint: bench.servo(joint).registers[Role.BUS_WATCHDOG] for joint in watchdogs}
    assert held == dict.fromkeys(held, 10)
    assert all(bench.servo(joint).registers[Role.TORQUE_ENABLE] for joint in held)
