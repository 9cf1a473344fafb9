from __future__ import annotations

import os
import time
import tty
from pathlib import Path

import pytest
import serial

from armature.dynamixel.protocol.serial_port import SerialPort
from armature.errors import PortError

from ...lateness import lateness_since


@pytest.fixture
def device():
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    for file in (master, slave):
        os.close(file)


@pytest.fixture
def opened(device):
    port = SerialPort(device[1], 1_000_000, 0.02)
    port.open()
    yield device[0], port
    port.close()


def test_bytes_go_out_whole_and_come_in(opened):
    master, port = opened
    port.write(b"\x01\x02\x03")
    assert os.read(master, 10) == b"\x01\x02\x03"
    os.write(master, b"abc")
    port.set_deadline(3, 0.0)
    assert port.read(3) == b"abc"


def test_more_than_enough_is_handed_over_at_once(opened):
    master, port = opened
    os.write(master, bytes(300))
    port.set_deadline(300, 0.0)
    assert port.read(1) == bytes(300)


def test_an_answer_longer_than_a_terminal_can_be_asked_to_wait_for_comes_whole(opened):
    master, port = opened
    port.set_deadline(900, 0.0)
    os.write(master, bytes(255))
    received = port.read(900)
    os.write(master, bytes(645))
    received += port.read(900 - len(received))
    assert received + port.read(1) == bytes(900)


@pytest.mark.real_time
def test_waiting_ends_at_the_deadline_and_takes_no_processor_time(opened, lateness):
    master, port = opened
    os.write(master, b"ab")
    port.set_deadline(0, 0.2)
    begun, spent = time.monotonic(), time.process_time()
    assert port.read(3) == b"ab"
    assert port.is_timed_out()
    assert 0.19 < time.monotonic() - begun < 0.3 + lateness_since(lateness, begun)
    assert time.process_time() - spent < 0.1


def test_silence_ends_at_the_deadline_too(opened):
    _, port = opened
    port.set_deadline(3, 0.0)
    assert port.read(3) == b""
    assert port.is_timed_out()


def test_a_deadline_allows_for_the_request_the_answers_and_every_return_delay(device):
    port = _Clocked(device[1], 57_600, 0.001)
    port.open()
    port.write(bytes(50))
    port.set_deadline(133, 7 * 508e-6)
    port.close()
    wire = (50 + 133) * 10 / 57_600
    assert port._deadline == pytest.approx(wire + 7 * 508e-6 + 0.001 + 1e-3)


class _Clocked(SerialPort):
    def now(self):
        return 0.0


def test_what_nobody_waited_for_is_handed_over_without_waiting(opened):
    master, port = opened
    assert port.read_pending() == b""
    os.write(master, b"old")
    assert port.read_pending() == b"old"
    assert port.read_pending() == b""


def test_a_second_opener_is_refused_with_the_remedy(opened):
    _, port = opened
    other = SerialPort(port.path, 1_000_000, 0.02)
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
    port = SerialPort(path, 1_000_000, 0.02)
    with pytest.raises(PortError, match=f"^{path}: .*; {remedy}"):
        port.open()
    assert not port.is_open


def test_a_forbidden_port_names_the_group(tmp_path, monkeypatch):
    def forbidden(*_, **__):
        raise serial.SerialException(13, "could not open port: [Errno 13] Permission denied")

    monkeypatch.setattr(serial, "Serial", forbidden)
    with pytest.raises(PortError, match="group dialout"):
        SerialPort(str(tmp_path), 1_000_000, 0.02).open()


@pytest.mark.parametrize(
    "use",
    [
        lambda port: port.read_pending(),
        lambda port: port.write(b"\x01"),
        lambda port: port.read(1),
    ],
    ids=["read_pending", "write", "read"],
)
def test_a_port_that_is_gone_says_so_at_the_first_use_and_is_closed(use):
    master, slave = os.openpty()
    tty.setraw(slave)
    port = SerialPort(os.ttyname(slave), 1_000_000, 0.02)
    port.open()
    os.close(slave)
    os.close(master)
    port.set_deadline(1, 1.0)
    with pytest.raises(PortError, match=r"the port is gone .*; check cable and power"):
        use(port)
    assert not port.is_open


@pytest.mark.real_time
def test_a_far_end_that_takes_no_bytes_does_not_hold_us_for_ever(opened, lateness):
    _, port = opened
    begun = time.monotonic()
    with pytest.raises(PortError, match="the port is gone"):
        any(port.write(bytes(100)) for _ in range(10_000))
    assert time.monotonic() - begun < 2.0 + lateness_since(lateness, begun)


def test_closing_twice_is_harmless_and_it_opens_again(opened):
    _, port = opened
    port.close()
    port.close()
    port.open()
    assert port.is_open


def test_a_link_that_is_older_than_its_pseudo_terminal_leads_to_somebody_else(device, tmp_path):
    link = tmp_path / "bus"
    link.symlink_to(device[1])
    port = SerialPort(str(link), 1_000_000, 0.02)
    port.open()
    port.write(b"abc")
    port.close()
    port.open()  # what it carries makes no terminal younger
    port.close()
    born = Path(device[1]).stat().st_ctime_ns
    os.utime(link, ns=(born - 1, born - 1), follow_symlinks=False)
    with pytest.raises(
        PortError, match=r"its link is older than /dev/pts/\d+; check the cable, or start the emulator"
    ):
        port.open()
