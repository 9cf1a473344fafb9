"""Keeping the processor awake, on a file in place of the device."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from armature.nodes.bus_process.cpu_sleep import CpuSleepGuard


@pytest.fixture
def device(tmp_path):
    file = tmp_path / "cpu_dma_latency"
    file.write_bytes(b"")
    return file


def held(device):
    """Whether this process has it open."""
    return str(device) in {os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir()}


def test_it_is_held_while_it_is_wanted_and_not_longer(device):
    guard = CpuSleepGuard(device)
    for awake in (True, True, False, False, True, False):
        guard.keep(awake=awake)
        assert held(device) is awake
    assert device.read_bytes() == b"\0\0\0\0"


def test_a_machine_without_it_is_as_it_is(tmp_path):
    guard = CpuSleepGuard(tmp_path / "none")
    assert not guard.is_permitted
    guard.keep(awake=True)
    guard.keep(awake=False)


def test_what_cannot_be_opened_after_all_is_given_up(device):
    guard = CpuSleepGuard(device)
    device.unlink()
    device.mkdir()
    guard.keep(awake=True)
    assert not guard.is_permitted
    assert stat.S_ISDIR(device.stat().st_mode)
