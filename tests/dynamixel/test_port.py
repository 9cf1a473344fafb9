from __future__ import annotations

import os
import time
import tty

import pytest
import serial

from armature.dynamixel.port import ServoPort
from armature.errors import PortError


@pytest.fixture
def device():
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    for file in (master, slave):
        os.close(file)


@pytest.fixture
def opened(device):
    port = ServoPort(device[1], 1_000_000, 0.02)
    port.open()
    yield device[0], port
    port.close()


def test_bytes_go_out_whole_and_come_in(opened):
    master, port = opened
    assert port.writePort([1, 2, 3]) == 3
    assert os.read(master, 10) == b"\x01\x02\x03"
    os.write(master, b"abc")
    port.expect(3, 1)
    assert port.readPort(2) == b"ab"
    assert port.readPort(2) == b"c"


def test_waiting_ends_at_the_deadline_and_takes_no_processor_time(opened):
    _, port = opened
    port.setPacketTimeoutMillis(200.0)
    begun, spent = time.monotonic(), time.process_time()
    assert port.readPort(1) == b""
    assert port.isPacketTimeout() or time.monotonic() - begun > 0.19
    assert time.monotonic() - begun < 1.0
    assert time.process_time() - spent < 0.1


def test_a_deadline_allows_for_the_request_the_answers_and_every_return_delay(device):
    port = _Clocked(device[1], 57_600, 0.001)
    port.open()
    port.writePort([0] * 50)
    port.expect(133, 7)
    port.close()
    wire = (50 + 133) * 10 / 57_600
    assert port._deadline == pytest.approx(wire + 7 * 508e-6 + 0.001 + 1e-3)


class _Clocked(ServoPort):
    def _now(self):
        return 0.0


def test_what_has_arrived_is_thrown_away_on_request(opened):
    master, port = opened
    os.write(master, b"old")
    port.clearPort()
    port.setPacketTimeoutMillis(20.0)
    assert port.readPort(3) == b""


def test_a_second_opener_is_refused_with_the_remedy(opened):
    _, port = opened
    other = ServoPort(port.port_name, 1_000_000, 0.02)
    with pytest.raises(PortError, match="another program has it open; stop that one first"):
        other.open()
    assert not other.is_open


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("/dev/block/absent", "check the cable, or start the emulator"),
        ("/dev", "check the device and its baud rate"),
        ("/dev/null", "check the device and its baud rate"),
    ],
)
def test_a_port_that_cannot_be_opened_names_itself_and_the_remedy(path, remedy):
    port = ServoPort(path, 1_000_000, 0.02)
    with pytest.raises(PortError, match=f"^{path}: .*; {remedy}"):
        port.open()
    assert not port.is_open


def test_a_forbidden_port_names_the_group(tmp_path, monkeypatch):
    def forbidden(*_, **__):
        raise serial.SerialException(13, "could not open port: [Errno 13] Permission denied")

    monkeypatch.setattr(serial, "Serial", forbidden)
    with pytest.raises(PortError, match="group dialout"):
        ServoPort(str(tmp_path), 1_000_000, 0.02).open()


@pytest.mark.parametrize(
    "use",
    [
        lambda port: port.clearPort(),
        lambda port: port.writePort([1]),
        lambda port: port.readPort(1),
    ],
    ids=["clear", "write", "read"],
)
def test_a_port_that_is_gone_says_so_at_the_first_use_and_is_closed(use):
    master, slave = os.openpty()
    tty.setraw(slave)
    port = ServoPort(os.ttyname(slave), 1_000_000, 0.02)
    port.open()
    os.close(slave)
    os.close(master)
    port.setPacketTimeoutMillis(1000.0)
    with pytest.raises(PortError, match=r"the port is gone .*; check cable and power"):
        use(port)
    assert not port.is_open
    assert not port.is_using


def test_a_far_end_that_takes_no_bytes_does_not_hold_us_for_ever(opened):
    _, port = opened
    begun = time.monotonic()
    with pytest.raises(PortError, match="the port is gone"):
        any(port.writePort([0] * 100) == 0 for _ in range(10_000))
    assert time.monotonic() - begun < 10.0


def test_closing_twice_is_harmless_and_it_opens_again(opened):
    _, port = opened
    port.close()
    port.close()
    port.open()
    assert port.is_open
