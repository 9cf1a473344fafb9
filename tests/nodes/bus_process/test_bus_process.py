from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from armature.core.trajectory.segments import Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.loop import link
from armature.dynamixel.status.cause import Cause
from armature.errors import CommandRefused, GoalRefused, ProcessError
from armature.nodes.common.exit_message import read_exit_message

from ..emulated import JOINTS, SERVOS, Listening, child_config, emulator, power_cycle, shared_memory_files

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("nothing_left")]


@pytest.fixture(autouse=True)
def _no_torque_left(port):
    """Behind each test, since all share the arm of the file."""
    yield
    power_cycle(port)


@pytest.fixture
def clients():
    """Starts clients, and ends them and their children afterwards."""
    started: list[Listening] = []

    def start(config: dict[str, object]) -> Listening:
        started.append(Listening(config))
        return started[-1]

    yield start
    for client in reversed(started):
        client.end()


@pytest.fixture
def served(port, clients, wait_until):
    client = clients(child_config(port))
    wait_until(lambda: client.mode() == "DISABLED")
    return client


def move(client: Listening, distance: float, seconds: float, session: str) -> int:
    """A quintic of the waist over a distance [rad], from now on."""
    begin = client.client.readings().joints[0].commanded_position
    motion = Trajectory(JOINTS[:1], [0.0, seconds], [[begin], [begin + distance]], [[0.0]] * 2, [[0.0]] * 2)
    return client.client.send_segment(Segment(0, session, time.monotonic(), motion))


def waist(client: Listening) -> float:
    return client.client.readings().joints[0].position


def test_it_starts_serves_and_reads_every_joint(served, wait_until):
    wait_until(lambda: served.cycles > 20)
    wait_until(lambda: all(math.isfinite(axis.position) for axis in served.client.readings().joints))
    readings = served.client.readings()
    assert len(readings.joints) == len(JOINTS)
    assert not served.found
    assert served.status.torque == "off"


def test_it_enables_moves_and_parks(served, wait_until):
    wait_until(lambda: served.cycles > 5)
    assert served.client.request("enable", session="s1") == "enabled"
    assert served.status.session == "s1"
    goal = waist(served) + 0.1
    move(served, 0.1, 0.5, "s1")
    wait_until(lambda: served.mode() == "MOVING")
    wait_until(lambda: served.mode() == "ENABLED")
    wait_until(lambda: abs(waist(served) - goal) < 0.02)
    served.client.request("hold", why="test")
    serial = move(served, -0.1, 0.5, "")
    assert served.client.request("park", serial=serial) == "parking"
    wait_until(lambda: served.mode() == "DISABLED")
    assert served.status.bus["refused_segments"] == 0
    assert shared_memory_files(served.pid) == set()


def test_a_segment_of_another_session_is_counted_and_told(served, wait_until):
    served.client.request("enable", session="s1")
    move(served, 0.1, 0.5, "s2")
    wait_until(lambda: served.status.bus["refused_segments"] == 1)
    assert "it is of session s2" in served.status.bus["last_refusal"]
    assert served.mode() == "ENABLED"


def test_a_segment_that_does_not_fit_is_refused_and_the_next_one_works(served, wait_until):
    served.client.request("enable", session="s1")
    times = np.linspace(0.0, 1.0, 20_000)
    with pytest.raises(GoalRefused, match="send about 200 ms at a time"):
        served.client.send_segment(
            Segment(0, "s1", time.monotonic(), Trajectory(JOINTS[:1], times, np.zeros((20_000, 1))))
        )
    move(served, 0.1, 0.5, "s1")
    wait_until(lambda: served.mode() == "MOVING")


def test_a_request_that_is_unknown_or_not_whole_is_refused_and_it_serves_on(served):
    with pytest.raises(CommandRefused, match="has no such request; use enable, park"):
        served.client.request("dance")
    with pytest.raises(CommandRefused, match="it lacks 'session'"):
        served.client.request("enable")
    with pytest.raises(CommandRefused, match="its motion, number 99, did not arrive"):
        served.client.request("park", serial=99)
    assert served.client.request("enable", session="s1") == "enabled"


def test_a_second_client_is_refused_while_the_first_is_there(served, port, wait_until):
    with pytest.raises(ProcessError, match=rf"the port is served to process {os.getpid()} \("):
        Listening(child_config(port))
    cycles = served.cycles
    wait_until(lambda: served.cycles > cycles + 5)


def test_a_second_child_on_another_link_to_the_port_is_refused_with_the_process_that_holds_it(
    served, port, clients, tmp_path
):
    (tmp_path / "link").symlink_to(port)
    with pytest.raises(
        ProcessError, match=rf"link: process {served.pid} \(.*armature.nodes.bus_process\) holds it; stop that"
    ):
        clients(child_config(tmp_path / "link", connect_timeout=0.3))


def test_a_client_that_has_gone_before_it_is_welcomed_harms_nobody(served, port, wait_until):
    for _ in range(5):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hasty:
            hasty.connect(link.address(str(port)))
    cycles = served.cycles
    wait_until(lambda: served.cycles > cycles + 5)


def test_a_second_child_on_the_port_is_refused(served, port):
    command = [sys.executable, "-m", "armature.nodes.bus_process", json.dumps(child_config(port))]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert "is served already" in ended.stderr
    assert "stop that process first" in ended.stderr


def test_a_child_without_its_client_ends_its_motion_holds_and_is_taken_over(served, port, clients, wait_until):
    served.client.request("enable", session="s1")
    goal = waist(served) + 0.2
    move(served, 0.2, 0.6, "s1")
    wait_until(lambda: served.mode() == "MOVING")
    served.close()
    heir = clients(child_config(port))
    assert heir.found
    assert heir.client.has_our_settings
    wait_until(lambda: heir.mode() == "HOLDING")
    assert "the controlling process is gone; holding" in heir.status.why
    assert heir.status.torque == "on"
    wait_until(lambda: abs(waist(heir) - goal) < 0.02)
    heir.client.request("enable", session="s2")
    move(heir, -0.1, 0.4, "s2")
    wait_until(lambda: heir.mode() == "MOVING")


def test_a_child_with_other_settings_is_known_as_such(served, port, clients):
    served.close()
    assert not clients(child_config(port, rate=50.0)).client.has_our_settings


def test_an_unarmed_child_without_a_client_ends_by_itself(served):
    process = served.client.child
    served.close()
    assert process.wait(30.0) == 0


def test_a_killed_emulator_is_a_lost_bus_and_no_reading_stands(tmp_path, clients, wait_until):
    with emulator(tmp_path / "bus"):
        client = clients(child_config(tmp_path / "bus"))
        wait_until(lambda: client.mode() == "DISABLED")
        client.client.request("enable", session="s1")
    wait_until(lambda: client.mode() == "DISCONNECTED")
    wait_until(lambda: all(math.isnan(axis.position) for axis in client.client.readings().joints))
    with pytest.raises(CommandRefused, match="the state is DISCONNECTED"):
        client.client.request("enable", session="s2")
    with emulator(tmp_path / "bus"):
        wait_until(lambda: client.mode() == "FAULT" and client.status.torque == "off")  # all of them are heard
        assert client.status.faults[0].fault.cause is Cause.SILENT_RESET
        client.client.request("clear_faults")
        wait_until(lambda: client.mode() == "DISABLED")


def test_a_signal_for_every_process_leaves_it_to_its_client_to_end_it(served, wait_until):
    served.client.request("enable", session="s1")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(served.pid, number)
    cycles = served.cycles
    wait_until(lambda: served.cycles > cycles + 20)
    assert served.mode() == "ENABLED"
    served.client.request("quit")
    assert served.client.child.wait(10.0) == 0


@pytest.mark.parametrize("is_first_signal", [False, True])
def test_without_a_client_sigterm_ends_it_at_rest_with_torque_on_and_with_a_word(
    port, clients, tmp_path, wait_until, is_first_signal
):
    words = tmp_path / "exit_message_file"
    served = clients(child_config(port, exit_message_file=str(words)))
    wait_until(lambda: served.mode() == "DISABLED")
    served.client.request("enable", session="s1")
    move(served, 0.6, 1.2, "s1")
    wait_until(lambda: served.mode() == "MOVING")
    os.kill(served.pid, signal.SIGHUP)
    if is_first_signal:
        os.kill(served.pid, signal.SIGTERM)
        served.close()
    else:
        served.close()
        os.kill(served.pid, signal.SIGTERM)
    assert served.client.child.wait(10.0) == 0
    assert read_exit_message(words) == "servo_interface: not parked: the bus process was ended; torque stays on"
    heir = clients(child_config(port))
    wait_until(lambda: heir.mode() == "HOLDING")
    assert heir.status.torque == "on"
    assert "adopted" in heir.status.why


def test_a_killed_child_leaves_the_servos_holding_and_its_successor_adopts_their_goals(
    served, port, clients, wait_until
):
    served.client.request("enable", session="s1")
    place = waist(served)
    os.kill(served.pid, signal.SIGKILL)
    served.client.child.wait(10.0)
    wait_until(lambda: served.last_error is not None)
    with pytest.raises(CommandRefused, match="the bus process does not answer"):
        served.client.request("hold", why="test")
    heir = clients(child_config(port, protective_stop=True))
    wait_until(lambda: heir.mode() == "PROTECTIVE_STOP")
    assert heir.status.torque == "on"
    seen = []
    wait_until(lambda: seen.append(waist(heir)) or math.isfinite(seen[-1]))
    assert abs(seen[-1] - place) < 0.009


def test_the_wrong_servos_are_told_to_the_client_with_those_expected_and_found(port, tmp_path, clients):
    wiring = tmp_path / "servos.yaml"
    wiring.write_text(SERVOS.read_text("utf-8").replace("id: 7", "id: 77"))
    with pytest.raises(ProcessError, match=r"expected .*id 77 XL430-W250; found id 1 .*check power, cable"):
        clients(child_config(port, wiring=str(wiring)))


def test_a_port_that_does_not_appear_is_told_to_the_client(tmp_path, clients):
    with pytest.raises(ProcessError, match=r"No such file or directory.*; check the cable, or start the emulator"):
        clients(child_config(tmp_path / "absent", connect_timeout=0.3))


def test_a_port_that_appears_in_time_is_served(tmp_path, clients, wait_until):
    config = child_config(tmp_path / "bus", connect_timeout=20.0)
    command = [sys.executable, "-m", "armature.nodes.bus_process", json.dumps(config)]
    with subprocess.Popen(command) as child:
        try:
            with emulator(tmp_path / "bus"):
                wait_until(lambda: _listens(tmp_path / "bus"))
                client = clients(config)
                assert client.found
                wait_until(lambda: client.mode() == "DISABLED")
                client.client.request("quit")
                assert child.wait(10.0) == 0
        finally:
            child.kill()


def _listens(port) -> bool:
    return link.address(str(port))[1:].decode() in Path("/proc/net/unix").read_text()


def test_sigterm_while_the_port_is_awaited_ends_it(tmp_path, wait_until):
    command = [
        sys.executable,
        "-m",
        "armature.nodes.bus_process",
        json.dumps(child_config(tmp_path / "bus", connect_timeout=60.0)),
    ]
    with subprocess.Popen(command) as child:
        try:
            wait_until(lambda: _listens(tmp_path / "bus"))
            child.terminate()
            assert child.wait(20.0) in (0, -signal.SIGTERM)
        finally:
            child.kill()


def test_a_request_that_was_given_up_is_not_carried_out_later(served, wait_until):
    wait_until(lambda: served.cycles > 5)
    with pytest.raises(CommandRefused, match="too late"):
        served.client.request("enable", session="s1", until=time.monotonic() - 1.0)
    assert served.status.torque == "off"


def test_a_stop_is_never_too_late(served, wait_until):
    wait_until(lambda: served.cycles > 5)
    served.client.request("protective_stop", on=True, until=time.monotonic() - 1.0)
    wait_until(lambda: served.mode() == "PROTECTIVE_STOP")
    with pytest.raises(CommandRefused, match="too late"):
        served.client.request("protective_stop", on=False, until=time.monotonic() - 1.0)
    served.client.request("protective_stop", on=False)
