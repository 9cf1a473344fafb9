from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rosbags.rosbag2 import Reader

from armature.errors import RecordingError
from armature.recording.bag import recover
from armature.recording.bag.bag import BagWriter
from armature.recording.bag.metadata import read_notes
from armature.recording.bag.recover import finish_bag, unfinished_bags

from ..samples import BOOL, START, TEXT, bool_message, text_message

WRITER = """
import sys, time
from pathlib import Path
sys.path[:0] = {paths!r}
from samples import BOOL, bool_message
from armature.recording.bag.bag import BagWriter
writer = BagWriter(Path(sys.argv[1]), distro="jazzy", custom={{"robot": "armature6"}})
writer.dropped = {{"/tf": 3}}
writer.add_topic(BOOL)
for index in range(500):
    writer.write(bool_message(index % 2 == 0, index))
    if index % 100 == 99:
        writer.flush()
        print(index + 1, flush=True)
writer.write(bool_message(True, 500))
print("unflushed", flush=True)
time.sleep(100)
"""


@pytest.fixture
def killed(tmp_path):
    """The folder of a bag whose writer was killed with 500 messages flushed and one not."""
    script = WRITER.format(paths=[str(Path(__file__).parents[1]), *filter(None, sys.path)])
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "bag")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while "unflushed" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    return tmp_path / "bag"


def cut(bag: Path, missing: int) -> None:
    file = bag / "bag_0.mcap"
    file.write_bytes(file.read_bytes()[:-missing])


def test_a_killed_writer_loses_only_what_was_not_flushed(killed):
    assert unfinished_bags(killed.parent) == [killed]
    recovered = finish_bag(killed)
    assert (recovered.bag, recovered.messages) == (killed, 500)
    with Reader(killed) as reader:
        assert reader.message_count == 500
        assert [time for _, time, _ in reader.messages()] == [START + i * 10_000_000 for i in range(500)]
    assert unfinished_bags(killed.parent) == []


def test_what_the_writer_noted_is_kept(killed):
    finish_bag(killed)
    notes = read_notes(killed)
    assert notes.state == "recovered"
    assert notes.distro == "jazzy"
    assert notes.dropped == {"/tf": 3}
    assert notes.custom == {"robot": "armature6"}


def test_nothing_else_is_left_in_the_folder(killed):
    finish_bag(killed)
    assert sorted(path.name for path in killed.iterdir()) == ["bag_0.mcap", "metadata.yaml"]


@pytest.mark.parametrize("missing", [1, 20, 100, 400])
def test_a_file_cut_off_within_a_record_gives_all_before_it(killed, missing):
    cut(killed, missing)
    recovered = finish_bag(killed)
    assert recovered.cut_off
    assert 400 <= recovered.messages <= 500
    with Reader(killed) as reader:
        assert reader.message_count == recovered.messages


def test_a_damaged_chunk_is_not_taken_for_data(killed):
    file = killed / "bag_0.mcap"
    data = bytearray(file.read_bytes())
    data[-300] ^= 0xFF
    file.write_bytes(data)
    assert finish_bag(killed).messages in range(300, 501, 100)


def test_an_interrupted_recovery_can_be_done_again(killed):
    (killed / ".recovering" / "bag").mkdir(parents=True)
    (killed / ".recovering" / "bag" / "bag_0.mcap").write_bytes(b"half")
    assert finish_bag(killed).messages == 500


def test_a_bag_whose_writer_lives_is_left_alone(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic(BOOL)
        writer.write(bool_message(True))
        writer.flush()
        assert unfinished_bags(tmp_path) == []
        with pytest.raises(RecordingError, match="being written"):
            finish_bag(tmp_path / "bag")


def test_a_file_without_a_single_record_is_left_as_it_is(killed):
    (killed / "bag_0.mcap").write_bytes(b"something else entirely")
    with pytest.raises(RecordingError, match="is not an MCAP file"):
        finish_bag(killed)
    assert (killed / "bag_0.mcap").read_bytes() == b"something else entirely"


def test_a_bag_with_two_files_is_refused(killed):
    (killed / "bag_1.mcap").write_bytes(b"")
    with pytest.raises(RecordingError, match=r"holds 2 \.mcap files"):
        finish_bag(killed)


@pytest.mark.parametrize("text", ["", "[", "rosbag2_bagfile_information:\n  version: 5\n"])
def test_bags_of_others_are_not_touched(tmp_path, text):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "metadata.yaml").write_text(text)
    (tmp_path / "theirs" / "theirs_0.mcap").write_bytes(b"")
    assert unfinished_bags(tmp_path) == []
    with pytest.raises(RecordingError):
        finish_bag(tmp_path / "theirs")


def test_the_original_stays_where_the_new_file_cannot_be_written(killed, monkeypatch):
    before = (killed / "bag_0.mcap").read_bytes()

    def full(self, message):
        raise RecordingError(str(self.folder), "No space left on device")

    monkeypatch.setattr(BagWriter, "write", full)
    with pytest.raises(RecordingError, match="No space"):
        finish_bag(killed)
    assert (killed / "bag_0.mcap").read_bytes() == before
    assert unfinished_bags(killed.parent) == [killed]


def test_two_topics_keep_their_descriptions(tmp_path):
    writer = BagWriter(tmp_path / "bag")
    for topic, message in ((BOOL, bool_message(True)), (TEXT, text_message("<robot/>"))):
        writer.add_topic(topic)
        writer.write(message)
    writer.flush()
    writer._file.close()  # as the death of the process does: no index, no lock
    finish_bag(tmp_path / "bag")
    with Reader(tmp_path / "bag") as reader:
        text = reader.topics["/robot_description"].connections[0]
        assert text.msgdef.data == "string data\n"
        assert text.ext.offered_qos_profiles[0].durability.name == "TRANSIENT_LOCAL"


def test_a_bag_that_cannot_be_read_does_not_keep_others_from_being_found(killed, monkeypatch):
    broken = killed.parent / "broken"
    shutil.copytree(killed, broken)
    file = recover.bag_file
    monkeypatch.setattr(recover, "bag_file", lambda folder: Path("/nowhere" if folder == broken else file(folder)))
    assert recover.unfinished_bags(killed.parent) == [killed]
