from __future__ import annotations

import math
import mmap
import os
import struct
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.core.trajectory.segments import Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.loop import link
from armature.dynamixel.loop.status import LoopStatus, Problem, pack_status, unpack_status
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import SUPPORT, RecoveryStep
from armature.dynamixel.status.states import Fault, RecoveryAdvice

numbers = st.floats(allow_nan=True, allow_infinity=True)
finite = st.floats(-1e6, 1e6)
WIDTH = len(link.JointReading.__dataclass_fields__) - 2  # beside torque and hardware error


def same(first: object, second: object) -> bool:
    """Equal, where NaN equals NaN."""
    return repr(first) == repr(second)


# Readings


@settings(deadline=None, max_examples=30)
@given(
    head=st.tuples(
        st.integers(0, 2**64 - 1), finite, finite, finite, finite, st.integers(0, 8), st.integers(0, 2**64 - 1)
    ),
    rows=st.lists(
        st.tuples(*[numbers] * WIDTH, st.none() | st.booleans(), st.none() | st.integers(0, 255)), max_size=12
    ),
)
def test_readings_come_back_as_they_went_nan_included(head, rows):
    readings = link.CycleReadings(*head, tuple(link.JointReading(*row) for row in rows))
    assert same(link.unpack_readings(link.pack_readings(readings)), readings)


def test_readings_of_thirty_joints_fit_their_mailbox():
    axis = link.JointReading(*[math.nan] * WIDTH, True, 0x24)
    data = link.pack_readings(link.CycleReadings(1, 0.0, 0.0, 0.0, 0.0, 0, 0, (axis,) * 30))
    assert len(data) <= link.Mailbox(memoryview(bytearray(link.READINGS_SIZE))).capacity


# Segments


@st.composite
def segments(draw):
    count, joints = draw(st.integers(1, 8)), draw(st.integers(1, 4))
    times = np.cumsum(draw(st.lists(st.floats(0.001, 1.0), min_size=count, max_size=count)))
    columns = draw(st.integers(1, 3))
    rows = [
        np.array(
            draw(st.lists(st.lists(finite, min_size=joints, max_size=joints), min_size=count, max_size=count))
        )
    ]
    rows += [rows[0] * factor for factor in (0.5, 0.25)][: columns - 1]
    names = tuple(f"joint {index}" for index in range(joints))
    return Segment(
        draw(st.integers(0, 2**60)),
        draw(st.text(max_size=8)),
        draw(finite),
        Trajectory(names, times, *rows),
        draw(st.sampled_from((None, 0.1 * rows[0]))),
        draw(st.sampled_from(({}, {names[0]: 12.5}))),
    )


@settings(deadline=None, max_examples=30)
@given(st.lists(segments(), max_size=3))
def test_segments_come_back_as_they_went(sent):
    back = link.unpack_segments(link.pack_segments(sent))
    assert len(back) == len(sent)
    for before, after in zip(sent, back, strict=True):
        assert (after.serial, after.session, after.begin) == (before.serial, before.session, before.begin)
        assert after.trajectory.joints == before.trajectory.joints
        for name in ("times", "positions", "velocities", "accelerations"):
            assert np.array_equal(getattr(before.trajectory, name), getattr(after.trajectory, name)) or (
                getattr(before.trajectory, name) is getattr(after.trajectory, name) is None
            )
        assert (before.loads is None) == (after.loads is None)
        assert before.loads is None or np.array_equal(before.loads, after.loads)
        assert before.effort_limits == after.effort_limits


# Status and calls


def test_a_status_comes_back_as_it_went():
    fault = Fault("elbow", Cause.OVERLOAD, "it reports it", "held", SUPPORT, needs_clearing=True, since=3.0)
    way = RecoveryAdvice(SUPPORT, RecoveryStep.TORQUE_OFF, "elbow: „it keeps its torque“")
    warned = Problem(replace(fault, cause=Cause.LOAD), 0.5)
    told = {"warnings": (warned,), "free": ("jaw",), "remedy": SUPPORT, "advice": way, "bus": {"cycles": 3}}
    status = LoopStatus("FAULT", "partial", "s1", "why: „quoted“", True, (Problem(fault, 1.5, way),), **told)
    assert pack_status(status)[:1] == link.STATUS
    back = unpack_status(pack_status(status))
    assert back == status
    assert (back.faults[0].fault.cause, back.advice.step) == (Cause.OVERLOAD, RecoveryStep.TORQUE_OFF)
    assert back.remedy.steps == back.faults[0].fault.remedy.steps == SUPPORT.steps


def test_a_call_comes_back_as_it_went():
    message = link.pack_call(link.REQUEST, {"request": "enable", "id": 1})
    assert message[:1] == link.REQUEST
    assert link.unpack_call(message) == {"request": "enable", "id": 1}


def test_the_address_has_no_file_differs_by_port_and_fits_whatever_the_path():
    long = "/tmp/" + "x" * 300
    assert link.address("/dev/ttyUSB0")[:1] == b"\0"
    assert link.address("/dev/ttyUSB0") != link.address("/dev/ttyUSB1")
    assert len(link.address(long)) <= 108


# Mailbox


@pytest.fixture
def memory():
    return memoryview(bytearray(1024))


def test_an_empty_mailbox_holds_nothing(memory):
    assert link.Mailbox(memory).read() is None


def test_the_newest_value_is_read_and_none_that_is_not_newer(memory):
    writer, reader = link.Mailbox(memory), link.Mailbox(memory)
    for value in (b"one", b"two", b"three"):
        writer.write(value)
    serial, value = reader.read()
    assert value == b"three"
    assert reader.read(after=serial) is None
    writer.write(b"four")
    assert reader.read(after=serial) == (serial + 1, b"four")


def test_a_value_that_is_too_long_is_refused_and_the_last_one_stays(memory):
    box = link.Mailbox(memory)
    box.write(b"x" * box.capacity)
    with pytest.raises(ValueError, match=f"value of {box.capacity + 1} bytes; the mailbox takes {box.capacity}"):
        box.write(b"y" * (box.capacity + 1))
    assert box.read()[1] == b"x" * box.capacity


def test_a_writer_that_starts_anew_goes_on_counting(memory):
    link.Mailbox(memory).write(b"one")
    link.Mailbox(memory).write(b"two")
    assert link.Mailbox(memory).read() == (2, b"two")


@pytest.mark.parametrize("place", range(24, 27))
def test_a_damaged_value_gives_way_to_the_one_before(memory, place):
    box = link.Mailbox(memory)
    box.write(b"one")
    box.write(b"two")  # an even serial number: the first slot
    memory[place] ^= 1
    assert box.read() == (1, b"one")


def test_a_header_that_is_half_written_is_not_taken_for_an_empty_value(memory):
    box = link.Mailbox(memory)
    box.write(b"one")
    struct.pack_into("<QII", memory, 0, 2, 0, 0)  # the number is there, length and checksum are not yet
    assert box.read() == (1, b"one")


_WRITER = """
import mmap, sys
from armature.dynamixel.loop import link
box = link.Mailbox(memoryview(mmap.mmap(int(sys.argv[1]), 8192)))
number = 0
while True:
    number += 1
    box.write(bytes([number % 256]) * (1 + number * 37 % 3000))
"""


def test_a_reader_beside_a_writing_process_never_sees_half_a_value():
    file = os.memfd_create("test")
    os.ftruncate(file, 8192)
    box, seen, serial = link.Mailbox(memoryview(mmap.mmap(file, 8192))), 0, 0
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(file)], pass_fds=[file]) as writer:
        try:
            while seen < 2000:
                assert writer.poll() is None
                found = box.read(serial)
                if found is not None:
                    assert found[0] > serial
                    serial, value = found
                    assert value == bytes([serial % 256]) * (1 + serial * 37 % 3000)
                    seen += 1
        finally:
            writer.kill()
    os.close(file)
