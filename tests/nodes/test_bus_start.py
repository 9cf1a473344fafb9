"""A servo interface that meets a bus child which is not its own."""

from __future__ import annotations

import json
import os
import socket
import threading

import pytest

from armature.dynamixel import link
from armature.errors import ProcessError
from armature.nodes.bus_start import BusStart

from .emulated import child_config

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


def attach(tmp_path, listener, greeting):
    config = child_config(tmp_path / "bus")
    child = threading.Thread(target=greet, args=(listener, {"config": config, **greeting}))
    child.start()
    try:
        return BusStart(config).attach()
    finally:
        child.join()


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


def test_the_layout_is_that_of_fields_formats_and_sizes(monkeypatch):
    before = link.layout()
    monkeypatch.setattr(link, "READINGS_SIZE", link.READINGS_SIZE + 8)
    assert link.layout() != before


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
