"""Faults by name: how they are made, injected and cleared."""

from __future__ import annotations

import json

import pytest

from armature.emulator.faults import console
from armature.emulator.faults.catalogue import FAULTS, Drop, Silence, VoltageDip, describe, make
from armature.errors import ConfigError


def test_every_fault_is_made_by_its_name():
    assert all(type(make(name)) is kind for name, kind in FAULTS.items())


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_says_what_it_is(name):
    kind = FAULTS[name]
    assert kind.__doc__ is not None
    assert describe(kind()).startswith(name)


def test_a_seed_is_told_whole():
    assert "seed=123456789" in describe(Drop(seed=123_456_789))


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"payload"}))
def test_every_fault_can_be_injected_and_leaves_nothing(host, name):
    host.faults.inject(make(name))
    host.wait(0.05)
    host.faults.clear()
    host.wait(0.5)
    assert host.faults.active == ()
    assert len(host.ask(1, servo_id=254)) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("drip",), "'drip'.*faults are drop, ignore"),
        (("drop", None, {"chance": "1"}), "'chance'.*it takes probability, count, seed"),
        (("unplug", None, {"chance": "1"}), "'chance'.*it takes no parameters"),
        (("drop", None, {"probability": "1.5"}), r"probability: 1.5.*0 to 1"),
        (("drop", None, {"probability": "nan"}), "probability: nan"),
        (("drop", None, {"probability": "often"}), "'often'.*a number"),
        (("drop", None, {"count": "1.5"}), "'1.5'.*a whole number"),
        (("voltage_dip", None, {"voltage": "-1"}), r"voltage: -1.0.*0 to 24 V"),
        (("corrupt_requests", "joint1"), "'joint1'.*leave the joint out"),
    ],
)
def test_wrong_words_are_refused_with_what_would_work(arguments, message):
    with pytest.raises(ConfigError, match=message):
        make(*arguments)


def test_an_unknown_joint_is_refused(host):
    with pytest.raises(ConfigError, match=r"'elbow'.*joint1, joint2, joint3"):
        host.faults.inject(Silence("elbow"))
    assert host.faults.active == ()


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_a_time_that_is_not_positive_is_refused(host, seconds):
    with pytest.raises(ConfigError, match="more than 0 s"):
        host.faults.inject(Silence("joint1"), seconds)


def test_a_fault_ends_after_its_time(host):
    host.faults.inject(Silence("joint1"), 0.3)
    host.wait(0.25)
    assert host.faults.active == (Silence("joint1"),)
    host.wait(0.1)
    assert host.faults.active == ()


def test_time_is_the_plants(host):
    """A bus that is not advanced ages no fault."""
    host.faults.inject(Silence("joint1"), 0.01)
    host.now += 0.0
    host.bus.advance(host.now)
    assert host.faults.active


def test_the_same_fault_again_takes_the_place_of_the_first(host):
    host.faults.inject(Drop("joint1", probability=1.0))
    host.faults.inject(Drop("joint1", probability=0.0))
    assert host.faults.active == (Drop("joint1", probability=0.0),)
    assert len(host.ask(1)) == 1


def test_faults_are_cleared_by_name_by_themselves_or_all(host):
    faults = (Silence("joint1"), Silence("joint2"), VoltageDip("joint3"), Drop())
    for fault in faults:
        host.faults.inject(fault)
    assert host.faults.clear(faults[1]) == (faults[1],)
    assert host.faults.clear("silence") == (faults[0],)
    assert host.faults.clear("silence") == ()
    assert host.faults.clear() == (faults[2], faults[3])


def test_a_with_statement_bounds_a_fault(host):
    with pytest.raises(RuntimeError), host.faults.injected(Silence("joint1")):
        raise RuntimeError
    assert host.faults.active == ()


class TestConsole:
    """Requests and answers of one line of JSON."""

    @pytest.fixture
    def board(self, host):
        return host.faults

    def test_a_fault_is_injected_listed_and_cleared(self, board):
        request = console.inject("drop", "joint2", {"probability": "0.5", "seed": "7"}, float("inf"))
        said = ("drop joint=joint2 probability=0.5 count=0 seed=7",)
        assert console.read_reply(console.reply(board, request)) == said
        assert board.active == (Drop("joint2", probability=0.5, seed=7),)
        assert console.read_reply(console.reply(board, console.active())) == said
        assert console.read_reply(console.reply(board, console.clear("drop"))) == said
        assert console.read_reply(console.reply(board, console.clear(None))) == ()

    def test_the_time_that_is_left_is_told(self, host, board):
        console.reply(board, console.inject("silence", None, {}, 2.0))
        host.wait(0.5)
        assert console.read_reply(console.reply(board, console.active())) == ("silence, 1.5 s left",)

    def test_a_request_is_one_line(self):
        assert console.inject("drop", None, {}, 1.0).count(b"\n") == 1

    def test_a_refusal_travels_as_it_is(self, board):
        answer = console.reply(board, console.inject("silence", "elbow", {}, 1.0))
        with pytest.raises(ConfigError, match="joint: 'elbow' cannot be used; joints are joint1"):
            console.read_reply(answer)

    @pytest.mark.parametrize(
        ("request_line", "message"),
        [
            (b"", "one JSON object"),
            (b"\xff\xfe", "one JSON object"),
            (b"[]", "one JSON object"),
            (b"[" * 60_000, "one JSON object"),
            (b'{"do": "inject", "fault": "\\ud800"}', "fault"),
            (b'{"do": "inject", "fault": "silence", "seconds": ' + b"9" * 400 + b"}", "seconds.*a number"),
            (b"{}", "inject, clear or active"),
            (b'{"do": "explode"}', "'explode'.*inject, clear or active"),
            (b'{"do": "inject", "fault": 3}', "fault: 3.*text"),
            (b'{"do": "inject", "fault": "drop", "joint": []}', "joint.*text"),
            (b'{"do": "inject", "fault": "drop", "seconds": "1"}', "seconds.*a number"),
            (b'{"do": "inject", "fault": "drop", "values": [1]}', "names with values"),
            (b'{"do": "inject", "fault": "drop", "seconds": 0}', "more than 0 s"),
        ],
    )
    def test_nonsense_is_refused_and_changes_nothing(self, board, request_line, message):
        answer = console.reply(board, request_line)
        assert json.loads(answer)
        with pytest.raises(ConfigError, match=message):
            console.read_reply(answer)
        assert board.active == ()
