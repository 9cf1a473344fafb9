"""`armature fault` against an emulator that runs."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from armature.cli.main import main, parse
from armature.emulator.bus.terminal import Terminal
from armature.emulator.faults import console
from armature.emulator.faults.catalogue import FAULTS, Drop, Silence, make
from armature.errors import ProcessError
from armature.nodes.emulator.console import Console, ask

from ..bench import Host

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _clean(nothing_left):
    """Every test here must close what it opens."""


@pytest.fixture
def link(tmp_path):
    return tmp_path / "bus"


@pytest.fixture
def board(link):
    """The faults of an emulator that serves a link."""
    host = Host("XM430-W350", "XM430-W350")
    with (
        Console(host.faults, link) as control,
        Terminal(host.bus, link, time.monotonic, services={control.fileno(): control.answer}) as terminal,
    ):
        thread = threading.Thread(target=terminal.serve)
        thread.start()
        yield host.faults
        terminal.stop()
        thread.join()


def fault(link, *words):
    return main(["fault", *words, "--link", str(link)])


def test_it_injects_and_clears(board, link, capsys):
    assert fault(link, "drop", "--joint", "joint1", "--param", "probability=0.25", "--seed", "7") == 0
    assert board.active == (Drop("joint1", probability=0.25, seed=7),)
    assert fault(link, "active") == 0
    assert fault(link, "clear", "drop") == 0
    assert board.active == ()
    lines = capsys.readouterr().out.splitlines()
    said = "drop joint=joint1 probability=0.25 count=0 seed=7"
    assert lines == [f"injected {said}", f"active {said}", f"cleared {said}"]


def test_a_fault_may_end_by_itself(board, link, wait_until):
    assert fault(link, "silence", "--joint", "joint2", "--for", "0.3") == 0
    wait_until(lambda: not board.active)


def test_programs_read_json(board, link, capsys):
    assert fault(link, "silence", "--json") == 0
    assert fault(link, "clear", "--json") == 0
    injected, cleared = map(json.loads, capsys.readouterr().out.splitlines())
    assert (injected, cleared) == ({"injected": ["silence"]}, {"cleared": ["silence"]})


IMPOSTOR = """
import os, socket, sys
os.setuid(int(sys.argv[2]))
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
    server.bind(bytes.fromhex(sys.argv[1]))
    print("serves", flush=True)
    _, sender = server.recvfrom(1000)
    server.sendto(b"{}", sender)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can act as another user")
def test_what_another_user_answers_is_not_believed(link):
    address = console.address(link).encode().hex()
    line = [sys.executable, "-c", IMPOSTOR, address, str(os.getuid() + 1)]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as impostor:
        assert impostor.stdout.readline() == b"serves\n"
        with pytest.raises(ProcessError, match=r"another user's process answers for .*use another --link"):
            ask(link, console.active())


def test_nothing_to_clear_is_said(board, link, capsys):
    assert fault(link, "clear") == 0
    assert capsys.readouterr().out == "cleared nothing\n"


def test_the_list_needs_no_emulator(link, capsys):
    assert fault(link, "list") == 0
    text = capsys.readouterr().out
    assert all(name in text for name in FAULTS)
    assert "probability=1 (0 to 1)" in text
    assert fault(link, "list", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["voltage_dip"]["parameters"]["voltage"]["unit"] == "V"
    assert facts["unplug"]["joint"]
    assert not facts["corrupt_requests"]["joint"]


@pytest.mark.process
def test_a_reader_that_has_gone_is_no_crash():
    reader, writer = os.pipe()
    os.close(reader)
    line = [sys.executable, "-m", "armature.cli", "fault", "list"]
    ended = subprocess.run(line, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")


def documented():
    """Names and examples of the table in docs/reference/emulator.md."""
    rows = re.findall(
        r"^\| `(\w+)` \|.*\| `(.+)` \|$",
        (ROOT / "docs" / "reference" / "emulator.md").read_text("utf-8"),
        re.MULTILINE,
    )
    return [(name, shlex.split(example)) for name, example in rows]


def test_every_fault_is_documented():
    assert [name for name, _ in documented()] == list(FAULTS)


@pytest.mark.parametrize(("name", "words"), documented())
def test_the_documented_examples_are_right(name, words):
    options = parse(["fault", *words])
    values = dict(word.split("=") for word in options.param)
    assert options.name == name
    assert options.seconds > 0.0
    make(name, options.joint, values)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["drip"], "'drip' cannot be used; faults are drop,"),
        (["drop", "--joint", "elbow"], "joint: 'elbow' cannot be used; joints are joint1, joint2"),
        (["drop", "--param", "probability=2"], "probability: 2.0 cannot be used; it takes 0 to 1"),
        (["drop", "--param", "probability"], "write NAME=VALUE"),
        (["drop", "joint1"], "write --joint NAME"),
        (["drop", "--for", "0"], "--for: 0.0 cannot be used; it must be above 0 s"),
        (["silence", "--seed", "1"], "'seed' cannot be used; it takes no parameters"),
        (["clear", "drip"], "'drip' cannot be used; faults are drop,"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(board, link, capsys, words, message):
    assert fault(link, *words) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
    assert board.active == ()


def test_without_an_emulator_it_says_how_to_start_one(link, capsys):
    assert fault(link, "silence") == 1
    assert f"none serves {link}; start one with: armature up" in capsys.readouterr().err


def test_the_wire_of_armature_emulate_can_be_set(monkeypatch, link):
    started = []
    monkeypatch.setattr("os.execv", lambda program, line: started.append(line))
    main(["emulate", "--link", str(link), "--baud", "57600", "--usb-latency", "0.016"])
    assert started[0][-4:] == ["--baud", "57600", "--usb-latency", "0.016"]


def test_a_second_emulator_of_a_link_is_refused(board, link):
    with pytest.raises(ProcessError, match="another one serves"):
        Console(board, link)


def test_nonsense_on_the_socket_does_no_harm(board, link):
    assert json.loads(ask(link, b"\xff" * 1_000))["error"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nameless:
        nameless.sendto(console.clear(None), console.address(link))  # there is nobody to answer
    assert console.read_reply(ask(link, console.inject("silence", None, {}, 1e9))) == ("silence",)
    assert board.active == (Silence(),)
