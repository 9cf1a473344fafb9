"""A servo interface that meets a bus process which is not its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from armature.core.model.urdf import read_urdf
from armature.dynamixel.loop import link
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import ProcessError
from armature.nodes.bus_process.setup import build
from armature.nodes.servo_interface.bus_process.client import BusClient
from armature.nodes.servo_interface.bus_process.connection import BusConnection
from armature.nodes.servo_interface.bus_process.spawn import BusStart

from ..emulated import child_config

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def child(tmp_path):
    """The address of a child's port, served by the test."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(link.address(str(tmp_path / "bus")))
        listener.listen(1)
        yield listener


def greet(listener, greeting):
    """Take one client in, and say this to it."""
    client, _ = listener.accept()
    memory = os.memfd_create("test")
    os.ftruncate(memory, link.MEMORY_SIZE)
    with client:
        socket.send_fds(client, [json.dumps(greeting).encode()], [memory])
        os.close(memory)


def attach(tmp_path, listener, greeting, **changes):
    config = child_config(tmp_path / "bus", **changes)
    child = threading.Thread(target=greet, args=(listener, {"config": config, **greeting}))
    child.start()
    try:
        return BusStart(config).attach()
    finally:
        child.join()


def test_a_child_that_dies_before_it_greets_is_not_to_be_ended(tmp_path, child):
    def take_and_die():
        client, _ = child.accept()
        client.close()  # with what it was sent unread, as a process that was killed

    config = child_config(tmp_path / "bus")
    start = BusStart(config)
    killed = threading.Thread(target=take_and_die)
    start._connection.connect(link.address(config["port"]))
    start._connection.send(b"a request")
    killed.start()
    killed.join()
    with pytest.raises(ProcessError, match="it ended before its greeting; start it again"):
        start._greeting()
    start._abandon()


def test_a_child_of_the_same_layout_is_taken_over_whatever_its_version(tmp_path, child):
    attachment = attach(tmp_path, child, {"layout": link.layout(), "version": "99.0"})
    attachment.connection.close()
    assert attachment.child is None
    assert attachment.config == child_config(tmp_path / "bus")


@pytest.mark.parametrize(
    ("greeting", "told"),
    [
        ({"layout": "0123456789ab", "version": "99.0"}, r"its version is 99.0 \(memory layout 0123456789ab\)"),
        ({}, r"its version is an older one \(memory layout None\)"),
    ],
)
def test_a_child_of_another_layout_is_refused_with_the_process_and_how_to_end_it(tmp_path, child, greeting, told):
    pid = os.getpid()
    remedy = rf"ours is .*; end it with: kill {pid} \(the servos hold the arm meanwhile\), then start again"
    with pytest.raises(ProcessError, match=rf"process {pid} \(.*\) holds the arm; {told}, {remedy}"):
        attach(tmp_path, child, greeting)


JOINTS = ["waist", "shoulder", "elbow"]


@pytest.mark.parametrize("theirs", [["waist", "elbow", "shoulder"], JOINTS[:2], [*JOINTS, "wrist"], None])
def test_a_child_of_other_joints_or_in_another_order_is_refused_with_both_and_how_to_end_it(
    tmp_path, child, theirs
):
    config = child_config(tmp_path / "bus", joints=theirs)
    told = (
        rf"its joints are {', '.join(theirs or ['unknown'])}, ours are waist, shoulder, elbow; end it with: kill"
    )
    with pytest.raises(ProcessError, match=told):
        attach(tmp_path, child, {"layout": link.layout(), "config": config}, joints=JOINTS)


def test_a_child_that_has_read_other_files_is_known_as_such(tmp_path, child):
    for theirs, ours in (("a", "a"), ("a", "b")):
        config = child_config(tmp_path / "bus", joints=JOINTS, files=theirs)
        greeting = {"layout": link.layout(), "config": config}
        attachment = attach(tmp_path, child, greeting, joints=JOINTS, files=ours)
        client = BusClient(attachment, child_config(tmp_path / "bus", joints=JOINTS, files=ours))
        client.close()
        assert client.has_our_settings == (theirs == ours)


@pytest.mark.parametrize(
    ("place", "ours", "faster", "slower", "turned"),
    [
        ("limits", [-1.0, 1.0, 0.3, 4.0], ("elbow",), (), ()),
        ("limits", [-1.0, 1.0, 3.0, 1.0], (), (), ()),
        ("limits", [-1.0, 1.0, 5.0, 4.0], (), ("elbow",), ()),
        ("dynamics", [0.4, 40.0], ("elbow",), (), ()),
        ("dynamics", [4.0, 4.0], ("elbow",), (), ()),
        ("dynamics", [4.0, 50.0], (), ("elbow",), ()),
        ("turns", "13 XM430-W350 -1 3.14159 1.00000", (), (), ("elbow",)),
        ("turns", "13 XM430-W350 1 3.31612 1.00000", (), (), ("elbow",)),
    ],
)
def test_joints_that_a_child_moves_otherwise_than_its_new_client_would_are_known(
    tmp_path, child, place, ours, faster, slower, turned
):
    limits = {"limits": {joint: [-1.0, 1.0, 3.0, 4.0] for joint in JOINTS}}
    limits["turns"] = dict.fromkeys(JOINTS, "13 XM430-W350 1 3.14159 1.00000")
    config = child_config(tmp_path / "bus", joints=JOINTS, **limits)
    attachment = attach(tmp_path, child, {"layout": link.layout(), "config": config}, joints=JOINTS)
    client = BusClient(attachment, {**config, place: {**config[place], "elbow": ours}})
    client.close()
    assert client.faster == faster
    assert client.slower == slower
    assert client.turned == turned
    assert not client.has_our_settings


def test_a_second_servo_that_the_wiring_file_has_no_more_is_one_that_the_child_alone_turns(tmp_path, child):
    ours = dict.fromkeys(JOINTS, "13 XM430-W350 1 3.14159 1.00000")
    config = child_config(tmp_path / "bus", joints=JOINTS, turns={**ours, "elbow 2": ours["elbow"]})
    attachment = attach(tmp_path, child, {"layout": link.layout(), "config": config}, joints=JOINTS)
    client = BusClient(attachment, {**config, "turns": ours})
    client.close()
    assert client.turned == ("elbow 2",)


def test_a_child_says_what_it_has_read_whatever_it_was_told():
    wanted = child_config(Path("bus"), joints=["none"], files="none")
    _, loop, read = build(wanted)
    texts = [Path(wanted[name]).read_text("utf-8") for name in ("urdf", "wiring")]
    turns = Wiring.from_yaml(texts[1], read_urdf(texts[0])).turns
    assert read == {**wanted, "joints": list(loop.state.axes), "turns": turns, "files": link.digest(*texts)}


def test_a_process_that_does_not_get_as_far_as_to_listen_is_told_with_its_exit_message(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "numpy.py").write_text("raise ImportError('numpy is broken')")
    with pytest.raises(ProcessError, match="the bus process does not start: ImportError: numpy is broken"):
        BusStart(child_config(tmp_path / "bus")).attach()


def test_whatever_fails_while_it_attaches_leaves_no_child(tmp_path, monkeypatch):
    def fail(start):
        raise KeyError("greeting")

    monkeypatch.setattr(BusStart, "_greeting", fail)
    start = BusStart(child_config(tmp_path / "bus"))
    with pytest.raises(KeyError, match="greeting"):
        start.attach()
    assert start._child.returncode is not None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"wiring": "/no/such.yaml"}, "parameter wiring: '/no/such.yaml' cannot be used; a readable text file"),
        ({"faults": {"dance": 1.0}}, "faults.dance' cannot be used; there are"),
        ({"rate": 0.0}, r"internal error: ZeroDivisionError: .* \(process\.py:\d+\)"),
    ],
)
def test_why_a_child_cannot_be_built_is_told_in_one_line(tmp_path, change, told):
    with pytest.raises(ProcessError, match=told) as refused:
        BusStart(child_config(tmp_path / "bus", **change)).attach()
    assert "\n" not in str(refused.value)


class Deaf:
    """A client that something goes wrong with."""

    is_closed = False

    def __init__(self, error):
        self.error = error

    def listen(self, on_cycle, on_status):
        raise self.error

    def close(self):
        self.is_closed = True


def test_an_error_of_the_listening_thread_ends_the_process_and_is_told(capsys, monkeypatch):
    client = Deaf(KeyError("waist"))
    bus = BusConnection(dict, lambda client: None, lambda readings: None, lambda status, readings: None)
    monkeypatch.setattr(bus, "_attach", lambda: vars(bus).update(_client=client) or client)
    bus.open()
    assert bus.wait_for(lambda: bus.failure is not None, 10.0)
    assert "internal error: KeyError: 'waist'" in str(bus.failure)
    assert client.is_closed
    assert not bus.is_attached
    bus.close()
    assert "Traceback" in capsys.readouterr().err


class Brief(Deaf):
    """A client that ends at once."""

    def listen(self, on_cycle, on_status):
        return ""


def test_without_a_bus_process_the_state_says_what_to_do(monkeypatch):
    told = []
    bus = BusConnection(dict, lambda _: None, lambda _: None, lambda status, _: told.append(status.remedy.steps))
    assert bus.status.remedy.steps == ("wait",)
    attempts = iter([lambda: Brief(None), lambda: bus._note_failure(ProcessError("bus", "held", "end that"))])
    monkeypatch.setattr(bus, "_attach", lambda: next(attempts, lambda: None)())
    bus.open()
    assert bus.wait_for(lambda: len(told) > 1, 10.0)
    bus.close()
    assert told[:2] == [("wait",), ("by_hand", "wait")]


def test_the_layout_is_that_of_fields_formats_and_sizes(monkeypatch):
    before = link.layout()
    monkeypatch.setattr(link, "READINGS_SIZE", link.READINGS_SIZE + 8)
    assert link.layout() != before


IMPOSTOR = """
import os, socket, sys
os.setuid(int(sys.argv[2]))
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
    listener.bind(bytes.fromhex(sys.argv[1]))
    listener.listen(1)
    print("listens", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can act as another user")
def test_a_process_of_another_user_at_the_address_is_not_believed(tmp_path):
    address, user = link.address(str(tmp_path / "bus")).hex(), os.getuid() + 1
    line = [sys.executable, "-c", IMPOSTOR, address, str(os.getuid() + 1)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as impostor:
        assert impostor.stdout.readline() == b"listens\n"
        with pytest.raises(ProcessError, match=rf"process {impostor.pid} \(.*\) of user {user} serves this port"):
            BusStart(child_config(tmp_path / "bus")).attach()
        impostor.stdin.close()


def test_whoever_waits_for_a_child_can_give_up(tmp_path, child):
    start = BusStart(child_config(tmp_path / "bus"))
    told = []

    def attach():
        with pytest.raises(ProcessError, match="the servo interface is ending"):
            start.attach()
        told.append("given up")

    waiting = threading.Thread(target=attach)
    waiting.start()
    client, _ = child.accept()
    start.give_up()
    waiting.join(10.0)
    client.close()
    assert told == ["given up"]


def test_whoever_gave_up_before_there_was_a_connection_does_not_wait_for_a_greeting(tmp_path, child):
    start = BusStart(child_config(tmp_path / "bus"))
    start.give_up()
    with pytest.raises(ProcessError, match="the servo interface is ending"):
        start.attach()
