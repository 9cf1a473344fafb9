from __future__ import annotations

import pytest
from rosbags.rosbag2 import Reader

from armature.errors import RecordingError
from armature.recording.bag.bag import BagWriter
from armature.recording.bag.metadata import read_notes
from armature.recording.recorder.session import Session

from ..samples import BOOL, TEXT, bool_message, text_message


def test_what_is_offered_is_written_when_drained(tmp_path):
    session = Session(BagWriter(tmp_path / "bag"), 1000)
    assert session.offer(BOOL, bool_message(True))
    assert session.progress().messages == 0
    session.drain()
    assert session.progress().messages == 1
    session.close()
    with Reader(tmp_path / "bag") as reader:
        assert reader.message_count == 1


def test_closing_writes_what_still_waits(tmp_path):
    session = Session(BagWriter(tmp_path / "bag"), 1000)
    for index in range(20):
        session.offer(BOOL, bool_message(True, index))
    session.close()
    with Reader(tmp_path / "bag") as reader:
        assert reader.message_count == 20


def test_more_than_the_queue_holds_is_dropped_counted_and_noted(tmp_path):
    session = Session(BagWriter(tmp_path / "bag"), 12)  # two messages of 5 bytes
    taken = [session.offer(BOOL, bool_message(True, index)) for index in range(4)]
    assert taken == [True, True, False, False]
    assert not session.offer(TEXT, text_message("robot"))
    session.drain()
    assert session.offer(BOOL, bool_message(True, 5))
    session.count_lost("/tf", 7)
    assert session.progress().dropped == 10
    session.close()
    assert read_notes(tmp_path / "bag").dropped == {"/protective_stop": 2, "/robot_description": 1, "/tf": 7}


def full(*_):
    raise OSError(28, "No space left on device")


@pytest.fixture
def failed(tmp_path, monkeypatch):
    """A session that wrote 3 messages, flushed, wrote 2 more, and met a full disk at the next flush."""
    session = Session(BagWriter(tmp_path / "bag"), 1000)
    for index in range(3):
        session.offer(BOOL, bool_message(True, index))
    session.drain()
    session.flush()
    monkeypatch.setattr("os.fdatasync", full)
    for index in range(2):
        session.offer(BOOL, bool_message(True, 3 + index))
    session.drain()
    session.flush()
    yield session
    session.close()


def test_a_full_disk_ends_the_recording_with_its_reason(failed):
    assert "No space left on device; free some space" in failed.failure
    assert not failed.offer(BOOL, bool_message(True, 9))


def test_after_a_failure_only_what_was_flushed_counts_as_written(failed):
    failed.offer(BOOL, bool_message(True, 9))
    progress = failed.progress()
    assert (progress.messages, progress.dropped) == (3, 3)
    failed.close()
    assert failed.progress() == progress


def test_a_message_that_the_bag_refuses_ends_it_too(tmp_path):
    session = Session(BagWriter(tmp_path / "bag"), 1000)
    session.offer(BOOL, bool_message(True))
    session.offer(type(BOOL)(BOOL.name, "std_msgs/msg/Empty", ""), bool_message(True, 1))
    session.drain()
    assert "not std_msgs/msg/Empty" in session.failure
    assert session.progress().dropped == 2
    session.close()


@pytest.mark.parametrize("method", ["drain", "flush", "close"])
def test_an_error_of_the_program_ends_it_too_with_its_name(tmp_path, monkeypatch, capsys, method):
    session = Session(BagWriter(tmp_path / "bag"), 1000)
    session.offer(BOOL, bool_message(True))
    if method == "drain":
        monkeypatch.setattr(session._writer, "write", lambda _message: [][0])
    elif method == "flush":
        monkeypatch.setattr(session._writer, "flush", lambda: [][0])
    else:
        close = session._writer.close
        monkeypatch.setattr(session._writer, "close", lambda: (close(), [][0]))
    getattr(session, method)()
    assert "internal error: IndexError" in session.failure
    assert "IndexError" in capsys.readouterr().err
    assert not session.offer(BOOL, bool_message(True, 1))
    session.close()


def test_a_session_needs_an_open_bag(tmp_path):
    (tmp_path / "bag").mkdir()
    with pytest.raises(RecordingError, match="exists already"):
        Session(BagWriter(tmp_path / "bag"), 1000)
