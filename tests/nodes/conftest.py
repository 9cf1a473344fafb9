from __future__ import annotations

import threading

import pytest

from .emulated import emulator
from .motion_graph import MotionGraph


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """The emulated arm's port, for all tests of a file."""
    path = tmp_path_factory.mktemp("emulator") / "bus"
    with emulator(path):
        yield path


@pytest.fixture
def make_motion(tmp_path):
    """Make a graph of controllers; all are closed, and no thread may stay."""
    threads = set(threading.enumerate())
    made = []

    def build(**options):
        made.append(MotionGraph(tmp_path, **options))
        return made[-1]

    yield build
    for graph in made:
        graph.close()
    assert set(threading.enumerate()) <= threads


@pytest.fixture
def motion(make_motion):
    """Controllers beside an enabled servo side."""
    return make_motion().enable_servos()
