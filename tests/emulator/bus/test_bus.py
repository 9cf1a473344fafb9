from __future__ import annotations

import pytest

from armature.core.model.urdf import read_urdf
from armature.dynamixel.protocol.packet import BROADCAST_ID, Instruction, encode
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.tables.x_series.facts import BAUD_RATES
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.faults.catalogue import Drop
from armature.emulator.physics.mujoco_plant import MujocoPlant
from armature.errors import ConfigError

from ..bench import Host, place, urdf, wiring

BYTE = 10 / 1_000_000  # [s] at 1 Mbit/s
DEFAULT_DELAY = 250 * 2e-6  # section "Return Delay Time(9)"


def test_an_answer_takes_the_time_of_request_delay_and_answer(host):
    [answer] = host.bus.transmit(encode(1, Instruction.PING), 0.0)
    assert answer.due == pytest.approx(10 * BYTE + DEFAULT_DELAY + 14 * BYTE)


def test_the_return_delay_time_is_obeyed(host):
    host.set(return_delay=0)
    [answer] = host.bus.transmit(encode(1, Instruction.PING), 1.0)
    assert answer.due == pytest.approx(1.0 + 24 * BYTE)


def test_answers_of_a_group_follow_one_another(host):
    request = encode(BROADCAST_ID, Instruction.SYNC_READ, place(132) + place(4) + bytes([1, 2, 3]))
    answers = host.bus.transmit(request, 0.0)
    dues = [answer.due for answer in answers]
    each = DEFAULT_DELAY + 15 * BYTE
    assert dues == pytest.approx([len(request) * BYTE + n * each for n in (1, 2, 3)])


def test_a_request_that_comes_too_early_waits_for_the_wire(host):
    [first] = host.bus.transmit(encode(1, Instruction.PING), 0.0)
    [second] = host.bus.transmit(encode(2, Instruction.PING), 0.0)
    assert second.due == pytest.approx(2 * first.due)


def test_a_slower_wire_takes_longer(host):
    for servo_id in (1, 2, 3):
        host.write(Role.BAUD_RATE, 1, servo_id)
    host.bus.wire.baud_rate = 57_600
    *_, last = host.bus.transmit(encode(1, Instruction.PING), 5.0)
    assert last.due - 5.0 == pytest.approx(24 * 10 / 57_600 + DEFAULT_DELAY)


@pytest.mark.parametrize(("index", "baud_rate"), list(enumerate(BAUD_RATES)))
def test_the_wire_is_as_fast_as_its_baud_rate(host, index, baud_rate):
    """Section "Baud Rate(8)"."""
    for servo in host.bus.servos:
        servo.registers[Role.BAUD_RATE] = index
    host.servo.registers[Role.RETURN_DELAY] = 0
    host.bus.wire.baud_rate = baud_rate
    *_, last = host.bus.transmit(encode(1, Instruction.PING), 5.0)
    assert last.due - 5.0 == pytest.approx(24 * 10 / baud_rate)


def test_a_long_answer_arrives_in_pieces_of_a_millisecond(host):
    for servo_id in (1, 2, 3):
        host.write(Role.BAUD_RATE, 1, servo_id)
    host.bus.wire.baud_rate = 57_600
    pieces = host.bus.transmit(encode(1, Instruction.PING), 5.0)
    byte = 10 / 57_600
    assert [len(piece.data) for piece in pieces] == [5, 5, 4]
    assert pieces[1].due - pieces[0].due == pytest.approx(5 * byte)
    assert pieces[2].due - pieces[1].due == pytest.approx(4 * byte)


def test_a_slow_adapter_adds_its_latency(host):
    host.bus.wire.usb_latency = 0.016
    [answer] = host.bus.transmit(encode(1, Instruction.PING), 0.0)
    assert answer.due == pytest.approx(24 * BYTE + DEFAULT_DELAY + 0.016)


def test_a_request_may_come_in_pieces(host):
    packet = encode(1, Instruction.PING)
    assert host.bus.transmit(packet[:4], 0.0) == []
    assert len(host.bus.transmit(packet[4:], 0.001)) == 1


def test_the_arm_moves_while_time_passes_and_not_otherwise(host):
    host.set(torque_enable=1, goal_position=3_000)
    before = host.position
    host.bus.advance(host.now)
    assert host.position == before
    host.bus.advance(host.now + 0.1)
    assert host.position > before


def test_after_a_long_pause_it_goes_on_instead_of_catching_up(host):
    host.bus.advance(1_000.0)
    assert host.read(Role.REALTIME_TICK) == pytest.approx(100, abs=10)


def test_an_unknown_baud_rate_is_refused():
    arm = read_urdf(urdf(1))
    entry = Wiring.from_yaml(wiring(("XM430-W350",)), arm)
    with pytest.raises(ConfigError, match=r"12345.*servos have 9600"):
        EmulatedBus.of_arm(read_urdf(urdf(1)), Wiring({"": 12_345}, entry.servos), {"joint1": 0.0})


def test_a_moving_link_without_inertia_has_no_mass_and_is_served():
    text = '<robot name="r"><link name="a"/><link name="b"/><joint name="j" type="continuous">'
    text += '<parent link="a"/><child link="b"/><limit velocity="1" effort="1"/></joint></robot>'
    plant = MujocoPlant(read_urdf(text), {"j": 0.01}, {"j": 0.0})
    plant.step(0.001, [0.1])
    assert plant.velocities[0] == pytest.approx(0.1 / 0.01 * 0.001, rel=1e-3)


class TestTimeOfThePlant:
    """A servo's own time is that of what it turns: slow simulations, and those that pause."""

    @pytest.fixture
    def slow(self):
        """A bench whose plant runs at half the computer's speed, and can be paused."""
        host = Host("XM430-W350")
        host.pace = 0.5
        host.bus.plant.time = lambda now: now * host.pace
        return host

    def test_the_servos_clock_is_slow(self, slow):
        slow.wait(1.0)
        assert slow.read(Role.REALTIME_TICK) == pytest.approx(500, abs=11)

    def test_a_reboot_takes_longer(self, slow):
        slow.one(Instruction.REBOOT)
        slow.wait(0.7)
        assert slow.ask(Instruction.PING) == []
        slow.wait(0.2)
        assert len(slow.ask(Instruction.PING)) == 1

    def test_the_bus_watchdog_waits_longer(self, slow):
        slow.set(torque_enable=1, bus_watchdog=10)
        slow.wait(0.3)
        assert slow.bus.servos[0].registers[Role.BUS_WATCHDOG] == 10
        slow.wait(0.2)
        assert slow.bus.servos[0].registers[Role.BUS_WATCHDOG] == -1

    def test_while_it_is_paused_nothing_ages(self, slow):
        slow.set(torque_enable=1, bus_watchdog=1)
        slow.faults.inject(Drop("joint1"), seconds=0.01)
        slow.bus.plant.time = lambda now: 0.0
        slow.wait(5.0)
        assert slow.faults.active
        slow.faults.clear()
        assert (slow.read(Role.REALTIME_TICK), slow.read(Role.BUS_WATCHDOG)) == (0, 1)
