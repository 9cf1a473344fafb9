"""A Dynamixel library of other authors, with a codec of its own, drives the emulator unmodified."""

from __future__ import annotations

import threading
import time

import pytest
import rustypot

from armature.emulator.bus.terminal import Terminal

from ..bench import Host

IDS = [1, 2, 3]
Controller = rustypot.Xl430PyController
PATIENCE = 1.0  # [s]; the machine of the tests may be busy


@pytest.fixture(autouse=True)
def _clean(nothing_left):
    """Every test here must close what it opens."""


@pytest.fixture
def link(tmp_path):
    return str(tmp_path / "bus")


@pytest.fixture
def host(link, tmp_path):
    host = Host("XM430-W350", "XM430-W350", "XL430-W250")
    with Terminal(host.bus, tmp_path / "bus", time.monotonic) as terminal:
        thread = threading.Thread(target=terminal.serve)
        thread.start()
        yield host
        terminal.stop()
        thread.join()


@pytest.fixture
def client(host, link):
    client = Controller(link, 1_000_000, PATIENCE)
    yield client
    client.close()


def test_it_finds_the_servos(client, wait_until):
    wait_until(lambda: client.broadcast_scan([1, 2, 3, 4]) == {1: 1020, 2: 1020, 3: 1060})
    assert client.ping(1)
    client.set_timeout(0.05)
    assert not client.ping(9)


@pytest.mark.parametrize("fast", [False, True])
def test_it_reads_groups(client, fast):
    client.set_fast_sync_read(fast)
    assert client.sync_read_present_position(IDS) == [2_048] * 3
    assert client.sync_read_present_input_voltage(IDS) == [120] * 3


def test_it_moves_a_servo(client, wait_until):
    client.write_goal_position(1, client.read_present_position(1)[0])
    client.write_torque_enable(1, 1)
    client.sync_write_goal_position([1], [2_300])
    wait_until(lambda: abs(client.read_present_position(1)[0] - 2_300) <= 2)
    client.write_torque_enable(1, 0)


def test_it_reboots_a_servo(client, wait_until):
    client.write_position_p_gain(2, 9)
    assert client.reboot(2)
    client.set_timeout(0.05)
    assert not client.ping(2)
    wait_until(lambda: client.ping(2))
    client.set_timeout(PATIENCE)
    assert client.read_position_p_gain(2) == [800]


def test_a_silent_servo_is_a_timeout_and_the_line_recovers(client):
    client.set_timeout(0.05)
    with pytest.raises(RuntimeError, match="timed out"):
        client.sync_read_present_position([1, 9, 2])
    client.set_timeout(PATIENCE)
    assert client.sync_read_present_position([1, 2]) == [2_048] * 2


def test_it_changes_id_and_baud_rate(host, link, wait_until):
    """It sets its port's speed by the number, which the names of termios do not tell."""
    with rustypot.Bus(link, 1_000_000, PATIENCE, {3: Controller.definition()}) as bus:
        bus.change_id(Controller.definition(), 3, 7)
        bus.change_baudrate(Controller.definition(), 7, 2_000_000)
        bus.set_baudrate(2_000_000)
        wait_until(lambda: bus.scan(Controller.definition(), [7]) == {7: 1060})
