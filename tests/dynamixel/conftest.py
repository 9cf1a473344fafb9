from __future__ import annotations

import pytest

from armature.dynamixel.protocol.bus import ServoBus

from .scripted import ScriptedPort


@pytest.fixture(autouse=True)
def _clean(nothing_left):
    """Every test of the bus must close what it opens."""


@pytest.fixture
def port():
    port = ScriptedPort()
    yield port
    port.close()
    port.hang_up()


@pytest.fixture
def bus(port):
    bus = ServoBus(port)
    bus.open()
    return bus
