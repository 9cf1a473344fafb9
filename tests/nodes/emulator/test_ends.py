"""The emulator's process ends as its arm can bear it, whoever started it."""

from __future__ import annotations

import signal
import subprocess

import pytest

from ..emulated import emulator

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGHUP])
def test_what_a_terminal_sends_ends_it_in_order(tmp_path, number):
    with emulator(tmp_path / "bus") as process:
        process.send_signal(number)
        assert process.wait(30.0) == 0  # a default action would end it by the signal


def test_a_sigterm_is_waited_with_though_nobody_reads_what_it_says_of_it(tmp_path):
    with emulator(tmp_path / "bus", stderr=subprocess.PIPE) as process:
        process.stderr.close()  # as after the death of the runner, which kept its log
        process.terminate()
        assert process.wait(30.0) == 0
