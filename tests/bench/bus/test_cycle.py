"""The bench of the bus: its reckoning by hand, and every contender on a real pseudo-terminal."""

from __future__ import annotations

import numpy as np
import pytest
from dynamixel_sdk import port_handler

from armature.bench.bus import contenders, cycle
from armature.bench.bus.contenders import Armature, Bare, StockSdk
from armature.bench.bus.cycle import CONTENDERS, compare, wire_time
from armature.bench.bus.servo_count import fit
from armature.bench.bus.still import still_bus, still_wiring
from armature.dynamixel.tables.roles import Role
from armature.errors import ProcessError


def test_wire_time_by_hand():
    # Sync Write 49 bytes, Fast Sync Read 21, its answer 106: 176 bytes of 10 bits.
    assert wire_time(7, 1_000_000) == pytest.approx(1.76e-3)
    assert wire_time(7, 4_000_000) == pytest.approx(0.44e-3)


def test_a_straight_line_is_found_and_a_bent_one_told():
    numbers = np.array([1.0, 7.0, 16.0, 32.0, 64.0])
    assert fit(numbers, 0.3 + 0.2 * numbers) == pytest.approx((0.3, 0.2, 1.0))
    assert fit(numbers, numbers**2)[2] < 0.98


@pytest.mark.process
def test_every_contender_reads_all_servos(nothing_left, monkeypatch):
    # A busy machine may answer late.
    monkeypatch.setattr(contenders, "LATENCY", 1.0)
    monkeypatch.setattr(port_handler, "LATENCY_TIMER", 1000)
    with cycle._serve(3, 1_000_000) as path:
        for contender in (Bare, Armature, StockSdk):
            served = contender(path, 1_000_000, still_wiring(3))
            assert served.cycle(), contender.__name__
            served.close()


@pytest.mark.process
def test_a_contender_that_is_not_installed_is_left_out(nothing_left, monkeypatch):
    def absent(*_):
        raise ImportError("no module named lerobot")

    monkeypatch.setitem(CONTENDERS, "LeRobot", absent)
    assert compare(1, 1_000_000, ("LeRobot",)) == {}


@pytest.mark.process
def test_servos_that_do_not_answer_are_told(nothing_left, monkeypatch):
    class Deaf:
        def __init__(self, *_):
            pass

        def cycle(self):
            return False

        def close(self):
            pass

    monkeypatch.setitem(CONTENDERS, "Armature", Deaf)
    with pytest.raises(ProcessError, match="Armature: only 0 cycles were answered; free the machine"):
        compare(1, 1_000_000, ("Armature",))


def test_a_server_that_does_not_start_is_told(nothing_left):
    with pytest.raises(ProcessError, match="servos: they are not served"), cycle._serve(3, 12_345):
        pass


def test_still_servos_stand_where_they_are_put():
    far = still_bus(2, 57_600)
    assert [servo.servo_id for servo in far.servos] == [1, 2]
    far.servos[0].registers[Role.PRESENT_POSITION] = 77
    far.advance(10.0)
    assert far.servos[0].read(132, 4)[1] == b"\x4d\0\0\0"
