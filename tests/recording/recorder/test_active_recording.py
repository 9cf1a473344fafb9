"""A recording goes on after its recorder died, until it is stopped."""

from __future__ import annotations

import os

import pytest

from armature.errors import RecordingError
from armature.recording.recorder.active_recording import (
    ActiveRecording,
    find_interrupted,
    remove_marker,
    write_marker,
)
from armature.recording.recorder.limits import RecorderLimits
from armature.recording.recorder.recorder import Recorder

from ..samples import BOOL, START, bool_message

ROOMY = RecorderLimits(free_bytes=0)


def recorder(folder, runner=1):
    return Recorder(folder, ROOMY, runner=runner)


def test_what_a_dead_recorder_recorded_is_resumed_under_any_runner(tmp_path):
    session = recorder(tmp_path).begin(START)
    os.utime(session.bag / "metadata.yaml", ns=(START + 5, START + 5))
    for runner in (1, 2):
        left = recorder(tmp_path, runner).find_interrupted()
        assert (left.bag, left.end) == (session.bag, START + 5)
    session.close()


def test_one_that_was_stopped_is_not(tmp_path):
    first = recorder(tmp_path)
    first.begin(START).close()
    first.mark_stopped(first.end())
    assert recorder(tmp_path).find_interrupted() is None
    assert [path.suffix for path in tmp_path.iterdir()] == [".000Z"]


@pytest.mark.parametrize(("runner", "goes_on"), [(1, True), (2, False)])
def test_one_that_ended_with_its_recorder_is_resumed_where_that_alone_was_restarted(tmp_path, runner, goes_on):
    first = recorder(tmp_path)
    first.begin(START).close()
    first.mark_interrupted(first.end())
    assert (recorder(tmp_path, runner).find_interrupted() is not None) == goes_on


def test_a_bag_tells_which_one_it_continues(tmp_path):
    session = recorder(tmp_path).begin(START, continues="recording_before")
    assert "continues: recording_before" in (session.bag / "metadata.yaml").read_text()
    session.close()


def test_nothing_is_resumed_where_nothing_was_recorded(tmp_path):
    assert find_interrupted(tmp_path, 1) is None
    assert find_interrupted(tmp_path / "missing", 1) is None
    remove_marker(tmp_path / "missing")


def test_where_even_the_bag_is_gone_the_recording_goes_on(tmp_path):
    write_marker(tmp_path, ActiveRecording("recording_gone", 1))
    assert find_interrupted(tmp_path, 1).bag == tmp_path / "recording_gone"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"bag": "b"}', '{"bag": "b", "runner": 1, "more": 2}', "\0"])
def test_what_no_recorder_wrote_is_refused_with_the_file(tmp_path, text):
    (tmp_path / ".recording.json").write_text(text)
    with pytest.raises(RecordingError, match=r"\.recording\.json: is not what a recorder writes"):
        find_interrupted(tmp_path, 1)


# A start that fails leaves nothing


def full(*_):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "step", ["os.fdatasync", "os.fsync", "fcntl.flock", "armature.recording.bag.bag.write_metadata"]
)
def test_a_start_that_fails_leaves_nothing_behind(tmp_path, monkeypatch, step):
    monkeypatch.setattr(step, full)
    with pytest.raises(RecordingError, match="No space left"):
        recorder(tmp_path).begin(START)
    assert [path for path in tmp_path.iterdir() if path.name != ".recording.json.new"] == []
    assert recorder(tmp_path).find_interrupted() is None


def test_a_recording_that_cannot_be_marked_as_active_does_not_start(tmp_path, monkeypatch):
    def refuse(root, _recording):
        raise RecordingError(str(root), "No space left on device")

    monkeypatch.setattr("armature.recording.recorder.recorder.write_marker", refuse)
    with pytest.raises(RecordingError, match="No space left"):
        recorder(tmp_path).begin(START)
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_that_fails_at_once_leaves_nothing_behind(tmp_path, monkeypatch):
    recording = recorder(tmp_path)
    recording.receive(BOOL, bool_message(True))
    monkeypatch.setattr("os.fdatasync", full)
    with pytest.raises(RecordingError, match="No space left"):
        recording.snapshot(START)
    assert list(tmp_path.iterdir()) == []
