"""The emulator on a real pseudo-terminal, in this process and in its own."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from dynamixel_sdk import COMM_RX_TIMEOUT, COMM_SUCCESS, GroupSyncRead, PacketHandler, PortHandler, port_handler

from armature.core.model.urdf import read_urdf
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.bus import terminal
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.bus.terminal import Terminal
from armature.emulator.faults import console
from armature.emulator.faults.board import FaultBoard
from armature.emulator.faults.catalogue import Unplug
from armature.errors import PortError
from armature.nodes.emulator.__main__ import main
from armature.nodes.emulator.console import ask
from armature.signals import RUNNER_SIGNAL

from ..bench import Host

ROOT = Path(__file__).resolve().parents[3]
HANDLER = PacketHandler(2.0)
ARM = read_urdf((ROOT / "urdf/armature6.urdf").read_text("utf-8"))
SERVOS = (ROOT / "config/servos.yaml").read_text("utf-8")


def on_two_buses():
    """The arm's wiring with its gripper on a bus of its own, which is slower."""
    wiring = Wiring.from_yaml(SERVOS, ARM)
    servos = tuple(replace(s, bus="upper" if s.joint == "gripper" else "lower") for s in wiring.servos)
    return replace(wiring, buses={"lower": 1_000_000, "upper": 57_600}, servos=servos)


FILES = [
    *("--urdf", str(ROOT / "urdf/armature6.urdf"), "--wiring", str(ROOT / "config/servos.yaml")),
    *("--poses", str(ROOT / "config/poses.yaml")),
]


@pytest.fixture(autouse=True)
def _clean(nothing_left, monkeypatch):
    """Every test here must close what it opens; the SDK waits for a busy machine."""
    monkeypatch.setattr(port_handler, "LATENCY_TIMER", 200)


@pytest.fixture
def link(tmp_path):
    return tmp_path / "bus"


@pytest.fixture
def served(link):
    """A bench of three servos behind a pseudo-terminal."""
    host = Host("XM430-W350", "XM430-W350", "XL430-W250")
    with Terminal(host.bus, link, time.monotonic) as terminal:
        thread = threading.Thread(target=terminal.serve)
        thread.start()
        yield host
        terminal.stop()
        thread.join()


@pytest.fixture
def port(served, link):
    handler = PortHandler(str(link))
    assert handler.setBaudRate(1_000_000)
    yield handler
    handler.closePort()


def realtime_tick(host):
    return int.from_bytes(host.servo.read(120, 2)[1], "little")


def test_the_stock_sdk_finds_and_reads_servos(port):
    assert HANDLER.ping(port, 1) == (1020, COMM_SUCCESS, 0)
    group = GroupSyncRead(port, HANDLER, 132, 4)
    for servo_id in (1, 2, 3):
        group.addParam(servo_id)
    assert group.txRxPacket() == COMM_SUCCESS
    assert [group.getData(servo_id, 132, 4) for servo_id in (1, 2, 3)] == [2_048] * 3


def test_the_arm_moves_in_real_time(port, wait_until):
    HANDLER.write4ByteTxRx(port, 1, 112, 50)
    HANDLER.write1ByteTxRx(port, 1, 64, 1)
    HANDLER.write4ByteTxRx(port, 1, 116, 2_448)
    begun = time.monotonic()
    wait_until(lambda: HANDLER.read4ByteTxRx(port, 1, 132)[0] >= 2_440)
    # 400 ticks at 50 units of 0.229 rev/min are 0.51 s.
    assert time.monotonic() - begun > 0.4


def test_an_answer_does_not_arrive_before_the_wire_allows(port):
    """10 bytes out, 500 µs of return delay, 14 bytes back: 740 µs at 1 Mbit/s."""
    begun = time.perf_counter()
    HANDLER.ping(port, 1)
    assert time.perf_counter() - begun >= 740e-6


def test_a_host_at_another_baud_rate_is_not_heard(port):
    assert port.setBaudRate(57_600)
    assert HANDLER.ping(port, 1)[1] != COMM_SUCCESS
    assert port.setBaudRate(1_000_000)
    assert HANDLER.ping(port, 1)[0] == 1020


@pytest.mark.parametrize("rate", [9_500, 38_400, 500_000, 921_600])
def test_a_rate_that_no_servo_has_is_not_heard(port, rate):
    port.ser.baudrate = rate
    assert HANDLER.ping(port, 1)[1] != COMM_SUCCESS


def test_a_host_that_sets_no_rate_talks_at_that_of_the_bus(served, link):
    file = os.open(link, os.O_RDWR | os.O_NOCTTY)
    try:
        assert terminal._speed(file) == 1_000_000
    finally:
        os.close(file)


def test_the_port_may_be_closed_and_opened_again(port, link):
    port.closePort()
    assert port.setBaudRate(1_000_000)
    assert HANDLER.ping(port, 3)[0] == 1060


def test_the_link_is_removed_at_the_end(link):
    terminal = Terminal(Host("XM430-W350").bus, link, time.monotonic)
    assert link.resolve() == Path(terminal.devices[0])
    terminal.close()
    assert not link.is_symlink()


def test_a_link_left_by_a_dead_emulator_is_replaced(link):
    link.symlink_to("/dev/pts/nowhere")
    with Terminal(Host("XM430-W350").bus, link, time.monotonic) as terminal:
        assert str(link.readlink()) == terminal.devices[0]


def test_a_link_taken_over_by_another_is_left_alone(link):
    terminal = Terminal(Host("XM430-W350").bus, link, time.monotonic)
    with Terminal(Host("XM430-W350").bus, link, time.monotonic) as second:
        terminal.close()
        assert str(link.readlink()) == second.devices[0]


def test_a_file_in_the_place_of_the_link_is_not_touched(link):
    link.write_text("mine")
    with pytest.raises(PortError, match="choose another path"):
        Terminal(Host("XM430-W350").bus, link, time.monotonic)
    assert link.read_text() == "mine"


def test_a_host_that_reads_nothing_does_not_stop_the_arm(served, link, wait_until):
    with link.open("wb", buffering=0) as silent:
        for _ in range(200):
            silent.write(bytes.fromhex("FF FF FD 00 FE 03 00 01 31 42"))
    before = realtime_tick(served)
    wait_until(lambda: realtime_tick(served) > before + 100)


def test_a_pulled_plug_hangs_up_and_comes_back_under_its_name(served, link, wait_until):
    with link.open("rb", buffering=0) as held:
        served.faults.inject(Unplug())
        wait_until(lambda: not link.is_symlink())
        assert hung_up(held.fileno())
    served.faults.clear()
    wait_until(link.is_symlink)
    handler = PortHandler(str(link))
    assert handler.setBaudRate(1_000_000)
    assert HANDLER.ping(handler, 1)[0] == 1020
    handler.closePort()


def hung_up(file):
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return any(event & select.POLLHUP for _, event in poll.poll(5_000))


def test_a_plug_that_is_out_at_the_end_leaves_nothing(link):
    host = Host("XM430-W350")
    with Terminal(host.bus, link, time.monotonic) as terminal:
        thread = threading.Thread(target=terminal.serve)
        thread.start()
        host.faults.inject(Unplug(), seconds=60.0)
        terminal.stop()
        thread.join()
    assert not link.is_symlink()


def test_several_buses_have_a_device_each_in_a_folder(link, wait_until):
    wiring = on_two_buses()
    bus = EmulatedBus.of_arm(ARM, wiring, dict.fromkeys(wiring.joints, 0.0), time.monotonic())
    board = FaultBoard(bus)
    with Terminal(bus, link, time.monotonic) as terminal:
        thread = threading.Thread(target=terminal.serve)
        thread.start()
        lower, upper = (PortHandler(str(link / name)) for name in ("lower", "upper"))
        assert lower.setBaudRate(1_000_000)
        assert upper.setBaudRate(57_600)
        first, last = wiring.ids[0], wiring.ids[-1]
        assert HANDLER.ping(lower, first)[0] == wiring.servos[0].model.number
        assert HANDLER.ping(upper, last)[0] == wiring.servos[-1].model.number
        assert HANDLER.ping(lower, last)[1] != COMM_SUCCESS
        board.inject(Unplug(wiring.joints[-1]))
        wait_until(lambda: not (link / "upper").is_symlink())
        assert HANDLER.ping(lower, first)[0] == wiring.servos[0].model.number
        board.clear()
        wait_until((link / "upper").is_symlink)
        for handler in (lower, upper):
            handler.closePort()
        terminal.stop()
        thread.join()
    assert not link.exists()


def test_what_stands_in_the_place_of_one_of_several_links_is_not_touched(link):
    wiring = on_two_buses()
    bus = EmulatedBus.of_arm(ARM, wiring, dict.fromkeys(wiring.joints, 0.0), time.monotonic())
    link.mkdir()
    (link / "upper").write_text("mine")
    with pytest.raises(PortError, match=r"upper: .*choose another path"):
        Terminal(bus, link, time.monotonic)
    assert [entry.name for entry in link.iterdir()] == ["upper"]


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, RUNNER_SIGNAL])
def test_the_process_says_ready_and_ends_cleanly(link, number, monkeypatch):
    monkeypatch.setattr(port_handler, "LATENCY_TIMER", 500)  # [ms]; a busy machine answers late
    command = [sys.executable, "-m", "armature.nodes.emulator", *FILES, "--link", str(link), "--no-pace"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"ready {link}\n"
        handler = PortHandler(str(link))
        assert handler.setBaudRate(1_000_000)
        # armature6 parks at -100 deg of the shoulder: 2048 - 1138 ticks.
        assert HANDLER.read4ByteTxRx(handler, 2, 132)[0] == pytest.approx(910, abs=2)
        assert HANDLER.read1ByteTxRx(handler, 2, 64)[0] == 0
        answer = ask(link, console.inject("silence", "shoulder", {}, 60.0))
        assert console.read_reply(answer) == ("silence joint=shoulder",)
        assert HANDLER.ping(handler, 2)[1] == COMM_RX_TIMEOUT
        handler.closePort()
        process.send_signal(number)
        assert process.wait(20) == 0
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--start-pose", "hoem"], "--start-pose: 'hoem'.*park, home"),
        (["--baud", "123"], "123.*servos have 9600"),
        (["--usb-latency", "-0.1"], "--usb-latency: -0.1.*0 to 1 s"),
        (["--usb-latency", "nan"], "--usb-latency: nan.*0 to 1 s"),
        (
            ["--urdf", "/nowhere.urdf"],
            "error: --urdf: '/nowhere.urdf'.*a readable text file is needed .*No such file",
        ),
        (["--wiring", sys.executable], "error: --wiring: .*a readable text file is needed .*can't decode"),
        (["--wiring", str(ROOT / "config/poses.yaml")], "keys are bus, buses, joints"),
        (["--poses", str(ROOT / "config/servos.yaml")], "'baud_rate'.*joints of armature6"),
    ],
)
def test_what_cannot_be_served_is_told_in_one_line(link, capfd, options, message):
    assert main([*FILES, "--link", str(link), *options]) == 1
    line, *more = capfd.readouterr().err.splitlines()
    # A wiring file tells each of its mistakes in a line; whatever else is wrong is one.
    assert more == [] or (message.startswith("keys are") and all("poses.yaml: " in each for each in more))
    assert re.search(message, line)
    assert not link.is_symlink()


def test_wrong_use_exits_with_2(capfd):
    with pytest.raises(SystemExit) as ended:
        main(["--link", "x"])
    assert ended.value.code == 2


@pytest.mark.process
def test_interrupted_it_serves_on_while_a_host_speaks(link):
    command = [sys.executable, "-m", "armature.nodes.emulator", *FILES, "--link", str(link), "--no-pace"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"ready {link}\n"
        handler = PortHandler(str(link))
        assert handler.setBaudRate(1_000_000)
        process.send_signal(signal.SIGINT)
        spoken_until = time.monotonic() + 3.0  # twice the silence that ends it
        while time.monotonic() < spoken_until:
            assert HANDLER.read4ByteTxRx(handler, 2, 132)[0] == pytest.approx(910, abs=2)
        assert process.poll() is None
        handler.closePort()
        assert process.wait(20) == 0
