"""Signals are noted in their order, and an echo of one is not a second one."""

from __future__ import annotations

import os
import signal

from armature import signals
from armature.signals import received_signals


def send(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)


def test_signals_are_noted_in_their_order():
    with received_signals() as received:
        send(signal.SIGTERM, signal.SIGINT)
    assert received == [signal.SIGTERM, signal.SIGINT]


def test_a_signal_that_comes_twice_at_once_counts_once():
    with received_signals() as received:
        send(signal.SIGINT, signal.SIGINT)
    assert received == [signal.SIGINT]


def test_a_signal_that_comes_again_later_is_a_second_one(monkeypatch):
    times = iter([10.0, 10.2])
    monkeypatch.setattr(signals.time, "monotonic", lambda: next(times))
    with received_signals() as received:
        send(signal.SIGINT, signal.SIGINT)
    assert received == [signal.SIGINT, signal.SIGINT]


def test_afterwards_signals_do_what_they_did_before():
    before = signal.getsignal(signal.SIGINT)
    with received_signals():
        pass
    assert signal.getsignal(signal.SIGINT) is before
