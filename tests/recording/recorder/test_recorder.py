from __future__ import annotations

import dataclasses
import errno
from pathlib import Path

import pytest
from rosbags.rosbag2 import Reader

from armature.errors import CommandRefused, ConfigError, RecordingError
from armature.recording.recorder.limits import RecorderLimits
from armature.recording.recorder.recorder import Recorder, bag_name

from ..samples import BOOL, START, TEXT, bool_message, text_message

ROOMY = RecorderLimits(snapshot_seconds=1.0, free_bytes=0)


def contents(bag: Path) -> list[tuple[str, int]]:
    with Reader(bag) as reader:
        return [(connection.topic, time - START) for connection, time, _ in reader.messages()]


def test_a_name_is_its_time_in_utc():
    assert bag_name("recording", 1_790_000_000_042_999_999) == "recording_2026-09-21T14-13-20.042Z"


def test_a_recording_begins_with_what_latched_topics_hold(tmp_path):
    recorder = Recorder(tmp_path / "bags", ROOMY)
    recorder.receive(TEXT, text_message("<robot/>", START - 10**12))
    recorder.receive(BOOL, bool_message(True, 0))
    session = recorder.begin(START + 5)
    recorder.receive(BOOL, bool_message(False, 1))
    assert recorder.end() is session
    session.close()
    assert contents(session.bag) == [(TEXT.name, 5), (BOOL.name, 10_000_000)]


def test_a_snapshot_holds_the_last_seconds_whether_recording_or_not(tmp_path):
    recorder = Recorder(tmp_path, ROOMY)
    recorder.receive(TEXT, text_message("<robot/>", START - 10**12))
    for index in range(300):
        recorder.receive(BOOL, bool_message(True, index))
    bag = recorder.snapshot(START + 2_990_000_000)
    times = [time for topic, time in contents(bag) if topic == BOOL.name]
    assert (times[0], times[-1], len(times)) == (1_990_000_000, 2_990_000_000, 101)
    assert contents(bag)[0][1] == 1_990_000_000
    assert bag.name.startswith("snapshot_")


def test_a_second_start_is_refused_with_the_path(tmp_path):
    recorder = Recorder(tmp_path, ROOMY)
    session = recorder.begin(START)
    with pytest.raises(CommandRefused, match=str(session.bag)):
        recorder.begin(START + 10**9)
    session.close()


def test_stopping_nothing_is_refused(tmp_path):
    with pytest.raises(CommandRefused, match="nothing is being recorded"):
        Recorder(tmp_path, ROOMY).end()


def test_a_snapshot_of_nothing_is_refused(tmp_path):
    with pytest.raises(CommandRefused, match="no message"):
        Recorder(tmp_path, ROOMY).snapshot(START)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_short_of_space_is_refused_before_a_folder_is_made(tmp_path):
    recorder = Recorder(tmp_path / "bags", dataclasses.replace(ROOMY, free_bytes=10**18))
    with pytest.raises(RecordingError, match=r"MB are free and 1000000000000 MB are kept"):
        recorder.begin(START)
    assert not (tmp_path / "bags").exists()
    assert recorder.session is None


def test_a_name_that_is_taken_is_refused_and_does_not_block_the_next(tmp_path):
    recorder = Recorder(tmp_path, ROOMY)
    (tmp_path / bag_name("recording", START)).mkdir()
    with pytest.raises(RecordingError, match="exists already"):
        recorder.begin(START)
    recorder.begin(START + 10**9).close()


def test_losses_before_the_recorder_are_counted_while_it_records(tmp_path):
    recorder = Recorder(tmp_path, ROOMY)
    recorder.count_lost("/tf", 5)
    session = recorder.begin(START)
    recorder.count_lost("/tf", 2)
    assert session.progress().dropped == 2
    session.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"snapshot_seconds": 0.0},
        {"snapshot_seconds": float("nan")},
        {"snapshot_seconds": 1e9},
        {"snapshot_bytes": 0},
        {"queue_bytes": -1},
        {"free_bytes": -1},
    ],
)
def test_limits_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        RecorderLimits(**wrong)


def test_a_disk_that_cannot_be_asked_is_told_as_a_failed_recording(tmp_path, monkeypatch):
    def fail(_path):
        raise OSError(errno.EIO, "Input/output error")

    recorder = Recorder(tmp_path, ROOMY)
    monkeypatch.setattr(Path, "exists", fail)
    with pytest.raises(RecordingError, match="Input/output error"):
        recorder.free_space()
