"""Keeping the processor awake, on a file in place of the device."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from armature.nodes.bus_process.cpu_sleep import CpuSleep


@pytest.fixture
def device(tmp_path):
    file = tmp_path / "cpu_dma_latency"
    file.write_bytes(b"")
    return file


def held(device):
    """Whether this process has it open."""
    return str(device) in {os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir()}


def test_it_is_held_while_it_is_wanted_and_not_longer(device):
    cpu_sleep = CpuSleep(device)
    for awake in (True, True, False, False, True, False):
        cpu_sleep.inhibit(awake=awake)
        assert held(device) is awake
    assert device.read_bytes() == b"\0\0\0\0"


def test_a_machine_without_it_is_as_it_is(tmp_path):
    cpu_sleep = CpuSleep(tmp_path / "none")
    assert not cpu_sleep.is_permitted
    cpu_sleep.inhibit(awake=True)
    cpu_sleep.inhibit(awake=False)


def test_what_cannot_be_opened_after_all_is_given_up(device):
    cpu_sleep = CpuSleep(device)
    device.unlink()
    device.mkdir()
    cpu_sleep.inhibit(awake=True)
    assert not cpu_sleep.is_permitted
    assert stat.S_ISDIR(device.stat().st_mode)
