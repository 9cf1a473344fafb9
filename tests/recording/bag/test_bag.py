from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from mcap.reader import make_reader
from rosbags.interfaces import QosDurability, QosTime
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from armature.errors import RecordingError
from armature.recording.bag.bag import BagWriter
from armature.recording.bag.topic import Topic

from ..samples import BOOL, START, TEXT, bool_message, text_message


def write_bag(folder, count=10):
    with BagWriter(folder, distro="jazzy", custom={"robot": "armature6"}) as writer:
        writer.add_topic(BOOL)
        writer.add_topic(TEXT)
        for index in range(count):
            writer.write(bool_message(index % 2 == 1, index))
    return folder


def test_an_independent_reader_gets_back_the_bytes_and_their_meaning(tmp_path):
    with Reader(write_bag(tmp_path / "bag")) as reader:
        assert reader.message_count == 10
        assert reader.start_time == START
        assert reader.duration == 90_000_001
        messages = list(reader.messages())
        store = get_typestore(Stores.EMPTY)
        store.register(get_types_from_msg(messages[0][0].msgdef.data, "std_msgs/msg/Bool"))
        values = [store.deserialize_cdr(data, connection.msgtype).data for connection, _, data in messages]
    assert values == [False, True] * 5
    assert [time for _, time, _ in messages] == [START + i * 10_000_000 for i in range(10)]
    assert messages[1][2] == b"\x00\x01\x00\x00\x01"


def test_topics_without_a_message_and_their_quality_of_service_are_kept(tmp_path):
    with Reader(write_bag(tmp_path / "bag")) as reader:
        text = reader.topics["/robot_description"]
        assert text.msgcount == 0
        qos = text.connections[0].ext.offered_qos_profiles[0]
    assert qos.durability is QosDurability.TRANSIENT_LOCAL
    assert qos.depth == 1
    assert qos.deadline == QosTime(9_223_372_036, 854_775_807)


def test_the_file_carries_what_rosbag2_asks_for(tmp_path):
    folder = write_bag(tmp_path / "bag")
    with (folder / "bag_0.mcap").open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert reader.get_header().profile == "ros2"
        assert [record.name for record in reader.iter_metadata()] == ["rosbag2"]
        _, channel, message = next(reader.iter_messages())
    assert summary.statistics.message_count == 10
    assert summary.chunk_indexes[0].compression == "zstd"
    assert channel.message_encoding == "cdr"
    assert channel.metadata["topic_type_hash"] == "RIHS01_bool"
    assert yaml.safe_load(channel.metadata["offered_qos_profiles"])[0]["reliability"] == "reliable"
    assert (message.log_time, message.publish_time, message.sequence) == (START, START - 1000, 0)


def test_metadata_is_version_9_without_aliases(tmp_path):
    text = (write_bag(tmp_path / "bag") / "metadata.yaml").read_text()
    info = yaml.safe_load(text)["rosbag2_bagfile_information"]
    assert "&id" not in text
    assert info["version"] == 9
    assert info["ros_distro"] == "jazzy"
    assert info["relative_file_paths"] == ["bag_0.mcap"]
    assert info["custom_data"] == {
        "robot": "armature6",
        "armature_state": "closed",
        "dropped_messages": "0",
    }


def test_a_flush_puts_messages_and_metadata_on_disk(tmp_path):
    writer = BagWriter(tmp_path / "bag")
    writer.add_topic(BOOL)
    writer.write(bool_message(True))
    before = (tmp_path / "bag" / "bag_0.mcap").stat().st_size
    writer.flush()
    assert (tmp_path / "bag" / "bag_0.mcap").stat().st_size > before
    info = yaml.safe_load((tmp_path / "bag" / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
    assert info["message_count"] == 1
    assert info["custom_data"]["armature_state"] == "recording"
    writer.close()


def test_an_empty_bag_opens(tmp_path):
    BagWriter(tmp_path / "bag").close()
    with Reader(tmp_path / "bag") as reader:
        assert reader.message_count == 0


def test_an_existing_name_is_refused_and_left_alone(tmp_path):
    folder = write_bag(tmp_path / "bag")
    before = (folder / "bag_0.mcap").read_bytes()
    with pytest.raises(RecordingError, match="exists already"):
        BagWriter(folder)
    assert (folder / "bag_0.mcap").read_bytes() == before


@pytest.mark.parametrize("name", [".hidden", "two words", "-x", "a:b", "ä", ""])
def test_an_unfit_name_is_refused_before_anything_is_made(tmp_path, name):
    with pytest.raises(RecordingError, match="name"):
        BagWriter(tmp_path / "new" / name if name else tmp_path / "new" / "..")
    assert not (tmp_path / "new").exists()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="give a folder"):
        BagWriter(tmp_path / "file" / "bag")


def test_a_message_of_an_unknown_topic_is_refused(tmp_path):
    with BagWriter(tmp_path / "bag") as writer, pytest.raises(RecordingError, match="/robot_description was not"):
        writer.write(text_message("x"))


def test_one_name_has_one_type(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic(BOOL)
        with pytest.raises(RecordingError, match=r"std_msgs/msg/Bool, not std_msgs/msg/Empty"):
            writer.add_topic(Topic(BOOL.name, "std_msgs/msg/Empty", ""))


FULL = """
import resource, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from samples import BOOL, bool_message
from armature.errors import RecordingError
from armature.recording.bag.bag import BagWriter
writer = BagWriter(Path(sys.argv[1]))
writer.add_topic(BOOL)
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
try:
    for index in range(100_000):
        writer.write(bool_message(index % 3 == 0, index * index))
        if index % 50 == 0:
            writer.flush()
except RecordingError as error:
    print(error)
for attempt in (writer.flush, lambda: writer.write(bool_message(True))):
    try:
        attempt()
    except RecordingError as error:
        print(error)
writer.close()
"""


def test_a_full_disk_is_told_once_with_its_reason_and_never_hidden_after(tmp_path):
    script = FULL.format(paths=[str(Path(__file__).parents[1]), *filter(None, sys.path)])
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "bag")], capture_output=True, text=True, timeout=50
    )
    assert run.returncode == 0, run.stderr
    first, second, third = run.stdout.splitlines()
    assert os.strerror(errno.EFBIG) in first
    assert "record to another disk" in first
    assert "failed before" in second
    assert "failed before" in third
    assert (
        yaml.safe_load((tmp_path / "bag" / "metadata.yaml").read_text())["rosbag2_bagfile_information"][
            "custom_data"
        ]["armature_state"]
        == "recording"
    )
