"""A report of a damaged bag says what is missing; one of something else says what it is."""

from __future__ import annotations

import json
import shutil

import pytest
from mcap.records import Chunk
from mcap.stream_reader import StreamReader
from mcap.writer import CompressionType, Writer

from armature.cli.main import main
from armature.errors import RecordingError
from armature.recording.bag.losses import Losses
from armature.recording.bag.metadata import read_notes
from armature.recording.bag.recover import finish_bag
from armature.recording.report.report import write_report

from ..arm_bag import ArmBag, joint_state
from ..samples import START

SECONDS = 10
COUNT = 100 * SECONDS


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Ten seconds of joint states, flushed every second."""
    bag = ArmBag(tmp_path_factory.mktemp("losses") / "arm")
    for index in range(COUNT):
        bag.put("/joint_states", index / 100, joint_state(index / 100, ["elbow"], [0.0]))
        if index % 100 == 99:
            bag.writer.flush()
    bag.writer.close()
    return bag.writer.folder


@pytest.fixture
def bag(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "arm")
    return tmp_path / "arm"


def cut(bag, share):
    file = bag / "arm_0.mcap"
    data = file.read_bytes()
    file.write_bytes(data[: round(len(data) * share)])


def chunks(bag):
    """Where each chunk's record begins in the file, and how long it is."""
    with (bag / "arm_0.mcap").open("rb") as file:
        at, found = 8, []
        for record in StreamReader(file, emit_chunks=True).records:
            if isinstance(record, Chunk):
                found.append((at, file.tell() - at))
            at = file.tell()
    return found


def damage(bag, *places):
    file = bag / "arm_0.mcap"
    data = bytearray(file.read_bytes())
    for place in places:
        data[place] ^= 0xFF
    file.write_bytes(data)


def told(bag, capsys, *options):
    """Exit code of the command, its lines and its error."""
    code = main(["report", str(bag), *options])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert said.err.count("\n") <= 1
    return code, said.out, said.err


def test_of_a_whole_bag_nothing_is_missing(bag, capsys):
    code, out, err = told(bag, capsys)
    assert (code, err) == (0, "")
    assert "missing" not in out
    assert "cut off" not in out


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5, 0.65])
def test_of_a_bag_that_is_cut_off_the_report_says_how_much_is_missing_and_fails(bag, capsys, share):
    cut(bag, share)
    code, out, err = told(bag, capsys)
    read = int(out.split(" messages")[0].split()[-1])
    assert code == 1
    assert f"{COUNT - read} of {COUNT} messages are missing" in err
    assert f"its last {SECONDS - read / 100:.1f} s" in err
    assert "damaged at" in err
    assert "note: " in out
    assert (bag / "report.html").read_text().count("messages are missing") == 1


def test_a_recorder_that_died_leaves_out_its_last_second_which_is_told_and_no_failure(bag, capsys):
    begin, length = chunks(bag)[-1]
    file = bag / "arm_0.mcap"
    file.write_bytes(file.read_bytes()[: begin + length // 2])
    code, out, err = told(bag, capsys)
    assert (code, err) == (0, "")
    assert f"100 of {COUNT} messages are missing" in out


@pytest.mark.parametrize("place", [0, 3], ids=["opcode", "length"])
def test_with_an_index_what_parts_the_records_is_not_needed(bag, capsys, place):
    damage(bag, chunks(bag)[4][0] + place)
    code, out, _ = told(bag, capsys)
    assert (code, out.count("missing")) == (0, 0)


def test_a_damaged_midst_costs_its_chunk_alone_and_is_told_with_its_time(bag, capsys):
    begin, length = chunks(bag)[4]
    damage(bag, begin + length - 20)
    code, _, err = told(bag, capsys)
    assert code == 1
    assert f"100 of {COUNT} messages are missing (10 %): /joint_states 100" in err
    assert "holes from 4.00 to 4.99 s" in err
    assert f"damaged at {begin} bytes" in err


def test_a_damaged_midst_without_an_index_is_told_by_what_was_flushed(bag, capsys):
    begin, length = chunks(bag)[4]
    damage(bag, begin + length - 20)
    cut(bag, 0.95)
    code, _, err = told(bag, capsys)
    assert code == 1
    assert "holes from 4.00 to 4.99 s" in err


def test_two_damaged_places_are_two_holes(bag, capsys):
    damage(bag, *(begin + length - 20 for begin, length in (chunks(bag)[2], chunks(bag)[6])))
    assert "holes from 2.00 to 2.99 s, 6.00 to 6.99 s" in told(bag, capsys)[2]


def test_a_damaged_summary_is_not_believed(bag, capsys):
    data = (bag / "arm_0.mcap").read_bytes()
    damage(bag, data.rindex(b"float64[] position") + 9)
    code, out, err = told(bag, capsys)
    assert (code, err) == (0, "")
    assert f"{COUNT} messages" in out


def test_where_nothing_tells_how_much_there_was_that_is_said(bag, capsys):
    cut(bag, 0.5)
    (bag / "metadata.yaml").unlink()
    code, _, err = told(bag, capsys)
    assert code == 1
    assert "how much is missing is unknown without its metadata.yaml" in err


def test_metadata_of_another_file_promise_nothing(bag, capsys):
    cut(bag, 0.5)
    (bag / "arm_0.mcap").rename(bag / "other.mcap")
    code, _, err = told(bag / "other.mcap", capsys)
    assert code == 1
    assert "is unknown" in err


def test_without_metadata_a_whole_file_is_reported(bag, capsys):
    (bag / "metadata.yaml").unlink()
    assert told(bag, capsys)[0] == 0


def test_programs_are_told_too(bag, capsys):
    cut(bag, 0.3)
    code, out, _ = told(bag, capsys, "--json")
    assert code == 1
    assert "messages are missing" in json.loads(out)["lost"]


def test_metadata_that_name_a_file_which_is_gone_are_an_error_with_its_name(bag, capsys):
    (bag / "arm_0.mcap").rename(bag / "other.mcap")
    code, _, err = told(bag, capsys)
    assert (code, "names arm_0.mcap, which is missing" in err) == (1, True)


@pytest.mark.parametrize(
    ("length", "why"), [(0, "holds no message, 1000 by its metadata"), (5, "is not an MCAP file")]
)
def test_a_file_without_its_content_is_an_error(bag, capsys, length, why):
    file = bag / "arm_0.mcap"
    file.write_bytes(file.read_bytes()[:length])
    code, _, err = told(bag, capsys)
    assert code == 1
    assert why in err


def test_a_file_cut_off_in_its_header_is_an_error(bag, capsys):
    file = bag / "arm_0.mcap"
    file.write_bytes(file.read_bytes()[:20])
    code, _, err = told(bag, capsys)
    assert code == 1
    assert "holds no message, 1000 by its metadata.yaml; its file is damaged at" in err


def test_what_a_recovery_could_not_read_counts_as_lost(bag):
    begin, length = chunks(bag)[4]
    damage(bag, begin + length - 20)
    finish_bag(bag)
    assert read_notes(bag).dropped == {"/joint_states": 100}
    assert "100 messages of /joint_states were lost while recording." in write_report(bag).notes


# Files of others


def foreign(
    path, messages=5, *, encoding="json", schema="jsonschema", name="pose", text=b"{}", topic="/joint_states"
):
    with path.open("wb") as file:
        writer = Writer(file, compression=CompressionType.NONE)
        writer.start(profile="", library="somebody")
        channel = writer.register_channel(
            topic, encoding, writer.register_schema(name, schema, text) if schema else 0
        )
        for index in range(messages):
            time = START + index * 10_000_000
            writer.add_message(channel, log_time=time, data=b'{"x": 1}', publish_time=time)
        writer.finish()
    return path


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, "json"),
        ({"encoding": "ros1", "schema": "ros1msg", "name": "sensor_msgs/JointState"}, "ros1"),
        ({"encoding": "protobuf", "schema": "protobuf"}, "protobuf"),
        ({"encoding": "cdr", "schema": "ros2idl"}, "cdr by ros2idl"),
        ({"encoding": "json", "schema": ""}, "json"),
        ({"encoding": "", "schema": ""}, "of no encoding"),
    ],
)
def test_an_mcap_file_without_messages_of_ros_2_is_an_error_that_says_what_it_holds(
    tmp_path, capsys, options, kind
):
    code, _, err = told(foreign(tmp_path / "theirs.mcap", **options), capsys)
    assert code == 1
    assert f"holds no message of ROS 2 (cdr by ros2msg) but {kind}" in err


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sensor_msgs/msg/JointState", b"float64[] position\n"),
        ("sensor_msgs/msg/JointState", b"\xff\xfe no definition ("),
        ("std_msgs/msg/Bool", b"bool data\n"),
    ],
)
def test_messages_that_are_not_what_their_topic_says_are_left_out(tmp_path, capsys, name, text):
    file = foreign(tmp_path / "odd.mcap", encoding="cdr", schema="ros2msg", name=name, text=text)
    code, _, err = told(file, capsys)
    assert code == 1
    assert "nothing to report" in err


def test_an_unknown_compression_is_an_error_with_its_name(bag, capsys):
    file = bag / "arm_0.mcap"
    file.write_bytes(file.read_bytes().replace(b"\x04\x00\x00\x00zstd", b"\x04\x00\x00\x00zpaq"))
    code, _, err = told(bag, capsys)
    assert code == 1
    assert "is compressed by 'zpaq'; none, zstd and lz4 can be read" in err


@pytest.mark.parametrize("seed", range(20))
def test_no_damage_ends_in_a_traceback_or_goes_unsaid(bag, capsys, seed):
    size = (bag / "arm_0.mcap").stat().st_size
    places = [(seed * 7919 + step * 104_729) % size for step in range(8)]
    damage(bag, *places)
    code, out, err = told(bag, capsys)
    read = int(out.split(" messages")[0].split()[-1]) if out else 0
    assert read == COUNT or code == 1, err


def test_a_bag_of_two_files_is_an_error(bag):
    (bag / "arm_1.mcap").write_bytes(b"")
    with pytest.raises(RecordingError, match=r"holds 2 \.mcap files"):
        write_report(bag)


def test_a_hole_is_grave_though_nobody_knows_how_many_messages_it_holds():
    assert Losses(promised=None, holes=((1.0, 2.0),), damaged_at=100).is_grave
